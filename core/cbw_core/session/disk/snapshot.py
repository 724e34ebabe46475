"""A tree as it was, kept so that it can be had again.

Its contents lie one after the other in one file, with a list beside it: to make thousands of files costs several times
what it costs to write one. Large contents begin on a block, so that file systems which can do share them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cbw_core.session.disk import jsonfile, trees
from cbw_core.session.disk.trees import Manifest

_BLOCK = 4096
_LARGE = 64 << 10  # bytes; smaller files are not worth a block of their own


@dataclass(frozen=True)
class Entry:
    """A path as it was. mode: st_mode. offset, size: its content in the pack (regular files). link: a link's text."""

    mode: int
    mtime_ns: int = 0
    offset: int = 0
    size: int = 0
    link: str = ""


@dataclass(frozen=True)
class Snapshot:
    """What `tree` held when `take` was called. name: its files are <name>.pack, .list.json and .same.json."""

    tree: Path
    folder: Path
    name: str

    @property
    def _pack(self) -> Path:
        return self.folder / f"{self.name}.pack"

    @property
    def _list(self) -> Path:
        return self.folder / f"{self.name}.list.json"

    @property
    def _same(self) -> Path:
        return self.folder / f"{self.name}.same.json"

    @property
    def exists(self) -> bool:
        return self._list.exists() and self._pack.exists()

    def drop(self) -> None:
        for file in (self._list, self._same, self._pack):
            file.unlink(missing_ok=True)

    def take(self, paths: Iterable[str] | None = None) -> None:
        """Keep the whole tree, or the named paths of it. Sockets, pipes and devices are left out."""
        self.drop()  # one that dies on the way leaves none, and no half of one
        now = trees.scan(self.tree)
        entries: dict[str, Entry] = {}
        partial = self._pack.with_suffix(".partial")
        self.folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb", buffering=0) as pack:
            for path in sorted(now if paths is None else paths):
                entry = _keep(f"{self.tree}/{path}", now[path][0], pack.fileno())
                if entry is not None:
                    entries[path] = entry
        partial.rename(self._pack)
        trees.write_manifest(self._same, {path: now[path] for path in entries})
        rows = {path: [e.mode, e.mtime_ns, e.offset, e.size, e.link] for path, e in entries.items()}
        jsonfile.write(self._list, rows)

    @property
    def entries(self) -> dict[str, Entry]:
        """Path -> entry; empty when there is no snapshot."""
        if not self.exists:
            return {}
        return {path: Entry(*row) for path, row in jsonfile.read(self._list).items()}

    @property
    def signatures(self) -> Manifest:
        """Path -> signature, of files in the tree that are as they were kept while they have it."""
        return trees.read_manifest(self._same)

    def files(self) -> set[str]:
        return {path for path, entry in self.entries.items() if not stat.S_ISDIR(entry.mode)}

    def restore(self) -> None:
        """Make the tree the same as it was: what is not in the snapshot goes."""
        want, have = self.entries, trees.scan(self.tree)
        trees.delete(
            self.tree,
            (p for p in have if p not in want or stat.S_IFMT(want[p].mode) != stat.S_IFMT(have[p][0])),
        )
        self.put_back()

    def put_back(self) -> None:
        """Bring back what is gone from the tree or differs; what else is there stays."""
        known, have = self.signatures, trees.scan(self.tree)
        entries = self.entries
        self._write(self.tree, {p: e for p, e in entries.items() if have.get(p) is None or have[p] != known.get(p)})
        now = trees.scan(self.tree)
        trees.write_manifest(self._same, {path: now[path] for path in entries if path in now})

    def put_into(self, root: Path, paths: Iterable[str]) -> None:
        """Write the named paths into another tree."""
        entries = self.entries
        self._write(root, {path: entries[path] for path in paths})

    def reader(self) -> Reader:
        """To compare with what is kept, without writing it anywhere."""
        return Reader(self)

    def _write(self, root: Path, entries: dict[str, Entry]) -> None:
        root.mkdir(parents=True, exist_ok=True)
        if not entries:
            return
        folders = []
        with self._pack.open("rb", buffering=0) as pack:
            for path in sorted(entries):
                entry, target = entries[path], f"{root}/{path}"
                if stat.S_ISDIR(entry.mode):
                    trees.make_folder(target)
                    folders.append((target, entry))
                elif stat.S_ISLNK(entry.mode):
                    trees.write_link(target, entry.link)
                else:
                    source = trees.Content(pack.fileno(), entry.offset, entry.size)
                    trees.write_file(target, source, entry.mode, entry.mtime_ns)
        for target, entry in reversed(folders):  # last, because what is written into a folder changes its time
            os.chmod(target, stat.S_IMODE(entry.mode))  # noqa: PTH101 (a string)
            os.utime(target, ns=(entry.mtime_ns, entry.mtime_ns))


class Reader:
    """The contents of a snapshot, to be compared."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return self._snapshot.entries

    def has(self, path: str) -> bool:
        return path in self._entries

    def same(self, path: str) -> bool:
        """Whether a path of the tree has the kind, content and right to execute that were kept."""
        entry, file = self._entries.get(path), self._snapshot.tree / path
        try:
            info = file.lstat()
            if entry is None or stat.S_IFMT(entry.mode) != stat.S_IFMT(info.st_mode):
                return False
            if stat.S_ISLNK(entry.mode):
                return os.readlink(file) == entry.link  # noqa: PTH115 (the text of the link, as it is)
            if not stat.S_ISREG(entry.mode):
                return True
            if info.st_size != entry.size or (info.st_mode ^ entry.mode) & 0o111:
                return False
            with self._snapshot._pack.open("rb") as pack:
                pack.seek(entry.offset)
                return pack.read(entry.size) == file.read_bytes()
        except OSError:
            return False


def _keep(path: str, mode: int, pack: int) -> Entry | None:
    if stat.S_ISDIR(mode):
        return Entry(mode, os.stat(path).st_mtime_ns)  # noqa: PTH116 (a string, thousands of them)
    if stat.S_ISLNK(mode):
        return Entry(mode, link=os.readlink(path))  # noqa: PTH115
    if not stat.S_ISREG(mode):
        return None
    source = os.open(path, os.O_RDONLY)
    try:
        info = os.fstat(source)
        offset = os.lseek(pack, 0, os.SEEK_CUR)
        if info.st_size >= _LARGE and offset % _BLOCK:
            offset = os.lseek(pack, _BLOCK - offset % _BLOCK, os.SEEK_CUR)
        trees.copy_bytes(trees.Content(source, 0, info.st_size), pack)
        size = os.lseek(pack, 0, os.SEEK_CUR) - offset
    finally:
        os.close(source)
    return Entry(info.st_mode, info.st_mtime_ns, offset, size)
