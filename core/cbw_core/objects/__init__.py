"""Programs and libraries of any system read into one model: `read_files(paths) -> [ReadFile]`, `looks_like(path)`.

lief does the reading, in a child process that a broken file may crash or keep busy (`reading.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily
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

__getattr__ = lazily(
    __name__,
    {
        "elf": ("newest_glibc",),
        "magic": ("format_of", "looks_like"),
        "reading": ("read_files",),
    },
)
