"""Any archive unpacked, so that nothing is written outside the folder and a failure leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from cbw_core.archive.entry import Entry
from cbw_core.archive.guard import Limit, clean_name, damaged, refused, shown
from cbw_core.archive.readers import entries
from cbw_core.archive.streams import Counter, broken_stream_errors
from cbw_core.errors import CbwError, EnvironmentFailure, Place, from_os_error
from cbw_core.process import Cancel

_CHUNK = 1 << 20

OnProgress = Callable[[int, int, str], None]


def extract(
    archive: Path,
    folder: Path,
    *,
    strip_top: bool = False,
    limit: Limit | None = None,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Unpack `archive` into `folder`, which is made, or may be there if no top name of the archive is in it yet.

    Read are, told by content: tar (plain, gz, bz2, xz, lzma, zst, Z), zip and wheels, .conda, .tar.bz2 packages, rpm,
    deb (its members, as libarchive does), .7z where py7zr is installed. Modes (without setuid and its like) and times
    are kept; owners are not. Links are made last, so no member is ever written through one.

    strip_top:   when all is in one folder, leave that folder out (conda_build.source.hoist_single_extracted_folder).
    limit:       how much may come out; generous when None.
    on_progress: called with bytes of the archive read so far, its size and the member's name.
    Raises RecipeError(kind="archive") for what is damaged, not supported, or would write or point outside `folder`,
    naming archive and member; EnvironmentFailure(kind="disk"); Interrupted. The folder is then as it was before.
    """
    broken = broken_stream_errors()
    limit = limit or Limit()
    staging: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unpack-", dir=folder.parent))
        tree = _Tree(archive, staging / "new")
        with archive.open("rb") as raw:
            meter = _Meter(raw, on_progress, cancel)
            counter = Counter(archive, limit, meter.member)
            try:
                for entry in entries(raw, archive, limit, counter):
                    counter.member(entry.name)
                    tree.add(entry, meter)
            except CbwError:
                raise
            except broken as error:
                raise _from_broken(error, archive, meter.item) from error
        _move_in(tree.finished(strip_top), folder)
    except OSError as error:
        raise from_os_error(error, f"unpacking {archive.name}") from error
    except RecursionError as error:
        raise damaged(archive, "Its folders are nested too deep.") from error
    finally:
        if staging is not None:
            _remove(staging)


class _Meter:
    """Tells progress, and looks whether to stop."""

    def __init__(self, raw: IO[bytes], report: OnProgress | None, cancel: Cancel | None) -> None:
        self.item = ""
        self._raw = raw
        self._size = os.fstat(raw.fileno()).st_size
        self._report = report
        self._cancel = cancel

    def member(self, name: str) -> None:
        self.item = name
        self.look()

    def look(self) -> None:
        if self._cancel is not None:
            self._cancel.check()
        if self._report is not None:
            self._report(min(self._raw.tell(), self._size), self._size, shown(self.item))


def _from_broken(error: Exception, archive: Path, member: str) -> CbwError:
    """Decompressors raise OSError as disks do: those of a disk have an errno."""
    if isinstance(error, OSError) and error.errno is not None:
        return from_os_error(error, f"unpacking {archive.name}")
    why = str(error) or type(error).__name__
    return damaged(archive, f"The data is cut off or damaged: {why}.", member or None)


class _Tree:
    """The folder being unpacked. It holds plain files and folders only, until `finished` adds the links."""

    def __init__(self, archive: Path, root: Path) -> None:
        self._archive = archive
        self._root = root
        self._links: dict[tuple[str, ...], tuple[str, float | None]] = {}
        self._folders: dict[tuple[str, ...], tuple[int, float | None]] = {}
        root.mkdir()

    def add(self, entry: Entry, meter: _Meter) -> None:
        parts = clean_name(self._archive, entry.name)
        if entry.kind == "dir":
            self._add_folder(entry, parts)
            return
        if not parts:
            raise refused(self._archive, entry.name, "would take the place of the folder itself")
        if entry.kind == "device":
            raise refused(self._archive, entry.name, "is a device, a pipe or of an unknown kind")
        path = self._place_for(entry, parts)
        if entry.kind == "symlink":
            if entry.target.startswith("/") or "\0" in entry.target or not entry.target:
                raise refused(self._archive, entry.name, f"is a link to {shown(entry.target) or 'nothing'}, outside")
            self._links[parts] = (entry.target, entry.mtime)
        elif entry.kind == "hardlink":
            self._add_hardlink(entry, parts, path)
        else:
            self._write(entry, path, meter)

    def _add_folder(self, entry: Entry, parts: tuple[str, ...]) -> None:
        self._parents(entry, (*parts, ""))
        # what it is made of needs writing to; a folder its owner cannot enter could not be built in either
        self._folders[parts] = (entry.mode & 0o777 | 0o700, entry.mtime)

    def _parents(self, entry: Entry, parts: tuple[str, ...]) -> Path:
        """The folder that holds a member, made if need be."""
        for count in range(1, len(parts)):
            if parts[:count] in self._links:
                raise refused(self._archive, entry.name, f"goes through the link {shown('/'.join(parts[:count]))}")
        path = self._root.joinpath(*parts[:-1])
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise refused(self._archive, entry.name, "needs a folder where the archive has a file") from error
        return path

    def _place_for(self, entry: Entry, parts: tuple[str, ...]) -> Path:
        """Where a member goes; an earlier one of the same name is taken away, as tar does."""
        path = self._parents(entry, parts) / parts[-1]
        self._links.pop(parts, None)
        if path.is_dir():
            raise refused(self._archive, entry.name, "is a file where the archive has a folder")
        path.unlink(missing_ok=True)
        return path

    def _add_hardlink(self, entry: Entry, parts: tuple[str, ...], path: Path) -> None:
        target = clean_name(self._archive, entry.target)
        if target in self._links:
            self._links[parts] = self._links[target]
            return
        source = self._root.joinpath(*target)
        if any(target[:count] in self._links for count in range(1, len(target))) or not source.is_file():
            raise refused(self._archive, entry.name, f"is a hard link to {shown(entry.target)}, no earlier file of it")
        path.hardlink_to(source)

    def _write(self, entry: Entry, path: Path, meter: _Meter) -> None:
        assert entry.data is not None
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with open(descriptor, "wb", buffering=0) as out:  # noqa: PTH123 (a descriptor)
            while chunk := entry.data.read(_CHUNK):
                out.write(chunk)
                meter.look()
            # libarchive's EXTRACT_PERM: the archive's bits, whatever the umask
            os.fchmod(descriptor, entry.mode & 0o777 | 0o400)
        _set_time(path, entry.mtime)

    def finished(self, strip_top: bool) -> Path:
        """The finished tree: links made and looked at, folders given their modes and times."""
        root = self._root
        tops = {path.name for path in root.iterdir()} | {parts[0] for parts in self._links}
        above: tuple[str, ...] = ()
        if strip_top and len(tops) == 1 and (root / min(tops)).is_dir():
            above = (min(tops),)
            root = root / above[0]
        for parts, (target, mtime) in self._links.items():
            path = self._root.joinpath(*parts)
            path.symlink_to(target)
            _set_time(path, mtime)
        below = {parts[len(above) :]: target for parts, (target, _) in self._links.items()}
        for parts, target in below.items():
            if not _stays_inside(parts, below):
                raise refused(self._archive, "/".join((*above, *parts)), f"is a link to {shown(target)}, outside")
        for parts, (mode, mtime) in sorted(self._folders.items(), reverse=True):
            path = self._root.joinpath(*parts)
            if parts and not path.is_symlink():
                path.chmod(mode)
                if parts != above:
                    _set_time(path, mtime)
        return root


def _stays_inside(link: tuple[str, ...], links: Mapping[tuple[str, ...], str]) -> bool:
    """Whether a link leads to a place below the root, whatever links are on the way: a chain of them may lead out where
    no single one does. (Not realpath: that looks at the folder that is to be renamed, under its name of now.)"""
    at, ahead = list(link[:-1]), [link[-1]]
    for _ in range(100_000):
        if not ahead:
            return True
        part = ahead.pop()
        if part == "..":
            if not at:
                return False
            at.pop()
        elif part not in ("", "."):
            at.append(part)
            if (target := links.get(tuple(at))) is not None:
                at.pop()
                ahead += reversed(target.split("/"))
    return True  # a ring of links leads nowhere


def _set_time(path: Path, mtime: float | None) -> None:
    # no clock of ours goes beyond what the file system keeps
    if mtime is not None:
        with suppress(OSError, OverflowError, ValueError):
            os.utime(path, (mtime, mtime), follow_symlinks=False)


def _move_in(tree: Path, folder: Path) -> None:
    """Give the finished tree its place: a rename, or, in a folder that is there, one for each top name."""
    if not folder.exists():
        tree.rename(folder)
        return
    names = [path.name for path in tree.iterdir()]
    taken = [name for name in names if os.path.lexists(folder / name)]
    if taken:
        raise EnvironmentFailure(
            f"{folder} already has {shown(taken[0])}", kind="disk", place=Place(str(folder)), hint="Unpack elsewhere."
        )
    for name in names:
        (tree / name).rename(folder / name)


def _remove(folder: Path) -> None:
    """Remove a folder of ours, with folders in it that may not be written to."""

    def again(function: Callable[..., object], path: str, _: object) -> None:
        with suppress(OSError):
            Path(path).parent.chmod(0o700)
            Path(path).chmod(0o700)
            function(path)

    shutil.rmtree(folder, onerror=again)
