"""What is in an archive, member by member, in its order: tar, zip, .conda, cpio, rpm, deb."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from cbw_core.archive.entry import Entry, Kind
from cbw_core.archive.guard import Limit, damaged, refused, shown
from cbw_core.archive.streams import COMPRESSED, Counter, Forward, decompressed, kind_of

if TYPE_CHECKING:
    from tarfile import TarFile, TarInfo
    from zipfile import ZipFile, ZipInfo


def entries(raw: IO[bytes], archive: Path, limit: Limit, counter: Counter) -> Iterator[Entry]:
    """The members of the open file `archive`, told by its content, not by its name (but for .conda, which is a zip)."""
    kind = kind_of(raw.read(512))
    raw.seek(0)
    if kind == "zip":
        yield from _zip(raw, archive, limit, counter)
    else:
        yield from _stream(raw, kind, archive, limit, counter)


def _stream(raw: IO[bytes], kind: str, archive: Path, limit: Limit, counter: Counter) -> Iterator[Entry]:
    if kind in COMPRESSED:
        inner = Forward(decompressed(raw, kind, archive), counter, archive, limit.header)
        below = kind_of(inner.peek(512))
        if below not in ("tar", "cpio"):
            what = "nothing" if below == "empty" else "a single file, no archive"
            raise damaged(archive, f"It holds {what}, compressed with {kind}.")
    else:
        inner, below = Forward(raw, counter, archive, limit.header), kind
    if below == "tar":
        yield from _tar(inner, archive, strict_end=kind == "zstd")
    elif below == "cpio":
        yield from _cpio(inner, archive)
    elif below == "rpm":
        yield from _rpm(raw, archive, limit, counter)
    elif below == "ar":
        yield from _ar(inner, archive)
    elif below == "7z":
        from cbw_core.archive.sevenzip import entries_of_7z

        yield from entries_of_7z(archive, counter)
    else:
        known = f"It is a {below} file." if below not in ("unknown", "empty") else f"It is {below}."
        raise damaged(
            archive,
            f"{known} Supported are tar (plain, gz, bz2, xz, lzma, zst, Z), zip and wheels, .conda, 7z, rpm, deb.",
        )


def _tar(stream: Forward, archive: Path, *, strict_end: bool) -> Iterator[Entry]:
    """strict_end: the end of the archive must be marked, for streams that do not tell when they were cut off."""
    import tarfile

    last = ""
    try:
        with tarfile.open(
            fileobj=cast(IO[bytes], stream), mode="r:", format=tarfile.PAX_FORMAT, errors="surrogateescape"
        ) as tar:
            while (info := tar.next()) is not None:
                last = info.name
                yield _tar_entry(tar, info)
                tar.members = []  # type: ignore[attr-defined]  # or it keeps every member for ever
            # tarfile takes a damaged header after the first for the end
            end = stream.since(tar.offset)
            if end.strip(b"\0") or (strict_end and not end):
                raise damaged(archive, "The tar is cut off or damaged behind this member.", last or None)
            stream.drain()
    except tarfile.TarError as error:
        raise damaged(archive, f"The tar is damaged: {error}.", last or None) from error


def _tar_entry(tar: TarFile, info: TarInfo) -> Entry:
    kind: Kind
    data: IO[bytes] | None = None
    if info.isreg():
        kind, data = "file", tar.extractfile(info)
    elif info.isdir():
        kind = "dir"
    elif info.issym():
        kind = "symlink"
    elif info.islnk():
        kind = "hardlink"
    else:
        kind = "device"
    return Entry(info.name, kind, info.mode, float(info.mtime), info.linkname, data)


def _zip(raw: IO[bytes], archive: Path, limit: Limit, counter: Counter) -> Iterator[Entry]:
    import zipfile

    last = None
    try:
        with zipfile.ZipFile(raw) as opened:
            for info in opened.infolist():
                last = info.filename
                if info.flag_bits & 0x1:
                    raise refused(archive, last, "is encrypted")
                if archive.name.endswith(".conda"):
                    yield from _conda_part(opened, info, archive, limit, counter)
                else:
                    yield _zip_entry(opened, info, archive, limit, counter)
    except zipfile.BadZipFile as error:
        raise damaged(archive, f"The zip is damaged: {error}.", last) from error
    except NotImplementedError as error:
        raise damaged(archive, f"The zip uses what is not supported: {error}.", last) from error


def _zip_entry(opened: ZipFile, info: ZipInfo, archive: Path, limit: Limit, counter: Counter) -> Entry:
    import time

    unix = info.external_attr >> 16 if info.create_system == 3 else 0
    name = info.filename
    if info.create_system == 0 and "/" not in name:
        name = name.replace("\\", "/")  # made by tools of Windows that ignore the format's rule
    is_dir = name.endswith("/") or stat.S_ISDIR(unix)
    # libarchive's modes for zips not made on Unix
    mode = stat.S_IMODE(unix) or (0o775 if is_dir else 0o664)
    try:
        mtime: float | None = time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        mtime = None
    if is_dir:
        return Entry(name, "dir", mode, mtime)
    if stat.S_IFMT(unix) not in (0, stat.S_IFREG, stat.S_IFLNK):
        return Entry(name, "device", mode, mtime)
    data = Forward(opened.open(info), counter, archive, limit.header)
    if stat.S_ISLNK(unix):
        return Entry(name, "symlink", mode, mtime, data.read(65536).decode("utf-8", "surrogateescape"))
    return Entry(name, "file", mode, mtime, "", cast(IO[bytes], data))


def _conda_part(opened: ZipFile, info: ZipInfo, archive: Path, limit: Limit, counter: Counter) -> Iterator[Entry]:
    """The members of a .conda's part, pkg-*.tar.zst or info-*.tar.zst (conda's package specification, .conda v2)."""
    if info.filename.endswith(".tar.zst"):
        with opened.open(info) as part:
            yield from _stream(part, "zstd", archive, limit, counter)
    elif info.filename != "metadata.json":
        raise damaged(archive, f"A .conda package does not hold {shown(info.filename)}.")


def _cpio(stream: Forward, archive: Path) -> Iterator[Entry]:
    """cpio "newc" (070701, 070702): what rpm packages hold."""
    links: dict[tuple[int, int, int], list[tuple[str, int, float]]] = {}
    while True:
        header = stream.read(110)
        if len(header) < 110 or header[:6] not in (b"070701", b"070702"):
            raise damaged(archive, "The cpio is cut off or damaged.")
        try:
            fields = [int(header[i : i + 8], 16) for i in range(6, 110, 8)]
        except ValueError as error:
            raise damaged(archive, "The cpio has a damaged header.") from error
        inode, mode, _, _, count, mtime, size, major, minor, _, _, length, _ = fields
        name = stream.read(length).rstrip(b"\0").decode("utf-8", "surrogateescape")
        _pad(stream, 4)
        if name == "TRAILER!!!":
            return
        end = stream.tell() + size
        kind = stat.S_IFMT(mode)
        if kind == stat.S_IFDIR:
            yield Entry(name, "dir", stat.S_IMODE(mode), mtime)
        elif kind == stat.S_IFLNK:
            target = stream.read(min(size, 65536)).decode("utf-8", "surrogateescape")
            yield Entry(name, "symlink", 0o777, mtime, target)
        elif kind == stat.S_IFREG:
            # of several names of one file only the last has the data
            waiting = links.setdefault((major, minor, inode), []) if count > 1 else []
            if count > 1 and not size and len(waiting) + 1 < count:
                waiting.append((name, stat.S_IMODE(mode), mtime))
                continue
            yield Entry(name, "file", stat.S_IMODE(mode), mtime, "", cast(IO[bytes], _Part(stream, size, archive)))
            for other, bits, when in waiting:
                yield Entry(other, "hardlink", bits, when, name)
            waiting.clear()
        else:
            yield Entry(name, "device", mode)
        stream.seek(end)
        if stream.tell() != end:
            raise damaged(archive, "The cpio is cut off.", name)
        _pad(stream, 4)


def _pad(stream: Forward, to: int) -> None:
    stream.seek(stream.tell() + -stream.tell() % to)


def _rpm(raw: IO[bytes], archive: Path, limit: Limit, counter: Counter) -> Iterator[Entry]:
    """An rpm: a lead of 96 bytes, the signatures (padded to 8), the header, then a compressed cpio."""
    raw.seek(96)
    for is_signature in (True, False):
        head = raw.read(16)
        if len(head) < 16 or head[:3] != b"\x8e\xad\xe8":
            raise damaged(archive, "The rpm has a damaged header.")
        raw.seek(int.from_bytes(head[8:12], "big") * 16 + int.from_bytes(head[12:16], "big"), 1)
        if is_signature:
            raw.seek(-raw.tell() % 8, 1)
    at = raw.tell()
    kind = kind_of(raw.read(512))
    raw.seek(at)
    yield from _stream(raw, kind, archive, limit, counter)


def _ar(stream: Forward, archive: Path) -> Iterator[Entry]:
    """An ar archive (a .deb): its members are files; conda-build leaves data.tar.* in it packed, and so do we."""
    stream.read(8)
    while header := stream.read(60):
        try:
            if len(header) < 60 or header[58:] != b"`\n":
                raise ValueError
            size, mode, mtime = int(header[48:58]), int(header[40:48] or b"0", 8), int(header[16:28] or b"0")
        except ValueError as error:
            raise damaged(archive, "The ar archive has a damaged header.") from error
        name = header[:16].decode("utf-8", "surrogateescape").strip().rstrip("/")
        end = stream.tell() + size
        yield Entry(name, "file", stat.S_IMODE(mode), mtime, "", cast(IO[bytes], _Part(stream, size, archive)))
        stream.seek(end)
        if stream.tell() != end:
            raise damaged(archive, "The ar archive is cut off.", name)
        _pad(stream, 2)


class _Part:
    """The next `size` bytes of a stream."""

    def __init__(self, stream: Forward, size: int, archive: Path) -> None:
        self._stream, self._left, self._archive = stream, size, archive

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise damaged(self._archive, "The archive is cut off.")
        self._left -= len(data)
        return data
