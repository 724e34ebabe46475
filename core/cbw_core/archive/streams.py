"""Compressed streams: told from their first bytes, read forward, counted."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from cbw_core.archive.guard import Limit, bomb, damaged

# first bytes -> what it is
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x1f\x9d", "compress"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"LZIP", "lzip"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"!<arch>\n", "ar"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"070701", "cpio"),
    (b"070702", "cpio"),
    (b"\x5d\x00\x00", "lzma"),
)
COMPRESSED = ("gzip", "compress", "bzip2", "xz", "zstd", "lzma", "lzip", "lz4")
_KEPT = 4096  # bytes behind us that may be read again: tarfile looks back by one


def kind_of(head: bytes) -> str:
    """What a file is, from its first 512 bytes: "zip", "tar", "gzip", ...; "empty" or "unknown"."""
    if not head:
        return "empty"
    if head[:4] in (b"\x50\x2a\x4d\x18", b"\x5e\x2a\x4d\x18"):  # a skippable frame before the first of zstd
        return "zstd"
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is None or found == "lzma":  # three bytes of lzma may also begin a tar
        return "tar" if _is_tar(head) else found or "unknown"
    return found


def _is_tar(head: bytes) -> bool:
    """Whether a tar header's checksum holds (POSIX ustar: the sum of its bytes with the checksum itself as spaces)."""
    if len(head) < 512:
        return False
    if head[:512].strip(b"\0") == b"":
        return True  # an archive without members
    try:
        told = int(head[148:156].split(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        return False
    unsigned = sum(head[:148]) + sum(head[156:512]) + 8 * 32
    signed = unsigned - 256 * sum(byte > 127 for byte in head[:148] + head[156:512])
    return told in (unsigned, signed)


def decompressed(raw: IO[bytes], kind: str, archive: Path) -> IO[bytes]:
    """The stream that `raw`, at its beginning, holds in compressed form. Raises for a form that is not supported."""
    if kind == "gzip":
        import gzip

        return cast(IO[bytes], gzip.GzipFile(fileobj=raw, mode="rb"))
    if kind == "bzip2":
        import bz2

        return bz2.BZ2File(raw)
    if kind in ("xz", "lzma"):
        import lzma

        return lzma.LZMAFile(raw)
    if kind == "zstd":
        import zstandard

        return cast(
            IO[bytes],
            # windows up to 2 GiB (--long=31), as the zstd program takes them when told to
            zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(raw, read_across_frames=True),
        )
    if kind == "compress":
        from cbw_core.archive.lzw import LzwStream

        return cast(IO[bytes], LzwStream(raw))
    raise damaged(archive, f"{kind} compression is not supported.")


def broken_stream_errors() -> tuple[type[Exception], ...]:
    """What the readers and decompressors raise for damaged data."""
    import lzma
    import tarfile
    import zipfile
    import zlib

    found: list[type[Exception]] = [EOFError, OSError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile]
    try:
        import zstandard

        found.append(zstandard.ZstdError)
    except ImportError:  # a broken installation; reading zstd itself tells so
        pass
    return tuple(found)


class Counter:
    """Bytes that come out of one archive, held against its limit. `report` is called with the member's name."""

    def __init__(self, archive: Path, limit: Limit, report: Callable[[str], None]) -> None:
        self._archive = archive
        self._limit = limit
        self._size = max(archive.stat().st_size, 1)
        self._out = 0
        self._members = 0
        self._report = report

    def member(self, name: str) -> None:
        self._members += 1
        if self._members > self._limit.members:
            raise bomb(self._archive, f"it has more than {self._limit.members} members")
        self._report(name)

    def add(self, count: int) -> None:
        self._out += count
        limit = self._limit
        if self._out > limit.total:
            raise bomb(self._archive, f"more than {limit.total} bytes come out of it")
        if self._out > limit.floor and self._out > limit.ratio * self._size:
            raise bomb(self._archive, f"it grows to more than {limit.ratio} times its size ({self._size} bytes)")


class Forward(io.RawIOBase):
    """A stream read forward, with `tell` and `seek` as tarfile needs them. Every byte that passes is counted."""

    def __init__(self, inner: IO[bytes], counter: Counter | None, archive: Path, largest: int) -> None:
        self._inner = inner
        self._counter = counter
        self._archive = archive
        self._largest = largest
        self._tail = b""
        self._end = 0  # how far the inner stream was read
        self._at = 0

    def since(self, offset: int) -> bytes:
        """What was read from `offset` to here (at most the last 4096 bytes)."""
        return self._tail[max(len(self._tail) - (self._end - offset), 0) :] if offset < self._end else b""

    def peek(self, count: int) -> bytes:
        """The next bytes, still to be read. At most 4096, at the beginning."""
        data = self.read(min(count, _KEPT))
        self._at -= len(data)
        return data

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = offset if whence == io.SEEK_SET else self._at + offset
        if target < self._end - len(self._tail) or whence == io.SEEK_END:
            raise io.UnsupportedOperation("this stream goes forward only")
        if target <= self._end:
            self._at = target
            return target
        self._at = self._end
        while self._at < target:
            if not self.read(min(target - self._at, 1 << 20)):
                break
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end of the stream."""
        if size < 0 or size > self._largest:
            raise bomb(self._archive, f"a header of it has more than {self._largest} bytes")
        behind = self._end - self._at
        parts = [self._tail[len(self._tail) - behind :][:size]] if behind else []
        wanted = size - sum(map(len, parts))
        while wanted > 0:
            data = self._inner.read(min(wanted, 1 << 20))
            if not data:
                break
            if self._counter is not None:
                self._counter.add(len(data))
            parts.append(data)
            wanted -= len(data)
            self._end += len(data)
            self._tail = (self._tail + data)[-_KEPT:] if len(data) < _KEPT else data[-_KEPT:]
        found = parts[0] if len(parts) == 1 else b"".join(parts)
        self._at += len(found)
        return found

    def drain(self) -> None:
        """Read to the end, so that the checksums behind the last member are looked at."""
        import gzip

        try:
            while self.read(1 << 20):
                pass
        except gzip.BadGzipFile as error:
            if "Not a gzipped file" not in str(error):  # what follows the end of a gzip is ignored, as gzip does
                raise
