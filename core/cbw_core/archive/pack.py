"""Package archives written: `.conda` (version 2) and `.tar.bz2`. The same members give the same bytes.

The formats are those of conda's package specification: a `.conda` is a zip, not compressed itself, of metadata.json,
pkg-NAME.tar.zst and info-NAME.tar.zst; a `.tar.bz2` is one tar with info/ first, so that it can be read from its head.
"""

from __future__ import annotations

import os
import secrets
import stat
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from cbw_core.archive.swapping import swapped
from cbw_core.errors import BuildError, Interrupted, UsageError, from_os_error
from cbw_core.process import Cancel

if TYPE_CHECKING:
    from zipfile import ZipInfo

SUFFIXES = (".conda", ".tar.bz2")
# Later than 1980, where zip's calendar begins.
DEFAULT_TIMESTAMP = 1_577_836_800

_CHUNK = 1 << 18
_BLOCK = tarfile.BLOCKSIZE
# ZipFile has to know beforehand whether an entry may pass 2 GiB; zstd never adds more than this to what it is given.
_ZIP64_FROM = (1 << 31) - (1 << 20)

OnProgress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Member:
    """One file or link of an archive.

    path:   where it goes, relative, with "/" ("lib/libz.so", "info/index.json").
    source: the file to read, or the bytes themselves. Not looked at for a link.
    mode:   permission bits.
    link:   where a symbolic link points; None for a file.
    swap:   a text in the file and the one of the same length to pack in its stead; None: the bytes as they are.
    """

    path: str
    source: Path | bytes = b""
    mode: int = 0o644
    link: str | None = None
    swap: tuple[bytes, bytes] | None = None

    def chunks(self, length: int) -> Iterator[bytes]:
        """What is packed of a file, in pieces. Raises BuildError when it has not `length` bytes any more."""
        read = _read(self, length)
        return swapped(read, *self.swap) if self.swap else read


def _read(member: Member, left: int) -> Iterator[bytes]:
    if isinstance(member.source, bytes):
        yield member.source
        return
    with member.source.open("rb", buffering=0) as stream:
        while left and (chunk := stream.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
        if left or stream.read(1):
            raise BuildError(
                f"{member.path} changed while it was packed",
                kind="package",
                hint="Something still writes to the host prefix: end it and run the package phase again.",
            )


class _Writer(Protocol):
    def write(self, data: bytes, /) -> object: ...


def write_package(
    target: Path,
    members: Sequence[Member],
    *,
    level: int = 16,
    timestamp: int = DEFAULT_TIMESTAMP,
    threads: int = 0,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Write `members` to `target`; its suffix, .conda or .tar.bz2, decides the format.

    The bytes depend on the members, `level` and `timestamp` alone: members are sorted by path, owned by 0:0, with no
    names and the modification time `timestamp` (seconds); hard links become files. The number of `threads` (0: one for
    each processor) changes nothing in them. `level` is zstd's (1 to 22) and means nothing to .tar.bz2. Files are
    streamed: what is held in memory does not grow with them. `target` appears whole or not at all; its folder is made.

    on_progress: called with bytes read so far, bytes in all and the member's path.
    Raises UsageError for a level zstd does not have; BuildError(kind="package") for a suffix or path that no package
    can have, a path given twice, a file that is not there or changes while it is read;
    EnvironmentFailure(kind="disk"); Interrupted, at once: what compresses ends by itself, soon after.
    """
    suffix = next((s for s in SUFFIXES if target.name.endswith(s)), None)
    if suffix is None:
        raise BuildError(
            f"{target.name} is not the name of a package",
            kind="package",
            why=f"A package's name ends with {' or '.join(SUFFIXES)}.",
        )
    if not 1 <= level <= 22:
        raise UsageError(f"there is no compression level {level}", why="zstd has levels 1 to 22.")
    entries = [_Entry.of(member, timestamp) for member in _sorted(members)]
    meter = _Meter(sum(entry.info.size for entry in entries), on_progress, cancel)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        name = target.name.removesuffix(suffix)

        def write() -> None:
            with part.open("xb") as stream:
                if suffix == ".conda":
                    _write_conda(stream, name, entries, meter, level, threads, timestamp)
                else:
                    _write_bz2(stream, entries, meter)
                stream.flush()
                os.fsync(stream.fileno())

        _in_thread(write, meter, cancel, lambda: _forget(part))
        part.replace(target)
    except OSError as error:
        raise from_os_error(error, f"writing {target.name}") from error
    finally:
        _forget(part)


def _forget(part: Path) -> None:
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _sorted(members: Sequence[Member]) -> list[Member]:
    """info/ first, then by path. Raises for what no archive may hold."""
    seen: set[str] = set()
    for member in members:
        parts = member.path.split("/")
        if member.path.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\0" in member.path:
            raise BuildError(f"{member.path!r} is not a path for a package", kind="package")
        if member.path in seen:
            raise BuildError(f"{member.path} was to be packed twice", kind="package")
        seen.add(member.path)
    return sorted(members, key=lambda m: (not _is_info(m.path), m.path))


def _is_info(path: str) -> bool:
    return path.startswith("info/")


@dataclass(frozen=True)
class _Entry:
    """A member with its tar header, its size known."""

    member: Member
    info: tarfile.TarInfo
    header: bytes

    @classmethod
    def of(cls, member: Member, timestamp: int) -> _Entry:
        info = tarfile.TarInfo(member.path)
        info.mtime = timestamp
        if member.link is not None:
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, member.link, 0o777
        else:
            info.size, info.mode = _size(member), stat.S_IMODE(member.mode)
        header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        return cls(member, info, header)

    @property
    def length(self) -> int:
        """Bytes in the tar: header and padded data."""
        return len(self.header) + -(-self.info.size // _BLOCK) * _BLOCK


def _size(member: Member) -> int:
    if isinstance(member.source, bytes):
        return len(member.source)
    try:
        found = member.source.stat()
    except OSError as error:
        raise BuildError(
            f"{member.path} cannot be packed: {error.strerror}",
            kind="package",
            why=f"It was to come from {member.source}.",
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise BuildError(f"{member.path} cannot be packed: it is not a file", kind="package")
    return found.st_size


def _in_thread(work: Callable[[], None], meter: _Meter, cancel: Cancel | None, undo: Callable[[], None]) -> None:
    """Do `work` in a thread of its own, and stop waiting for it when `cancel` is asked for: zstd's workers do not give
    up before they have compressed all they have, which takes seconds."""
    finished = threading.Event()
    failures: list[BaseException] = []

    def body() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
            undo()  # the one who waits may have gone before there was anything to undo
        finally:
            finished.set()

    forget = cancel.on_request(finished.set) if cancel is not None else lambda: None
    try:
        threading.Thread(target=body, name="cbw-pack", daemon=True).start()
        finished.wait()
        if cancel is not None:
            cancel.check()
        if failures:
            raise failures[0]
    finally:
        meter.abandoned = True
        forget()


class _Meter:
    """Counts what was read, says so, and ends the work that nobody waits for."""

    def __init__(self, total: int, on_progress: OnProgress | None, cancel: Cancel | None) -> None:
        self.done, self.total, self.on_progress, self.cancel = 0, total, on_progress, cancel
        self.abandoned = False

    def add(self, count: int, path: str) -> None:
        self.done += count
        if self.cancel is not None:
            self.cancel.check()
        if self.abandoned:
            raise Interrupted("interrupted")
        if self.on_progress is not None:
            self.on_progress(self.done, self.total, path)


def _data(entry: _Entry, meter: _Meter) -> Iterator[bytes]:
    """The bytes of a file, in chunks, exactly as many as its header says."""
    for chunk in entry.member.chunks(entry.info.size):
        meter.add(len(chunk), entry.member.path)
        yield chunk


def _tar_size(entries: Sequence[_Entry]) -> int:
    length = sum(entry.length for entry in entries) + 2 * _BLOCK
    return -(-length // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _write_tar(stream: _Writer, entries: Sequence[_Entry], meter: _Meter) -> None:
    """A whole tar. Headers are tarfile's; they are written here because their sizes had to be known before."""
    written = 0
    for entry in entries:
        stream.write(entry.header)
        for chunk in _data(entry, meter) if entry.member.link is None else ():
            stream.write(chunk)
        if rest := entry.info.size % _BLOCK:
            stream.write(bytes(_BLOCK - rest))
        written += entry.length
    stream.write(bytes(_tar_size(entries) - written))


def _write_bz2(stream: IO[bytes], entries: Sequence[_Entry], meter: _Meter) -> None:
    import bz2

    with bz2.BZ2File(stream, "wb", compresslevel=9) as packed:
        _write_tar(packed, entries, meter)


def _write_conda(
    stream: IO[bytes], name: str, entries: Sequence[_Entry], meter: _Meter, level: int, threads: int, timestamp: int
) -> None:
    """metadata.json first and info last, in conda's order: a reader of a remote package looks at the end of the zip."""
    import zipfile

    parts = {
        f"pkg-{name}.tar.zst": [e for e in entries if not _is_info(e.member.path)],
        f"info-{name}.tar.zst": [e for e in entries if _is_info(e.member.path)],
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_zip_info("metadata.json", timestamp), '{"conda_pkg_format_version": 2}')
        for entry_name, part in parts.items():
            size = _tar_size(part)
            with archive.open(_zip_info(entry_name, timestamp), "w", force_zip64=size > _ZIP64_FROM) as entry:
                _write_zstd(entry, part, meter, size, level, threads)


def _write_zstd(
    stream: IO[bytes], entries: Sequence[_Entry], meter: _Meter, size: int, level: int, threads: int
) -> None:
    import zstandard

    # One worker or many give the same bytes, none gives others: so there is always one at least.
    workers = threads if threads > 0 else os.cpu_count() or 1
    # Not stream_writer: left by an error, it would first compress all that it was given.
    packed = zstandard.ZstdCompressor(level=level, threads=workers).compressobj(size=size)
    _write_tar(_Compressed(stream, packed.compress), entries, meter)
    stream.write(packed.flush())


@dataclass(frozen=True)
class _Compressed:
    """Writes to `stream` what `compress` makes of what is written."""

    stream: IO[bytes]
    compress: Callable[[bytes], bytes]

    def write(self, data: bytes, /) -> None:
        self.stream.write(self.compress(data))


def _zip_info(name: str, timestamp: int) -> ZipInfo:
    import zipfile

    moment = time.gmtime(max(timestamp, 315_532_800))
    info = zipfile.ZipInfo(
        name, (moment.tm_year, moment.tm_mon, moment.tm_mday, moment.tm_hour, moment.tm_min, moment.tm_sec)
    )
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info
