"""The packages `python` and `python_abi`, from the interpreter's own prefix."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Container, Iterator
from pathlib import Path

from cbw_core.env.host import debian
from cbw_core.env.host.bytecode import compile_folder
from cbw_core.env.host.elf import is_elf, needed, relocate
from cbw_core.env.host.interpreter import Interpreter
from cbw_core.env.host.stage import PLACEHOLDER, File, HostPackage
from cbw_core.errors import EnvironmentFailure
from cbw_core.process import Cancel

# Folders of the standard library that a build does not use, or that are not the interpreter's own.
_LEFT_OUT = {
    "__pycache__", "dist-packages", "ensurepip", "idle_test", "idlelib", "site-packages", "test", "tests", "turtledemo",
}  # fmt: skip
_TEST_MODULES = re.compile(r"(_test|_xxtest|xxlimited|xxsubtype|_ctypes_test).*\.so$")
# The files that hold the prefix as text and are used in builds; others (comments, docstrings) stay as they are.
_PREFIXED = re.compile(
    r"bin/[^/]+|lib/pkgconfig/[^/]+\.pc|lib/python[^/]+/(_sysconfigdata[^/]*\.py|config-[^/]+/[^/]+)"
)
_DESCRIPTION = (
    "A copy of the interpreter at {prefix}: its libraries outside of that folder (libssl, libffi, libsqlite3, ...) are "
    "the machine's own. Left out: the test suite, ensurepip, idlelib, turtledemo and static libraries."
)


def python_packages(
    interpreter: Interpreter, folder: Path, *, glibc: str, subdir: str, cancel: Cancel | None = None
) -> Iterator[HostPackage]:
    """`python` and `python_abi`. Files are put together in `folder`, which must stay until the packages are written."""
    _copy(interpreter, folder)
    if interpreter.scheme == debian.SCHEME:
        debian.adapt(interpreter, folder)
    _relocate(interpreter, folder)
    if cancel is not None:
        cancel.check()
    if interpreter.scheme != debian.SCHEME:
        _replace_prefix(interpreter, folder)
    compile_folder(interpreter, folder / interpreter.lib, cancel=cancel)
    yield HostPackage(
        name="python",
        version=interpreter.version,
        build="0_cpython",
        subdir=subdir,
        summary=f"CPython {interpreter.version} of this machine",
        description=_DESCRIPTION.format(prefix=interpreter.prefix)
        + (" Made to use site-packages instead of dist-packages." if interpreter.scheme == debian.SCHEME else ""),
        made_from=(str(interpreter.prefix), interpreter.full_version.replace("\n", " ")),
        license="PSF-2.0",
        depends=(f"__glibc >={glibc}", "__unix"),
        constrains=(interpreter.abi,),
        # conda-forge's python exports the same
        run_exports={"noarch": ("python",), "weak": (interpreter.abi,)},
        files=tuple(_files(folder)),
        site_packages=interpreter.site_packages,
    )
    yield HostPackage(
        name="python_abi",
        version=interpreter.short,
        build=f"0_cp{interpreter.tag}",
        subdir="noarch",
        noarch="generic",
        summary=f"Names the ABI of CPython {interpreter.short}",
        made_from=(str(interpreter.prefix),),
        license="BSD-3-Clause",
        constrains=(f"python {interpreter.short}.* *_cpython",),
    )


def _copy(interpreter: Interpreter, folder: Path) -> None:
    prefix, short = interpreter.prefix, interpreter.short
    for top in (interpreter.lib, f"include/python{short}"):
        if not (prefix / top).is_dir():
            raise EnvironmentFailure(
                f"{prefix / top} is missing, so no host channel can be made from {interpreter.executable}",
                kind="host-channel",
                hint="Install the development files of this Python (headers), or use another Python.",
            )
        for root, dirs, names in os.walk(prefix / top):
            dirs[:] = sorted(d for d in dirs if d not in _LEFT_OUT)
            for name in names:
                if not (name.endswith((".pyc", ".pyo", ".a")) or _TEST_MODULES.match(name)):
                    _copy_one(Path(root) / name, prefix, folder)
    programs = (f"python{short}", f"python{short}-config", "python3-config", f"pydoc{short}", "pydoc3", "pydoc")
    for name in programs:
        _copy_one(prefix / "bin" / name, prefix, folder, linkable=programs)
    for name, target in (("python3", f"python{short}"), ("python", "python3"), ("python-config", "python3-config")):
        (folder / "bin" / name).unlink(missing_ok=True)
        (folder / "bin" / name).symlink_to(target)
    for pattern in ("libpython*.so*", "pkgconfig/python*.pc"):
        for path in sorted((prefix / "lib").glob(pattern)):
            _copy_one(path, prefix, folder)
    readme = folder / interpreter.site_packages / "README.txt"
    readme.parent.mkdir(parents=True, exist_ok=True)
    readme.write_text("Packages are installed in this folder.\n")


def _copy_one(path: Path, prefix: Path, folder: Path, linkable: Container[str] | None = None) -> None:
    """Copy a file or link of the prefix. A link that leaves its folder, or `linkable`, becomes what it points to."""
    if not path.is_file():
        return
    target = folder / path.relative_to(prefix)
    target.parent.mkdir(parents=True, exist_ok=True)
    real = path.resolve()
    if path.is_symlink() and real.parent == path.parent.resolve() and (linkable is None or real.name in linkable):
        target.unlink(missing_ok=True)
        target.symlink_to(real.name)
    else:
        shutil.copy(path, target)


def _relocate(interpreter: Interpreter, folder: Path) -> None:
    """Make the ELF files independent of the prefix, with the libraries of the prefix that they need."""
    found = [path for path in _walk(folder) if not path.is_symlink() and is_elf(path)]
    queue, here = list(found), {path.name for path in (folder / "lib").iterdir()}
    while queue:
        for soname in needed(queue.pop()):
            library = interpreter.prefix / "lib" / soname
            if soname not in here and library.exists():
                here.add(soname)
                target = Path(shutil.copy(library.resolve(), folder / "lib" / soname))
                found.append(target)
                queue.append(target)
    for path in found:
        path.chmod(path.stat().st_mode | 0o200)
    relocate(sorted(found), folder)


def _replace_prefix(interpreter: Interpreter, folder: Path) -> None:
    """The prefix in the texts that builds read becomes the placeholder."""
    prefixes = {str(interpreter.prefix), interpreter.recorded_prefix}
    old = re.compile("|".join(rf"{re.escape(p)}(?![\w.-])" for p in sorted(prefixes, key=len, reverse=True)))
    for path in _walk(folder):
        relative = path.relative_to(folder).as_posix()
        if path.is_symlink() or not _PREFIXED.fullmatch(relative) or is_elf(path):
            continue
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        changed = old.sub(PLACEHOLDER, text)
        if changed != text:
            path.write_bytes(changed.encode("utf-8", "surrogateescape"))


def _files(folder: Path) -> Iterator[File]:
    marker = PLACEHOLDER.encode()
    for path in sorted(_walk(folder)):
        relative = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield File(relative, link=str(path.readlink()))
        else:
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            prefixed = bool(_PREFIXED.fullmatch(relative)) and marker in path.read_bytes()
            yield File(relative, path, mode, prefixed=prefixed)


def _walk(folder: Path) -> Iterator[Path]:
    for root, dirs, names in os.walk(folder):
        dirs.sort()
        yield from (Path(root) / name for name in sorted(names))
