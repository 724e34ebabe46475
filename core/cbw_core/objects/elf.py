"""ELF through lief."""

from __future__ import annotations

import os
import re
from typing import Any

from cbw_core.objects.model import Binary, Details, Kind, Needed, Section

_ARCHES = {
    "X86_64": "x86_64", "I386": "i386", "AARCH64": "aarch64", "ARM": "arm", "PPC64": "ppc64", "PPC": "ppc",
    "S390": "s390x", "RISCV": "riscv", "IA_64": "ia64", "SPARCV9": "sparc64", "MIPS": "mips", "LOONGARCH": "loongarch",
}  # fmt: skip
_GLIBC = re.compile(r"GLIBC_(\d+(?:\.\d+)+)")
_PARTS = ("relocations", "dyn_symbols", "symtab_symbols", "symbol_versions", "notes", "overlay")


def read(path: str, *, details: bool) -> tuple[Binary, ...]:
    """Raises ValueError for what is no ELF file that can be read."""
    import lief

    config = lief.ELF.ParserConfig()
    for part in _PARTS:
        setattr(config, f"parse_{part}", details if part != "symbol_versions" else True)
    config.parse_relocations = config.parse_overlay = False
    parsed = lief.ELF.parse(path, config)
    if parsed is None:
        raise ValueError("it starts like an ELF file, but its headers make no sense")
    _check(parsed, os.stat(path).st_size)  # noqa: PTH116 (links are followed, as when it was opened)
    return (_binary(parsed, details),)


def _check(parsed: Any, size: int) -> None:
    """lief reads what it can of a damaged file, and says nothing. Raises ValueError where that cannot be the truth."""
    header = parsed.header
    odd = [
        what
        for what, value in (
            ("class", header.identity_class),
            ("byte order", header.identity_data),
            ("type", header.file_type),
            ("machine", header.machine_type),
        )
        if not _word(value) or _word(value) == "NONE" or _word(value).isdigit()
    ]
    if odd:
        raise ValueError(f"its header names no {' and no '.join(odd)} that there is")
    table = header.program_header_offset + header.numberof_segments * header.program_header_size
    if table > size:
        raise ValueError(f"it is cut off: its program headers end at byte {table}, the file at {size}")
    if header.numberof_segments != len(parsed.segments):
        raise ValueError("its program headers make no sense")
    if any(section.name == ".dynamic" and _word(section.type) == "NOBITS" for section in parsed.sections):
        return  # debug information alone: the segments are those of the file it was taken from
    end = max((s.file_offset + s.physical_size for s in parsed.segments if s.physical_size), default=0)
    if end > size:
        raise ValueError(f"it is cut off: its segments end at byte {end}, the file at {size}")


def _word(value: Any) -> str:
    return str(getattr(value, "name", value)).rpartition(".")[2]


def _binary(parsed: Any, details: bool) -> Binary:
    import lief

    names: list[str] = []
    rpath: list[str] = []
    runpath: list[str] = []
    soname = ""
    flags = {"now": False, "pie": False, "nodefault": False, "dynamic": False}
    for entry in parsed.dynamic_entries:
        flags["dynamic"] = True
        if isinstance(entry, lief.ELF.DynamicEntryLibrary):
            names.append(str(entry.name))
        elif isinstance(entry, lief.ELF.DynamicSharedObject):
            soname = str(entry.name)
        elif isinstance(entry, lief.ELF.DynamicEntryRunPath):
            runpath += str(entry.runpath).split(":")
        elif isinstance(entry, lief.ELF.DynamicEntryRpath):
            rpath += str(entry.rpath).split(":")
        elif isinstance(entry, lief.ELF.DynamicEntryFlags):
            _flags(entry, flags)
        elif entry.tag == lief.ELF.DynamicEntry.TAG.BIND_NOW:
            flags["now"] = True
    required = parsed.symbols_version_requirement
    versions = {str(r.name): tuple(sorted(str(a.name) for a in r.get_auxiliary_symbols())) for r in required}
    interpreter = str(parsed.interpreter) if parsed.has_interpreter else ""
    return Binary(
        format="ELF",
        kind=_kind(parsed, interpreter, flags),
        arch=arch_of(parsed.header),
        soname=soname,
        needed=tuple(Needed(name, "", versions.get(name, ())) for name in names),
        rpath=tuple(rpath),
        runpath=tuple(runpath),
        interpreter=interpreter,
        defines=_defined(parsed),
        default_folders=not flags["nodefault"],
        details=_details(parsed, versions, flags) if details else None,
    )


def arch_of(header: Any) -> str:
    """The architecture that an ELF header names."""
    name = str(header.machine_type).rpartition(".")[2]
    arch = _ARCHES.get(name, name.lower())
    little = str(header.identity_data).endswith("LSB")
    wide = str(header.identity_class).endswith("64")
    if arch == "ppc64" and little:
        return "ppc64le"
    if arch in ("riscv", "mips", "loongarch"):
        return f"{arch}{64 if wide else 32}"
    return "x32" if arch == "x86_64" and not wide else arch


def _flags(entry: Any, flags: dict[str, bool]) -> None:
    for flag in entry.flags:
        name = str(flag).rpartition(".")[2]
        flags["now"] |= name in ("BIND_NOW", "NOW")
        flags["pie"] |= name == "PIE"
        flags["nodefault"] |= name == "NODEFLIB"


def _kind(parsed: Any, interpreter: str, flags: dict[str, bool]) -> Kind:
    file_type = str(parsed.header.file_type).rpartition(".")[2]
    if file_type == "EXEC" or (file_type == "DYN" and (interpreter or flags["pie"])):
        return "program"
    if file_type == "DYN":
        return "library"
    return "object" if file_type == "REL" else "other"


def _defined(parsed: Any) -> tuple[str, ...]:
    """Versions that the library defines; the first is its own name."""
    found = []
    for definition in parsed.symbols_version_definition:
        names = [str(one.name) for one in definition.auxiliary_symbols]
        if names and not definition.flags & 1:  # VER_FLG_BASE
            found.append(names[0])
    return tuple(sorted(set(found)))


def newest_glibc(versions: Any) -> str:
    """The newest of GLIBC_x.y among symbol versions: "2.34"; "" for none."""
    found = [m[1] for names in versions for name in names if (m := _GLIBC.fullmatch(name))]
    return max(found, key=lambda text: [int(part) for part in text.split(".")], default="")


def _details(parsed: Any, versions: dict[str, tuple[str, ...]], flags: dict[str, bool]) -> Details:

    glibc = newest_glibc(versions.values())
    symbols = list(parsed.dynamic_symbols)
    return Details(
        min_os=f"glibc {glibc}" if glibc else "",
        build_id=_build_id(parsed),
        stripped=not any(str(section.name) == ".symtab" for section in parsed.sections),
        hardening=_hardening(parsed, flags) if str(parsed.header.file_type).rpartition(".")[2] != "REL" else {},
        sections=tuple(_section(s) for s in parsed.sections if s.name),
        exports=tuple(sorted({_named(s) for s in symbols if _is_export(s)})),
        imports=tuple(sorted({_named(s) for s in symbols if s.name and _undefined(s)})),
    )


def _undefined(symbol: Any) -> bool:
    return int(symbol.shndx) == 0


def _is_export(symbol: Any) -> bool:
    binding = str(symbol.binding).rpartition(".")[2]
    hidden = str(symbol.visibility).rpartition(".")[2] in ("HIDDEN", "INTERNAL")
    return bool(symbol.name) and not _undefined(symbol) and binding != "LOCAL" and not hidden


def _named(symbol: Any) -> str:
    return str(symbol.name)


def _build_id(parsed: Any) -> str:
    for note in parsed.notes:
        if note.name == "GNU" and str(note.type).endswith("BUILD_ID"):
            return bytes(note.description).hex()
    return ""


def _section(section: Any) -> Section:
    import hashlib

    content = bytes(section.content)
    return Section(str(section.name), int(section.size), hashlib.sha256(content).hexdigest() if content else "")


def _hardening(parsed: Any, flags: dict[str, bool]) -> dict[str, str]:
    types = {str(segment.type).rpartition(".")[2]: segment for segment in parsed.segments}
    relro = next((name for name in types if name.endswith("RELRO")), "")
    found = {"RELRO": ("yes" if flags["now"] else "partial") if relro else "no"}
    found["BIND_NOW"] = "yes" if flags["now"] else "no"
    found["NX"] = "yes" if parsed.has_nx else "no"
    if parsed.header.entrypoint and (parsed.has_interpreter or flags["pie"] or not flags["dynamic"]):
        found = {"PIE": "yes" if str(parsed.header.file_type).endswith("DYN") else "no", **found}
    return found
