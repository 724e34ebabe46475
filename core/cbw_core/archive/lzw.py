"""The old Unix `compress` (.Z): LZW with codes of 9 to 16 bits. No library of Python reads it."""

from __future__ import annotations

from typing import IO

_CLEAR = 256
_CHUNK = 1 << 16


class LzwStream:
    """Reads what `compress` wrote: `read(size)` gives up to `size` bytes, b"" at the end.

    Format (as compress 4.2 writes it): two magic bytes, one with the largest code size in its low five bits and 0x80
    for "block mode" (code 256 clears the table); codes are packed low bit first, in groups of eight of one size: at a
    change of the code size the rest of the group is padding.
    Raises EOFError for a stream that ends inside a code, OSError for one that makes no sense.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        head = raw.read(3)
        if len(head) < 3 or head[:2] != b"\x1f\x9d":
            raise OSError("not a compress (.Z) stream")
        self._largest = head[2] & 0x1F
        if not 9 <= self._largest <= 16:
            raise OSError(f"compress codes of {self._largest} bits are not known")
        self._blocks = bool(head[2] & 0x80)
        self._raw = raw
        self._bits = 9
        self._table: list[bytes] = []
        self._clear()
        self._previous: bytes | None = None
        self._ready = bytearray()
        self._ended = False

    def read(self, size: int) -> bytes:
        while len(self._ready) < size and not self._ended:
            self._decode_some(size - len(self._ready))
        data = bytes(self._ready[:size])
        del self._ready[:size]
        return data

    def _clear(self) -> None:
        self._table = [bytes((i,)) for i in range(256)] + ([b""] if self._blocks else [])

    def _decode_some(self, wanted: int) -> None:
        """Decode groups until `wanted` more bytes are ready or the stream ends."""
        until = len(self._ready) + wanted
        while len(self._ready) < until:
            group = self._raw.read(self._bits)  # eight codes of `bits` bits
            if not group:
                self._ended = True
                return
            number = int.from_bytes(group, "little")
            mask, bits = (1 << self._bits) - 1, self._bits
            for index in range(len(group) * 8 // bits):
                if self._take((number >> (index * bits)) & mask):
                    break

    def _take(self, code: int) -> bool:
        """Decode one code. True when the code size was set anew: what is left of the group is padding."""
        table = self._table
        if code == _CLEAR and self._blocks:
            self._clear()
            self._previous = None
            self._bits = 9
            return True
        if code < len(table):
            word = table[code]
        elif code == len(table) and self._previous is not None:
            word = self._previous + self._previous[:1]
        else:
            raise OSError("a code of the compress stream stands for nothing")
        self._ready += word
        before, self._previous = self._previous, word
        if before is not None and len(table) < 1 << self._largest:
            table.append(before + word[:1])
            if len(table) >= 1 << self._bits and self._bits < self._largest:
                self._bits += 1
                return True
        return False
