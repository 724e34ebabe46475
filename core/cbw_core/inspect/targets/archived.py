"""What is in a package file: its members, some of them laid down where readers can open them, and its info/."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from cbw_core import archive
from cbw_core.errors import CbwError
from cbw_core.objects import Failure, format_of
from cbw_core.process import Cancel
from cbw_core.test.packaged import Info

Keep = Literal["binaries", "everything"]
_CHUNK = 1 << 20
_HEAD = 64
_MOST_INFO = 64 << 20  # bytes of one file of info/


@dataclass(frozen=True)
class Item:
    """A member. kind: "file", "link", "folder". disk: where its content was laid down, "" where it was not.
    sha256: of its content; target: of a link, as it is written."""

    path: str
    kind: Literal["file", "link", "folder"]
    mode: int = 0
    size: int = 0
    mtime: float | None = None
    sha256: str = ""
    target: str = ""
    disk: str = ""
    format: str = ""


@dataclass(frozen=True)
class Contents:
    """items: path in the package -> Item, without info/. info: what is in info/. failures: members that cannot be
    taken, or the place where the archive is damaged; what stands before it is in `items`."""

    package: Path
    items: Mapping[str, Item]
    info: Info
    failures: tuple[Failure, ...] = ()
    about_info: Mapping[str, Item] = field(default_factory=dict)


def read_package(package: Path, folder: Path, *, keep: Keep = "binaries", cancel: Cancel | None = None) -> Contents:
    """Everything in a package, wheel or other archive. Contents go below `folder` under names of ours, so no member
    writes anywhere else. Raises UsageError(kind="package") for what is no archive at all."""
    taking = _Taking(folder, keep)
    failures: list[Failure] = []
    try:
        for entry in archive.members(package, cancel=cancel):
            taking.take(entry)
    except CbwError as error:
        if error.kind not in ("archive", "disk"):
            raise
        failures.append(Failure(package.name, "broken", f"{error.message}{f': {error.why}' if error.why else ''}"))
    info = {p[5:]: one for p, one in taking.items.items() if p.startswith("info/")}
    rest = {p: one for p, one in taking.items.items() if not p.startswith("info/")}
    return Contents(package, rest, Info(package, taking.info), (*failures, *taking.failures), info)


class _Taking:
    def __init__(self, folder: Path, keep: Keep) -> None:
        self.items: dict[str, Item] = {}
        self.info: dict[str, tuple[int, bytes | str]] = {}
        self.failures: list[Failure] = []
        self._folder, self._keep, self._count = folder, keep, 0

    def take(self, entry: archive.Entry) -> None:
        parts = [part for part in entry.name.split("/") if part not in ("", ".")]
        path = "/".join(parts)
        if entry.name.startswith("/") or ".." in parts or "\0" in entry.name:
            self._refuse(entry.name, "its name leads out of the package")
        elif entry.kind == "dir":
            if path:
                self.items.setdefault(path, Item(path, "folder", entry.mode, mtime=entry.mtime))
        elif entry.kind == "symlink":
            self._link(entry, path)
        elif entry.kind == "hardlink":
            self._hardlink(entry, path)
        elif entry.kind == "device" or entry.data is None:
            self._refuse(path, "it is a device, a pipe or of an unknown kind")
        else:
            self._file(entry, path, entry.data)

    def _refuse(self, path: str, why: str) -> None:
        self.failures.append(Failure(path, "unreadable", why))

    def _link(self, entry: archive.Entry, path: str) -> None:
        depth = len(path.split("/")) - 1
        for part in entry.target.split("/"):
            depth += -1 if part == ".." else int(part not in ("", "."))
            if depth < 0:
                break
        if depth < 0 or entry.target.startswith("/"):
            self._refuse(path, f"it is a link out of the package, to {entry.target}")
        self.items[path] = Item(path, "link", entry.mode, mtime=entry.mtime, target=entry.target)
        if path.startswith("info/"):
            self.info[path[5:]] = entry.mode, entry.target

    def _hardlink(self, entry: archive.Entry, path: str) -> None:
        target = "/".join(part for part in entry.target.split("/") if part not in ("", "."))
        first = self.items.get(target)
        if first is None or first.kind != "file":
            self._refuse(path, f"it is a hard link to {entry.target}, which is not in the package before it")
            return
        self.items[path] = Item(**{**first.__dict__, "path": path})

    def _file(self, entry: archive.Entry, path: str, data: IO[bytes]) -> None:
        head = data.read(_CHUNK)
        form = format_of(head[:_HEAD])
        digest, size = hashlib.sha256(), 0
        in_info = path.startswith("info/")
        kept = bytearray()
        disk = ""
        sink: IO[bytes] | None = None
        if form or self._keep == "everything":
            disk = str(self._folder / str(self._count))
            self._count += 1
            sink = open(disk, "wb")  # noqa: SIM115, PTH123 (closed below)
        try:
            while head:
                digest.update(head)
                size += len(head)
                if in_info and len(kept) < _MOST_INFO:
                    kept += head
                if sink is not None:
                    sink.write(head)
                head = data.read(_CHUNK)
        finally:
            if sink is not None:
                sink.close()
        self.items[path] = Item(path, "file", entry.mode, size, entry.mtime, digest.hexdigest(), "", disk, form)
        if in_info:
            self.info[path[5:]] = entry.mode, bytes(kept)
