"""Programs and libraries of any system read into one model: `read_files(paths) -> [ReadFile]`, `looks_like(path)`.

lief does the reading, in a child process that a broken file may crash or keep busy (`reading.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbw_core.objects.model import Binary, Details, Failure, Needed, ReadFile, Section

if TYPE_CHECKING:
    from cbw_core.objects.elf import newest_glibc
    from cbw_core.objects.magic import format_of, looks_like
    from cbw_core.objects.reading import read_files

__all__ = [
    "Binary",
    "Details",
    "Failure",
    "Needed",
    "ReadFile",
    "Section",
    "format_of",
    "looks_like",
    "newest_glibc",
    "read_files",
]

_HOME = {"format_of": "magic", "looks_like": "magic", "newest_glibc": "elf", "read_files": "reading"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
