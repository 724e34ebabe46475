"""PE (Windows) through lief."""

from __future__ import annotations

import os
from typing import Any

from cbw_core.objects.model import Binary, Details, Kind, Needed, Section

_ARCHES = {"AMD64": "x86_64", "I386": "i386", "ARM64": "arm64", "ARM": "arm", "ARMNT": "arm", "IA64": "ia64"}
_HARDENING = (
    ("DYNAMIC_BASE", "ASLR"), ("HIGH_ENTROPY_VA", "high entropy ASLR"), ("NX_COMPAT", "NX"), ("GUARD_CF", "CFG"),
)  # fmt: skip


def read(path: str, *, details: bool) -> tuple[Binary, ...]:
    """Raises ValueError for what is no PE file that can be read."""
    import lief

    config = lief.PE.ParserConfig()
    config.parse_signature = config.parse_rsrc = config.parse_reloc = config.parse_exceptions = False
    parsed = lief.PE.parse(path, config)
    if parsed is None:
        raise ValueError("it starts like a program for Windows or DOS, but has no PE header that makes sense")
    _check(parsed, os.stat(path).st_size)  # noqa: PTH116 (links are followed, as when it was opened)
    return (_binary(parsed, details),)


def _check(parsed: Any, size: int) -> None:
    """lief reads what it can of a damaged file, and says nothing. Raises ValueError where that cannot be the truth."""
    machine = _word(parsed.header.machine)
    if not machine or machine == "UNKNOWN" or machine.isdigit():
        raise ValueError("its header names no machine that there is")
    if parsed.header.numberof_sections != len(parsed.sections):
        raise ValueError("its section headers make no sense")
    end = max((s.pointerto_raw_data + s.sizeof_raw_data for s in parsed.sections if s.sizeof_raw_data), default=0)
    if end > size:
        raise ValueError(f"it is cut off: its sections end at byte {end}, the file at {size}")


def _binary(parsed: Any, details: bool) -> Binary:
    needed = [Needed(str(one.name)) for one in parsed.imports]
    needed += [Needed(str(one.name), "delay") for one in parsed.delay_imports]
    export = parsed.get_export()
    flags = {_word(flag) for flag in parsed.header.characteristics_list}
    kind: Kind = "library" if "DLL" in flags else "program"
    return Binary(
        format="PE",
        kind=kind,
        arch=_ARCHES.get(_word(parsed.header.machine), _word(parsed.header.machine).lower()),
        soname=str(export.name) if export is not None else "",
        needed=tuple(needed),
        details=_details(parsed, export, flags) if details else None,
    )


def _word(value: Any) -> str:
    return str(getattr(value, "name", value)).rpartition(".")[2]


def _details(parsed: Any, export: Any, flags: set[str]) -> Details:
    optional = parsed.optional_header
    chosen = {_word(flag) for flag in optional.dll_characteristics_lists}
    imports = {f"{one.name}!{_entry(e)}" for one in parsed.imports for e in one.entries}
    version = f"{optional.major_subsystem_version}.{optional.minor_subsystem_version}"
    return Details(
        min_os=f"Windows {version}",
        sdk=f"linker {optional.major_linker_version}.{optional.minor_linker_version}",
        stripped="DEBUG_STRIPPED" in flags or not parsed.has_debug,
        hardening={shown: "yes" if flag in chosen else "no" for flag, shown in _HARDENING},
        sections=tuple(_section(s) for s in parsed.sections),
        exports=tuple(sorted(_entry(e) for e in export.entries)) if export is not None else (),
        imports=tuple(sorted(imports)),
    )


def _entry(entry: Any) -> str:
    name = str(entry.name)
    return name or f"#{entry.ordinal}"


def _section(section: Any) -> Section:
    import hashlib

    content = bytes(section.content)
    return Section(str(section.name), int(section.size), hashlib.sha256(content).hexdigest() if content else "")
