"""Copies of a folder taken again and again: each holds only the files that changed since the one before.

A file counts as unchanged while inode, size, mode and both times are what they were when it was copied. What was
written just before it was copied (within a tick of the clock that stamps files) is copied again the next time: a write
in the same tick would show in no time. The copies are files of ours alone: what writes in place in the folder writes
into none of them.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cbw_core.trace.cost import Cost

_TICK = 20_000_000  # ns: longer than a tick of the clock that stamps files
_FICLONE = 0x40049409  # linux/fs.h


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the folder. stored: our copy of a file, or where a symbolic link leads. sure: it was not written in
    the tick in which it was looked at."""

    path: str
    mode: int
    size: int
    mtime: int
    ctime: int
    ino: int
    links: int
    owner: tuple[int, int]
    rdev: int
    stored: str = ""
    sure: bool = False

    @property
    def key(self) -> tuple[int, ...]:
        return (self.ino, self.size, self.mode, self.mtime, self.ctime)


Manifest = Mapping[str, Entry]


class TreeCopies:
    """The copies of one folder. leave_out: paths in it that are neither copied nor put back. check: called for each
    file; may raise to give up."""

    def __init__(self, folder: Path, leave_out: Collection[str] = (), check: Callable[[], None] = lambda: None) -> None:
        self._folder, self._leave_out, self._check = str(folder), frozenset(leave_out), check
        self._last: dict[str, Entry] = {}  # how the folder was when last copied or put back
        self._reflinks = sys.platform == "linux"

    def take(self, into: Path) -> tuple[Manifest, Cost]:
        """Copy what changed into the folder `into`, which is empty or not there. Raises OSError."""
        into.mkdir(parents=True, exist_ok=True)
        found: dict[str, Entry] = {}
        linked: dict[int, Entry] = {}
        files = copied = shared = 0
        for entry in _scan(self._folder, self._leave_out):
            self._check()
            old = self._last.get(entry.path)
            if stat.S_ISREG(entry.mode):
                files += 1
                if old is not None and old.sure and old.key == entry.key:
                    entry, shared = old, shared + entry.size
                elif entry.links > 1 and entry.ino in linked:
                    entry = replace(entry, stored=linked[entry.ino].stored)
                else:
                    target = str(into / str(len(found)))
                    try:
                        reflinked = self._copy(f"{self._folder}/{entry.path}", target)
                    except FileNotFoundError:
                        continue  # a background job removed it
                    copied, shared = (copied, shared + entry.size) if reflinked else (copied + entry.size, shared)
                    entry = replace(entry, stored=target)
                if entry.links > 1:
                    linked[entry.ino] = entry
            elif old is not None and old.key == entry.key and old.stored == entry.stored:
                entry = old
            found[entry.path] = entry
        self._last = found
        return found, Cost(files, copied, shared)

    def restore(self, wanted: Manifest) -> None:
        """The folder as it was when `wanted` was taken; the folder itself stays, since processes stand in it. Raises
        OSError."""
        now = {entry.path: entry for entry in _scan(self._folder, self._leave_out)}
        keep = {path for path, entry in wanted.items() if self._is_as(entry, now.get(path))}
        for path in sorted(now.keys() - keep, key=_depth, reverse=True):
            old, new = now[path], wanted.get(path)
            if stat.S_ISDIR(old.mode):
                if new is None or not stat.S_ISDIR(new.mode):
                    _writable_parent(self._full(path))
                    with suppress(OSError):  # it holds something that is left out
                        Path(self._full(path)).rmdir()
                continue
            _writable_parent(self._full(path))
            Path(self._full(path)).unlink()
        made: dict[int, str] = {e.ino: p for p, e in wanted.items() if p in keep and e.links > 1}
        for path in sorted(wanted.keys() - keep, key=_depth):
            self._check()
            self._make(wanted[path], made)
        for path in sorted((p for p, e in wanted.items() if stat.S_ISDIR(e.mode)), key=_depth, reverse=True):
            self._dress(wanted[path])
        fresh = {entry.path: entry for entry in _scan(self._folder, self._leave_out)}
        self._last = {
            p: e if p in keep else replace(fresh[p], stored=e.stored) for p, e in wanted.items() if p in fresh
        }

    def _is_as(self, wanted: Entry, now: Entry | None) -> bool:
        """Whether what lies there now is what `wanted` is a copy of. Folders are looked at by what is in them."""
        last = self._last.get(wanted.path)
        if now is None or last is None or stat.S_ISDIR(wanted.mode) or stat.S_ISDIR(now.mode):
            return False
        return last.sure and last.key == now.key and last.stored == wanted.stored and last.mode == wanted.mode

    def _full(self, path: str) -> str:
        return f"{self._folder}/{path}"

    def _make(self, entry: Entry, made: dict[int, str]) -> None:
        path = self._full(entry.path)
        kind = stat.S_IFMT(entry.mode)
        if kind == stat.S_IFDIR:
            if not os.path.lexists(path):
                _writable_parent(path)
                Path(path).mkdir()
            return
        _writable_parent(path)
        if entry.links > 1 and entry.ino in made:
            os.link(self._full(made[entry.ino]), path, follow_symlinks=False)
            return
        if kind == stat.S_IFREG:
            self._copy(entry.stored, path)
        elif kind == stat.S_IFLNK:
            Path(path).symlink_to(entry.stored)
        else:
            os.mknod(path, entry.mode, entry.rdev)
        made[entry.ino] = entry.path
        self._dress(entry)

    def _dress(self, entry: Entry) -> None:
        """Owner, mode and times, as they were."""
        path = self._full(entry.path)
        info = os.lstat(path)
        if (info.st_uid, info.st_gid) != entry.owner:
            with suppress(PermissionError):
                os.chown(path, *entry.owner, follow_symlinks=False)
        if not stat.S_ISLNK(entry.mode) and info.st_mode != entry.mode:
            Path(path).chmod(stat.S_IMODE(entry.mode))
        if info.st_mtime_ns != entry.mtime:
            os.utime(path, ns=(entry.mtime, entry.mtime), follow_symlinks=False)

    def _copy(self, source: str, target: str) -> bool:
        """A file's content and extended attributes; whether it shares the blocks. Holes stay holes."""
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                reflinked = self._reflinks and self._clone(fd, out)
                if not reflinked:
                    _content(fd, out)
                _attributes(fd, out)
            finally:
                os.close(out)
        finally:
            os.close(fd)
        return reflinked

    def _clone(self, fd: int, out: int) -> bool:
        import fcntl

        try:
            fcntl.ioctl(out, _FICLONE, fd)
        except OSError:
            self._reflinks = False
            return False
        return True


def _content(fd: int, out: int) -> None:
    size = os.fstat(fd).st_size
    os.ftruncate(out, size)
    at = 0
    while at < size:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
            end = os.lseek(fd, at, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole is left
                return
            end = size
        os.lseek(fd, at, os.SEEK_SET)
        os.lseek(out, at, os.SEEK_SET)
        while at < end:
            piece = os.read(fd, min(end - at, 1 << 20))
            if not piece:
                return
            view = memoryview(piece)
            while view:
                view = view[os.write(out, view) :]
            at += len(piece)


def _attributes(fd: int, out: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    with suppress(OSError):  # the file system has none, or they are not ours to set
        for name in os.listxattr(fd):
            os.setxattr(out, name, os.getxattr(fd, name))


def _scan(folder: str, leave_out: Collection[str]) -> Iterator[Entry]:
    todo = [""]
    while todo:
        inside = todo.pop()
        try:
            rows = list(os.scandir(f"{folder}/{inside}"))
        except FileNotFoundError:
            continue
        for row in rows:
            path = f"{inside}{row.name}"
            if path in leave_out:
                continue
            try:
                now, info = time.time_ns(), row.stat(follow_symlinks=False)
                stored = os.readlink(row.path) if stat.S_ISLNK(info.st_mode) else ""  # noqa: PTH115
            except FileNotFoundError:
                continue
            yield Entry(
                path=path,
                mode=info.st_mode,
                size=info.st_size,
                mtime=info.st_mtime_ns,
                ctime=info.st_ctime_ns,
                ino=info.st_ino,
                links=info.st_nlink,
                owner=(info.st_uid, info.st_gid),
                rdev=info.st_rdev,
                stored=stored,
                sure=info.st_ctime_ns + _TICK < now,
            )
            if stat.S_ISDIR(info.st_mode):
                todo.append(f"{path}/")


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _writable_parent(path: str) -> None:
    """A script may have made a folder read-only."""
    folder = Path(path).parent
    mode = folder.stat().st_mode
    if mode & 0o300 != 0o300:
        folder.chmod(stat.S_IMODE(mode) | 0o700)
