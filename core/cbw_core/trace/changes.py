"""Which files of a tree a script made or changed, and when."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """A file as it was. changed: when its inode last did, in seconds since 1970; is_folder; what: size, mtime, inode
    and mode, which tell whether it is the same. (ctime does not: another link to a file changes it.)"""

    changed: float
    is_folder: bool
    what: tuple[int, ...]


@dataclass(frozen=True)
class Changed:
    """A file made (or changed) at a time. path: begins with the name of its tree ("$PREFIX/lib/x"). exact: the time
    is its own; where a whole folder was moved there, it is the folder's. there: when it was first seen as it is, at a
    stop; None: it was not looked for before the end."""

    path: str
    time: float
    made: bool
    exact: bool = True
    there: float | None = None


def look(trees: Mapping[str, Path], leave_out: Collection[Path] = ()) -> dict[str, Seen]:
    """What lies below the trees, by the tree's name and the path in it; what vanishes meanwhile is not there."""
    return {
        f"{name}/{path}": seen
        for name, root in trees.items()
        for path, seen in _walk(root, "", frozenset(map(str, leave_out)))
    }


def _walk(folder: Path, inside: str, leave_out: frozenset[str]) -> Iterator[tuple[str, Seen]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # one that cannot be read, or is gone: nothing is known of it
        return
    for entry in entries:
        if entry.path in leave_out:
            continue
        try:
            info = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        is_folder = stat.S_ISDIR(info.st_mode)
        path = f"{inside}{entry.name}"
        what = (info.st_size, info.st_mtime_ns, info.st_ino, info.st_mode)
        yield path, Seen(info.st_ctime_ns / 1e9, is_folder, what)
        if is_folder:
            yield from _walk(Path(entry.path), f"{path}/", leave_out)


def changes(before: Mapping[str, Seen], after: Mapping[str, Seen], began: float) -> tuple[Changed, ...]:
    """The files (folders are none) that are new or other ones. A new one whose time lies before `began` was moved there
    with its folder."""
    found = []
    for path, seen in after.items():
        old = before.get(path)
        if seen.is_folder or (old is not None and old.what == seen.what):
            continue
        time, exact = seen.changed, True
        if time < began:
            time, exact = _of_folder(path, after, began), False
        found.append(Changed(path, time, old is None, exact))
    return tuple(found)


def _of_folder(path: str, after: Mapping[str, Seen], began: float) -> float:
    while "/" in path:
        path = path.rpartition("/")[0]
        if path in after and after[path].changed >= began:
            return after[path].changed
    return began
