"""Output as it comes, in lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_LONGEST_LINE = 65536  # bytes; a longer line is given in pieces
_TAIL = 40


class Lines:
    """Bytes in, lines out."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self._on_line = on_line
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *whole, rest = (self._rest + chunk).split(b"\n") if b"\n" in chunk else (self._rest + chunk,)
        for line in whole:
            self._emit(line)
        if (last := rest.rfind(b"\r", 0, len(rest) - 1)) >= 0:  # what was before it is written over
            rest = rest[last + 1 :]
        while len(rest) > _LONGEST_LINE:
            cut = _LONGEST_LINE
            while rest[cut] & 0xC0 == 0x80 and cut > _LONGEST_LINE - 4:  # not inside a character
                cut -= 1
            self._emit(rest[:cut])
            rest = rest[cut:]
        self._rest = rest

    def close(self) -> None:
        if self._rest:
            self._emit(self._rest)
            self._rest = b""

    def _emit(self, line: bytes) -> None:
        text = line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        self.tail.append(text)
        if self._on_line is not None:
            self._on_line(text)
