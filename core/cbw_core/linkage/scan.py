"""A folder on disk looked through: its files and links, and which files are programs or libraries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cbw_core.linkage.tree import Tree
from cbw_core.objects import Binary, Failure, looks_like
from cbw_core.process import Cancel

_EVERY = 256
# what these are called can be no library: they are not opened
_PLAIN = (
    ".py", ".pyc", ".pyi", ".h", ".hpp", ".txt", ".json", ".md", ".rst", ".html", ".js", ".css", ".pc", ".cmake", ".la",
    ".pl", ".pm", ".pod", ".tcl", ".lua", ".rb", ".png", ".svg", ".gz", ".xml", ".yaml", ".yml", ".csv", ".mo", ".c",
)  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """What is in a folder. files, links, folders: as `Tree` has them; candidates: files that look like programs or
    libraries; failures: what could not be opened."""

    folder: str
    files: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    candidates: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def scan(folder: str, *, only: Callable[[str], bool] | None = None, cancel: Cancel | None = None) -> Scan:
    """All files; those whose names end as text and data do are not opened, nor others than `only` says, where given."""
    files: list[str] = []
    links: dict[str, str] = {}
    folders: list[str] = []
    candidates: list[str] = []
    failures: list[Failure] = []
    for count, (path, entry) in enumerate(_walk(folder, "", folders, failures)):
        if cancel is not None and count % _EVERY == 0:
            cancel.check()
        try:
            if entry.is_symlink():
                links[path] = os.readlink(entry.path)  # noqa: PTH115 (the text of the link)
                continue
            files.append(path)
            if (only is None or only(path)) and not path.endswith(_PLAIN) and looks_like(entry.path):
                candidates.append(path)
        except OSError as error:
            failures.append(Failure(path, "unreadable", error.strerror or str(error)))
    return Scan(folder, frozenset(files), links, frozenset(folders), tuple(sorted(candidates)), tuple(failures))


def _walk(top: str, below: str, folders: list[str], failures: list[Failure]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = os.scandir(top)
    except OSError as error:
        failures.append(Failure(below.rstrip("/") or top, "unreadable", error.strerror or str(error)))
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{below}{entry.name}")
                yield from _walk(entry.path, f"{below}{entry.name}/", folders, failures)
            else:
                yield f"{below}{entry.name}", entry


def tree_of(
    found: Scan,
    binaries: Mapping[str, tuple[Binary, ...]],
    *,
    owners: Mapping[str, str] | None = None,
    aliases: tuple[str, ...] = (),
    folded: bool = False,
) -> Tree:
    """A scan as the loader sees it. aliases: what else the prefix is called in the files."""
    return Tree(
        (found.folder.rstrip("/"), *aliases), found.files, found.links, owners or {}, binaries, found.folders, folded
    )
