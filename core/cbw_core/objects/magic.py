"""Which files are programs or libraries at all: told by their first bytes, whatever their names say."""

from __future__ import annotations

import os
import stat

_ELF = b"\x7fELF"
_THIN = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
_MOST_SLICES = 30  # a Java class file has the magic of a fat Mach-O, and its version (45 and more) in the same place
HEAD = 64


def format_of(head: bytes) -> str:
    """ "ELF", "Mach-O", "PE" or "" from the first HEAD bytes of a file. "MZ" alone counts as PE: old DOS programs have
    it too, and reading tells them apart."""
    if head[:4] == _ELF:
        return "ELF"
    if head[:4] in _THIN or (head[:4] in _FAT and 0 < int.from_bytes(head[4:8], "big") <= _MOST_SLICES):
        return "Mach-O"
    return "PE" if head[:2] == b"MZ" and len(head) == HEAD else ""


def looks_like(path: str) -> str:
    """As `format_of`, of a regular file; "" for what is none. Links are not followed. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        head = os.read(descriptor, HEAD)
        return format_of(head) if head[:1] in b"\x7f\xfe\xce\xcf\xcaM" and _regular(descriptor) else ""
    finally:
        os.close(descriptor)


def _regular(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
