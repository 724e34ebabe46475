"""What is in a prefix: its files, whose they are, and whether they still are as they were installed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core.env.records import reading, record_files
from cbw_core.render.output import Resolved

# Not *.json: conda and rattler read every conda-meta/*.json as a package.
MARKER = "conda-meta/.cbw-installed"
_VERSION = "cbw-installed 1"


@dataclass(frozen=True)
class Changes:
    """How a prefix differs from what was installed: paths relative to it, posix, sorted. folders: new ones."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.modified)


def manifest(prefix: Path) -> frozenset[str]:
    """All files and links below `prefix` (links to folders too), relative, posix (conda_build.utils.prefix_files).

    Empty when there is no such folder.
    """
    return frozenset(path for path, entry in _walk(str(prefix), "") if entry is not None)


def installed_files(prefix: Path) -> Mapping[str, str]:
    """Path relative to `prefix` -> dist (name-version-build) of the package that owns it, from conda-meta."""
    owners: dict[str, str] = {}
    for record in record_files(prefix):
        with reading(record) as data:
            dist = f"{data['name']}-{data['version']}-{data['build']}"
            owners.update(dict.fromkeys(data.get("files") or (), dist))
    return owners


def is_installed(packages: Sequence[Resolved], prefix: Path) -> bool:
    """Whether an install of exactly `packages` into `prefix` came to its end. Cheap: files are not looked at."""
    return _read_marker(prefix)[0] == digest(packages, prefix)


def changes(prefix: Path) -> Changes | None:
    """What changed in `prefix` since it was installed, by type, size and times; None where nothing was installed."""
    marked, before = _read_marker(prefix)
    if not marked:
        return None
    now = dict(_signatures(prefix))
    return Changes(
        tuple(sorted(p for p in now.keys() - before.keys() if not now[p].startswith("d"))),
        tuple(sorted(before.keys() - now.keys())),
        tuple(sorted(p for p in now.keys() & before.keys() if now[p] != before[p])),
        tuple(sorted(p for p in now.keys() - before.keys() if now[p].startswith("d"))),
    )


def digest(packages: Sequence[Resolved], prefix: Path) -> str:
    """Of the packages and the prefix they were relocated to."""
    rows = sorted([p.dist, p.subdir, p.sha256 or p.md5 or p.url] for p in packages)
    return hashlib.sha256(json.dumps([_VERSION, str(prefix), rows]).encode()).hexdigest()


def write_marker(packages: Sequence[Resolved], prefix: Path) -> None:
    """Say that `prefix` is whole, last of all, in one step: the digest, then a line for each file as it is now."""
    lines = [digest(packages, prefix), *(f"{signature}\t{path}" for path, signature in _signatures(prefix))]
    target = prefix / MARKER
    temporary = target.with_name(f"{target.name}.new")
    temporary.write_bytes("\0".join(lines).encode(errors="surrogateescape"))
    temporary.replace(target)


def remove_marker(prefix: Path) -> None:
    """The prefix does not count as whole from now on."""
    with contextlib.suppress(FileNotFoundError):
        (prefix / MARKER).unlink()


def remove_added(prefix: Path, found: Changes) -> None:
    """Remove files that came after the install, and the folders that only they needed."""
    for path in found.added:
        (prefix / path).unlink()
    for path in sorted(found.folders, reverse=True):
        with contextlib.suppress(OSError):  # not empty: a folder in it could not be removed either
            (prefix / path).rmdir()


def _read_marker(prefix: Path) -> tuple[str, dict[str, str]]:
    """The digest and path -> signature; ("", {}) without a whole marker."""
    try:
        first, *lines = (prefix / MARKER).read_bytes().decode(errors="surrogateescape").split("\0")
    except (FileNotFoundError, NotADirectoryError):
        return "", {}
    pairs = (line.partition("\t") for line in lines)
    return first, {path: signature for signature, _, path in pairs}


def _signatures(prefix: Path) -> Iterator[tuple[str, str]]:
    """Path and what tells that it was touched. Folders count as there or not: files in them come and go."""
    for path, entry in _walk(str(prefix), ""):
        if entry is None:
            yield path, "d"
        elif path != MARKER and path != f"{MARKER}.new":
            found = entry.stat(follow_symlinks=False)
            kind = "l" if stat.S_ISLNK(found.st_mode) else "f"
            yield path, f"{kind} {found.st_mode:o} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _walk(top: str, below: str) -> Iterator[tuple[str, os.DirEntry[str] | None]]:
    """Every file and link with its entry, every folder (after what is in it) with None; paths relative to the first
    `top`, posix."""
    try:
        entries = os.scandir(top)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{path}/")
                yield path, None
            else:
                yield path, entry
