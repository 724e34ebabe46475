"""A target's files one by one, wherever they are: in a package, a prefix, a folder, or alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cbw_core.inspect.targets.archived import Item, Keep, read_package
from cbw_core.inspect.targets.kinds import Target
from cbw_core.inspect.targets.records import Installed, installed
from cbw_core.objects import Failure, looks_like
from cbw_core.process import Cancel
from cbw_core.test.packaged import Info


@dataclass(frozen=True)
class Opened:
    """items: path -> Item, each with its place on disk while this is open. owners: path -> dist. info: of a package.
    placeholders: path -> (what the file calls its prefix, "text" or "binary"), as the package says."""

    target: Target
    items: Mapping[str, Item]
    owners: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    info: Info | None = None
    records: tuple[Installed, ...] = ()


@contextmanager
def opened(target: Target, *, keep: Keep = "everything", cancel: Cancel | None = None) -> Iterator[Opened]:
    """Raises UsageError(kind="package") for an archive of which nothing can be read."""
    if target.kind == "package":
        with TemporaryDirectory(prefix="cbw-inspect-") as folder:
            contents = read_package(target.path, Path(folder), keep=keep, cancel=cancel)
            items = {path: one for path, one in contents.items.items() if one.kind != "folder"}
            yield Opened(target, items, {}, contents.failures, contents.info)
        return
    if target.kind == "file":
        path = target.path / target.name
        yield Opened(target, {target.name: _item(target.name, str(path))})
        return
    records, failures = installed(target.path) if target.kind in ("prefix", "installed") else ((), ())
    owners = {path: one.dist for one in records for path in one.files}
    items, broken = _walked(target.path, cancel)
    if target.kind == "installed":
        mine = {path for one in records if one.name == target.name for path in one.files}
        items = {path: one for path, one in items.items() if path in mine}
        broken = [one for one in broken if one.path in mine]
    yield Opened(target, items, owners, (*failures, *broken), None, records)


def _walked(folder: Path, cancel: Cancel | None) -> tuple[dict[str, Item], list[Failure]]:
    items: dict[str, Item] = {}
    failures: list[Failure] = []
    top = str(folder)
    for here, _, names in os.walk(top, onerror=lambda e: failures.append(_failure(top, e))):
        if cancel is not None:
            cancel.check()
        for name in names:
            full = f"{here}/{name}"
            path = full[len(top) + 1 :]
            try:
                items[path] = _item(path, full)
            except OSError as error:
                failures.append(_failure(top, error))
    return dict(sorted(items.items())), failures


def _failure(top: str, error: OSError) -> Failure:
    path = str(error.filename or top).removeprefix(f"{top}/")
    return Failure(path, "unreadable", error.strerror or str(error))


def _item(path: str, full: str) -> Item:
    info = os.lstat(full)
    if stat.S_ISLNK(info.st_mode):
        return Item(path, "link", stat.S_IMODE(info.st_mode), target=os.readlink(full), disk=full)  # noqa: PTH115
    regular = stat.S_ISREG(info.st_mode)
    form = looks_like(full) if regular else ""
    found = Item(path, "file", stat.S_IMODE(info.st_mode), info.st_size, info.st_mtime, "", "", full, form)
    return found if regular else replace(found, disk="")
