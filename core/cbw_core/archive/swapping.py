"""One text for another of the same length, in bytes that stream by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def swapped(chunks: Iterable[bytes], old: bytes, new: bytes) -> Iterator[bytes]:
    """The bytes of `chunks` with each `old` replaced by `new`, also where it lies across two chunks.

    The same as `b"".join(chunks).replace(old, new)`, in pieces. Raises ValueError where the lengths differ.
    """
    if len(old) != len(new):
        raise ValueError(f"{len(old)} bytes cannot be replaced by {len(new)} in place")
    held = b""
    for chunk in chunks:
        data = held + chunk if held else chunk
        done = 0
        parts: list[bytes] = []
        while (at := data.find(old, done)) >= 0:
            parts += (data[done:at], new)
            done = at + len(old)
        rest = max(done, len(data) - len(old) + 1)
        parts.append(data[done:rest])
        held = data[rest:]
        yield b"".join(parts)
    yield held
