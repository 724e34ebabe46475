"""What a program or library says of itself to the loader, as plain data: one model for ELF, Mach-O and PE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Format = Literal["ELF", "Mach-O", "PE"]
Kind = Literal["program", "library", "object", "other"]
Link = Literal["", "weak", "reexport", "upward", "lazy", "delay"]


@dataclass(frozen=True)
class Needed:
    """A library that a binary asks for.

    name:     as it is written: "libz.so.1", "@rpath/libz.1.dylib", "KERNEL32.dll".
    link:     how: "" always loaded; "weak" may be missing, "reexport", "upward", "lazy" (Mach-O); "delay" at the first
              call (PE).
    versions: the versions of its symbols that are needed ("GLIBC_2.34"), sorted (ELF).
    """

    name: str
    link: Link = ""
    versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section; digest: sha256 of its bytes ("" where it has none in the file)."""

    name: str
    size: int
    digest: str = ""


@dataclass(frozen=True)
class Details:
    """What takes longer to read.

    min_os:    the oldest system it runs on ("macOS 11.0", "Windows 6.0"); for ELF the newest glibc it needs
               ("glibc 2.34"); "" where it does not say. sdk: what it was built with, where it says.
    build_id:  of ELF (hex), UUID of Mach-O; "" for none.
    exports:   names of the symbols it offers; imports: of those it needs from others. Both sorted.
    hardening: "PIE", "RELRO", "BIND_NOW", "NX", ... -> "yes", "no", "partial"; what does not apply is left out.
    """

    min_os: str = ""
    sdk: str = ""
    build_id: str = ""
    stripped: bool = False
    hardening: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    exports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binary:
    """A program or library for one architecture: a file, or one slice of a fat Mach-O.

    arch:     "x86_64", "i386", "aarch64" (ELF), "arm64" (Mach-O, PE), "ppc64le", "s390x", "arm", "riscv64", ...
    soname:   DT_SONAME; the install name of a dylib; the name in a DLL's export table. "" for none.
    needed:   in the order of the file.
    rpath:    DT_RPATH, or LC_RPATH; runpath: DT_RUNPATH. Entries in order, also empty ones (the current folder).
    interpreter: the loader that a program asks for.
    defines:  versions of symbols that it defines (ELF).
    default_folders: whether the loader looks in the system's own folders for it (not with -z nodefaultlib).
    """

    format: Format
    kind: Kind
    arch: str
    soname: str = ""
    needed: tuple[Needed, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    interpreter: str = ""
    defines: tuple[str, ...] = ()
    default_folders: bool = True
    details: Details | None = None


@dataclass(frozen=True)
class Failure:
    """Why a file could not be read. kind: "broken" (makes no sense), "crash" (the reader died on it), "timeout",
    "too large", "unreadable" (the disk or its rights)."""

    path: str
    kind: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


@dataclass(frozen=True)
class ReadFile:
    """A file that was read: its binaries (several for a fat one), or why it could not be."""

    path: str
    binaries: tuple[Binary, ...] = ()
    failure: Failure | None = None


def to_json(read: ReadFile) -> dict[str, Any]:
    return asdict(read)


def from_json(data: Mapping[str, Any]) -> ReadFile:
    """What `to_json` gave. Raises KeyError or TypeError for anything else."""
    failure = data["failure"]
    return ReadFile(data["path"], tuple(_binary(b) for b in data["binaries"]), Failure(**failure) if failure else None)


def _binary(data: Mapping[str, Any]) -> Binary:
    values = _tuples(data)
    values["needed"] = tuple(Needed(n["name"], n["link"], tuple(n["versions"])) for n in data["needed"])
    if (details := data["details"]) is not None:
        more = _tuples(details)
        more["sections"] = tuple(Section(**section) for section in details["sections"])
        values["details"] = Details(**more)
    return Binary(**values)


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
