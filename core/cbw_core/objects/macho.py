"""Mach-O through lief: thin files, and every slice of fat ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbw_core.objects.model import Binary, Details, Kind, Link, Needed, Section

_ARCHES = {"X86_64": "x86_64", "X86": "i386", "ARM64": "arm64", "ARM": "arm", "POWERPC": "ppc", "POWERPC64": "ppc64"}
_ARM64E = 2
_LINKS: dict[str, Link] = {
    "LOAD_DYLIB": "", "LOAD_WEAK_DYLIB": "weak", "REEXPORT_DYLIB": "reexport", "LOAD_UPWARD_DYLIB": "upward",
    "LAZY_LOAD_DYLIB": "lazy",
}  # fmt: skip
_KINDS: dict[str, Kind] = {
    "EXECUTE": "program", "DYLIB": "library", "BUNDLE": "library", "DYLINKER": "library", "OBJECT": "object",
}  # fmt: skip
_SYSTEMS = {"MACOS": "macOS", "IOS": "iOS", "VERSION_MIN_MACOSX": "macOS", "VERSION_MIN_IPHONEOS": "iOS"}


def read(path: str, *, details: bool) -> tuple[Binary, ...]:
    """A Binary a slice, in the order of the file. Raises ValueError for what cannot be read."""
    import lief

    config = lief.MachO.ParserConfig.deep if details else lief.MachO.ParserConfig.quick
    parsed = lief.MachO.parse(path, config)
    if parsed is None or not len(parsed):
        raise ValueError("it starts like a Mach-O file, but its headers make no sense")
    with open(path, "rb") as stream:  # noqa: PTH123
        _check(parsed, stream.read(8), stream.seek(0, 2))
    return tuple(_binary(one, details) for one in parsed)


def _check(parsed: Any, head: bytes, size: int) -> None:
    """lief reads what it can of a damaged file, and says nothing. Raises ValueError where that cannot be the truth."""
    fat = int.from_bytes(head[4:8], "big") if head[:3] == b"\xca\xfe\xba" else 1
    if fat != len(parsed):
        raise ValueError(f"{len(parsed)} of its {fat} slices can be read")
    for one in parsed:
        for what, value in (("cpu", one.header.cpu_type), ("type", one.header.file_type)):
            if not _word(value) or _word(value) in ("ANY", "UNKNOWN") or _word(value).isdigit():
                raise ValueError(f"its header names no {what} that there is")
        if one.header.nb_cmds != len(one.commands):
            raise ValueError("its load commands make no sense")
        end = max((s.file_offset + s.file_size for s in one.segments), default=0) + one.fat_offset
        if end > size:
            raise ValueError(f"it is cut off: its segments end at byte {end}, the file at {size}")


def _binary(parsed: Any, details: bool) -> Binary:
    needed: list[Needed] = []
    rpath: list[str] = []
    soname = interpreter = ""
    for command in parsed.commands:
        word = _word(command.command)
        if word in _LINKS and hasattr(command, "name"):
            needed.append(Needed(str(command.name), _LINKS[word]))
        elif word == "ID_DYLIB" and hasattr(command, "name"):
            soname = str(command.name)
        elif word == "RPATH" and hasattr(command, "path"):
            rpath.append(str(command.path))
        elif word == "LOAD_DYLINKER" and hasattr(command, "name"):
            interpreter = str(command.name)
    return Binary(
        format="Mach-O",
        kind=_KINDS.get(_word(parsed.header.file_type), "other"),
        arch=_arch(parsed.header),
        soname=soname,
        needed=tuple(needed),
        rpath=tuple(rpath),
        interpreter=interpreter,
        details=_details(parsed) if details else None,
    )


def _word(value: Any) -> str:
    return str(value).rpartition(".")[2]


def _arch(header: Any) -> str:
    name = _word(header.cpu_type)
    if name == "ARM64" and header.cpu_subtype & 0xFFFFFF == _ARM64E:
        return "arm64e"
    return _ARCHES.get(name, name.lower())


def _version(parts: Sequence[int]) -> str:
    """[11, 0, 0] is 11.0."""
    numbers = list(parts)
    while len(numbers) > 2 and numbers[-1] == 0:
        numbers.pop()
    return ".".join(str(number) for number in numbers)


def _details(parsed: Any) -> Details:
    min_os, sdk = _system(parsed)
    file_type = _word(parsed.header.file_type)
    hardening = {"NX": "yes" if parsed.has_nx_stack else "no"}
    if file_type == "EXECUTE":
        hardening = {"PIE": "yes" if parsed.is_pie else "no", **hardening}
    hardening["signed"] = "yes" if parsed.has_code_signature else "no"
    uuid = bytes(parsed.uuid.uuid).hex() if parsed.has_uuid else ""
    symbols = [(str(s.name), int(s.type) if hasattr(s, "type") else 0) for s in parsed.symbols]
    exports = tuple(sorted({str(s.name) for s in parsed.exported_symbols}))
    imports = tuple(sorted({str(s.name) for s in parsed.imported_symbols}))
    known = {*exports, *imports}
    return Details(
        min_os=min_os,
        sdk=sdk,
        build_id=uuid,
        stripped=all(name in known or not name for name, _ in symbols),
        hardening=hardening,
        sections=tuple(_section(s) for s in parsed.sections),
        exports=exports,
        imports=imports,
    )


def _system(parsed: Any) -> tuple[str, str]:
    if (build := parsed.build_version) is not None:
        name = _word(build.platform)
        return f"{_SYSTEMS.get(name, name)} {_version(build.minos)}", _version(build.sdk)
    if (least := parsed.version_min) is not None:
        name = _word(least.command)
        return f"{_SYSTEMS.get(name, name)} {_version(least.version)}", _version(least.sdk)
    return "", ""


def _section(section: Any) -> Section:
    import hashlib

    content = bytes(section.content)
    name = f"{section.segment_name},{section.name}"
    return Section(name, int(section.size), hashlib.sha256(content).hexdigest() if content else "")
