"""The cache of extracted packages: what is in it, and whether each still is what its own paths.json says."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.events import Progress, Sink, silent
from cbw_core.process import Cancel

_LOCK = ".cache.lock"


@dataclass(frozen=True)
class CachedPackage:
    """A package as it lies in the cache. size: bytes of its files. problems: "FILE: what is wrong with it" of each file
    that is not what info/paths.json says; empty where all are."""

    dist: str
    path: str
    files: int
    size: int
    problems: tuple[str, ...] = ()


def folder(config: Config) -> Path:
    """Where packages are extracted to, once for all sessions."""
    return config.cache / "pkgs"


def cached_packages(config: Config, *, sink: Sink = silent, cancel: Cancel | None = None) -> tuple[CachedPackage, ...]:
    """All packages of the cache by name, each file of them read and held against info/paths.json. What other sessions
    are just extracting is no package yet."""
    cancel = cancel or Cancel()
    try:
        there = sorted(path for path in folder(config).iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return ()
    places = [path for path in there if (path / "info").is_dir()]
    found = []
    for number, place in enumerate(places):
        cancel.check()
        sink(Progress("check", number, len(places), "packages", place.name))
        found.append(_verified(place))
    sink(Progress("check", len(places), len(places), "packages", "", finished=True))
    return tuple(found)


def sweep(config: Config) -> tuple[str, ...]:
    """Remove what installs that were killed left half extracted; names of what was removed.

    rattler extracts to `.NAME-VERSION-BUILDxxxxxx`, renames that when it is whole, and holds `.cache.lock` all the
    while: nothing is removed while somebody else holds it.
    """
    root = folder(config)
    left = [entry for entry in root.glob(".*") if entry.is_dir()]
    if not left:
        return ()
    with (root / _LOCK).open("ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return ()
        for entry in left:
            shutil.rmtree(entry, ignore_errors=True)
    return tuple(sorted(entry.name for entry in left if not entry.exists()))


def remove(config: Config, packages: Iterable[CachedPackage]) -> None:
    """Take packages out of the cache, while no install is going on. They are extracted anew when they are needed."""
    with (folder(config) / _LOCK).open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        for package in packages:
            place = Path(package.path)
            place.with_name(f"{place.name}.lock").unlink(missing_ok=True)
            place.rename(place.with_name(f".{place.name}.gone"))  # in one step: a half package must not be trusted
            shutil.rmtree(place.with_name(f".{place.name}.gone"), ignore_errors=True)


def _verified(place: Path) -> CachedPackage:
    there = {path: info for path, info in _files(place, "") if path.partition("/")[0] != "info"}
    size = sum(info.st_size for info in there.values())
    problems = tuple(f"{path}: {what}" for path, what in _problems(place, dict(there)))
    return CachedPackage(place.name, str(place), len(there), size, problems)


def _problems(place: Path, there: dict[str, os.stat_result]) -> Iterator[tuple[str, str]]:
    try:
        rows = _rows(place)
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield "info/paths.json", f"cannot be read ({error})"
        return
    for path, row in rows.items():
        info = there.pop(path, None)
        if info is None:
            if row.get("path_type") != "directory":
                yield path, "missing"
        elif row.get("path_type") == "softlink":
            if not stat.S_ISLNK(info.st_mode):
                yield path, "is no link"
        elif stat.S_ISLNK(info.st_mode):
            yield path, "is a link"
        elif row.get("size_in_bytes") not in (None, info.st_size):
            yield path, f"has {info.st_size} bytes instead of {row['size_in_bytes']}"
        elif row.get("sha256") not in (None, "") and _sha256(place / path) != row["sha256"]:
            yield path, "has other contents"
    for path in sorted(there):
        yield path, "is not in the package"


def _rows(place: Path) -> dict[str, dict[str, Any]]:
    """info/paths.json by path; of packages older than that, the names in info/files."""
    file = place / "info" / "paths.json"
    if not file.exists():
        names = (place / "info" / "files").read_text(encoding="utf-8").splitlines()
        return {name: {} for name in names if name}
    return {row["_path"]: row for row in json.loads(file.read_bytes())["paths"]}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path, below: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}", entry.stat(follow_symlinks=False)
