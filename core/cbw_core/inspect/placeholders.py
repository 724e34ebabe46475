"""Where a prefix stands in files: in which, how often, at which bytes."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass

_MOST = 10_000  # places told of one file


@dataclass(frozen=True)
class Occurrence:
    """offset: of its first byte. line, column: from 1, in text. text: what stands there, up to the end of the path.
    room: in a binary, bytes from there to the NUL that ends the string: a longer prefix has no more."""

    offset: int
    text: str
    line: int | None = None
    column: int | None = None
    room: int | None = None


@dataclass(frozen=True)
class PrefixFile:
    """A file that holds a prefix. kind: "text" or "binary". told: what the package says of it ("" where it does not
    say, and an installer leaves it as it is). more: places beyond those in `places`."""

    path: str
    placeholder: str
    kind: str
    places: tuple[Occurrence, ...]
    told: str = ""
    more: int = 0


def find(path: str, disk: str, placeholder: str, *, told: str = "") -> PrefixFile | None:
    """None for a file without it. Raises OSError."""
    if not placeholder:
        return None
    with open(disk, "rb") as stream:  # noqa: PTH123
        if not os.fstat(stream.fileno()).st_size:
            return None
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            wanted = os.fsencode(placeholder)
            at = data.find(wanted)
            if at < 0:
                return None
            kind = "binary" if data.find(b"\0") >= 0 else "text"
            places: list[Occurrence] = []
            more, line, seen = 0, 1, 0
            while at >= 0:
                if len(places) >= _MOST:
                    more += 1
                elif kind == "text":
                    line += data[seen:at].count(b"\n")
                    seen = at
                    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
                    places.append(Occurrence(at, _text(data, at, b" \t\n\"':;,)("), line, column))
                else:
                    places.append(Occurrence(at, _text(data, at, b"\0"), room=_end(data, at) - at))
                at = data.find(wanted, at + len(wanted))
            return PrefixFile(path, placeholder, kind, tuple(places), told, more)


def _end(data: mmap.mmap, at: int) -> int:
    end = data.find(b"\0", at)
    return len(data) if end < 0 else end


def _text(data: mmap.mmap, at: int, stops: bytes) -> str:
    found = data[at : at + 4096]
    end = min((i for i in (found.find(bytes([stop])) for stop in stops) if i >= 0), default=len(found))
    return found[:end].decode("utf-8", "replace")
