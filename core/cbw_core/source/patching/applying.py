"""A parsed patch and a folder: what would become of its files; writing it, whole or in part."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cbw_core.source.patching.locate import Applied, apply_hunks, split_lines
from cbw_core.source.patching.model import FilePatch
from cbw_core.source.patching.strip import stripped


@dataclass(frozen=True)
class State:
    """A file as it is or shall be: content, permission bits; a link's content is its target."""

    content: bytes
    mode: int = 0o644
    is_link: bool = False


@dataclass(frozen=True)
class FileOutcome:
    """What happens to one file. name: relative to the folder, "/" between parts; "" when no name could be found.

    problem: why it cannot be patched at all ("" when it can); applied: its hunks, when there are any.
    before, after: the file; None where there is none.
    """

    patch: FilePatch
    name: str
    problem: str = ""
    applied: Applied | None = None
    before: State | None = None
    after: State | None = None
    source: str = ""  # the name it is renamed from

    @property
    def fits(self) -> bool:
        return not self.problem and (self.applied is None or self.applied.fits)


@dataclass(frozen=True)
class Outcome:
    """What a patch does to a folder. Nothing has been written: `write` or `write_partly` do."""

    root: Path
    level: int
    files: tuple[FileOutcome, ...]
    changes: dict[str, State | None] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        return all(file.fits for file in self.files)

    def write(self) -> None:
        """Write every change. Raises OSError."""
        for name, state in self.changes.items():
            _write(self.root, name, state)


def apply(patches: Sequence[FilePatch], root: Path, level: int) -> Outcome:
    """Work out what `patches` do to the files below `root`, with `level` leading folders off their names."""
    view = _View(root)
    files = tuple(_apply_one(patch, view, level) for patch in patches)
    return Outcome(root, level, files, view.changes)


def write_partly(outcome: Outcome) -> tuple[str, ...]:
    """Write what fits of a patch that does not fit as a whole, with the hunks left over beside their files as
    NAME.rej, as GNU patch does. Returns the names of those. Raises OSError."""
    outcome.write()
    rejects = []
    for file in outcome.files:
        if file.fits or not file.patch.hunks or not file.name:
            continue
        placed = file.applied.placed if file.applied else (None,) * len(file.patch.hunks)
        out = bytearray(f"--- {file.name}\n+++ {file.name}\n".encode("utf-8", "surrogateescape"))
        for hunk, place in zip(file.patch.hunks, placed, strict=True):
            if place is None:
                out += hunk.header.encode("utf-8", "surrogateescape") + b"\n"
                for tag, text in hunk.body:
                    out += tag.encode() + text
                    if not text.endswith(b"\n"):
                        out += b"\n\\ No newline at end of file\n"
        name = file.name + ".rej"
        if _View(outcome.root).problem_with(name) is None:
            _write(outcome.root, name, State(bytes(out)))
            rejects.append(name)
    return tuple(rejects)


class _View:
    """The folder as it is, under the changes made so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changes: dict[str, State | None] = {}

    def problem_with(self, name: str) -> str | None:
        """Why a name of a patch must not be touched."""
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "\0" in name or name in ("", "."):
            return f"{name!r} leads out of the source folder"
        inside = os.path.realpath(self.root)
        folder = os.path.realpath(self.root.joinpath(*parts[:-1]))
        if folder != inside and not folder.startswith(inside + os.sep):
            return f"{name} goes through a link that leads out of the source folder"
        for count in range(1, len(parts)):
            over = self.changes.get("/".join(parts[:count]))
            if over is not None:
                return f"{'/'.join(parts[:count])} is a file, or a link, that the same patch makes"
        return None

    def get(self, name: str) -> State | None:
        if name in self.changes:
            return self.changes[name]
        path = self.root / name
        try:
            told = path.lstat()
            if stat.S_ISLNK(told.st_mode):
                return State(os.fsencode(path.readlink()), 0o777, is_link=True)
            return State(path.read_bytes(), stat.S_IMODE(told.st_mode))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def has(self, name: str) -> bool:
        return self.changes[name] is not None if name in self.changes else os.path.lexists(self.root / name)

    def is_folder(self, name: str) -> bool:
        path = self.root / name
        return path.is_dir() and not path.is_symlink()


def _apply_one(patch: FilePatch, view: _View, level: int) -> FileOutcome:
    moved = patch.renamed or patch.copied
    if patch.is_empty:  # GNU patch passes over it without a word; the caller tells
        return FileOutcome(patch, stripped(patch.new or patch.old, level) or "")
    if moved:
        # git writes these names without "a/" and "b/"
        source, name = (stripped(part, max(level - 1, 0)) or "" for part in moved)
    else:
        source = name = _name_for(patch, view, level)
    if not name or not source:
        told = patch.new or patch.old or patch.index or "the file"
        return FileOutcome(patch, "", f"{told} has no name left when {level} leading folders are taken off")
    problem = view.problem_with(source) or view.problem_with(name)
    if problem is None and patch.unsupported:
        problem = f"it holds {patch.unsupported}"
    if problem is None and (view.is_folder(source) or view.is_folder(name)):
        problem = f"{name} is a folder in the source"
    if problem is not None:
        return FileOutcome(patch, name, problem)
    before = view.get(source)
    problem = _mismatch(patch, source, before, view.get(name) if moved else None)
    if problem:
        return FileOutcome(patch, name, problem, before=before)
    lines = split_lines(before.content) if before is not None else []
    applied = apply_hunks(lines, patch.hunks)
    after = _after(patch, before, b"".join(applied.lines))
    if not applied.already:
        left_over = patch.deletes and after is not None
        if left_over and applied.fits:
            return FileOutcome(patch, name, f"{name} is to be deleted, but holds more than the patch takes away")
        view.changes[name] = after
        if patch.renamed and source != name:
            view.changes[source] = None
    return FileOutcome(patch, name, "", applied if patch.hunks else None, before, after, source if moved else "")


def _name_for(patch: FilePatch, view: _View, level: int) -> str:
    """GNU patch's choice: of the names that exist the shortest by folders, by last name, by length; of those that do
    not, the one that needs the fewest new folders."""
    names = [found for told in (patch.old, patch.new, patch.index) if (found := stripped(told, level))]
    there = [name for name in names if view.problem_with(name) is None and view.has(name)]
    if there:
        return min(there, key=lambda name: (name.count("/"), len(name.rpartition("/")[2]), len(name)))
    return min(names, key=lambda name: _missing_folders(view.root, name), default="")


def _missing_folders(root: Path, name: str) -> int:
    parts = name.split("/")[:-1]
    return sum(not root.joinpath(*parts[: i + 1]).is_dir() for i in range(len(parts)))


def _mismatch(patch: FilePatch, name: str, before: State | None, target: State | None) -> str:
    """Why the file at hand is not one that this patch is for; "" when it is."""
    if patch.creates:
        if before is not None and before.content and not (before.is_link and patch.mode is None):
            return f"{name} is to be created, but is there already"
        return ""
    if before is None:
        needed = patch.deletes or patch.renamed or patch.copied or not patch.hunks or patch.hunks[0].count
        return f"{name} is not in the source" if needed else ""
    if before.is_link and not (patch.is_git and (patch.mode is None or stat.S_ISLNK(patch.mode))):
        return f"{name} is a link in the source, not a file"
    if target is not None and name:
        return "the name it is to be moved to is taken"
    return ""


def _after(patch: FilePatch, before: State | None, content: bytes) -> State | None:
    """The file when its hunks are in. None: it is gone."""
    if patch.deletes and not content:
        return None
    mode = before.mode if before is not None else 0o644
    is_link = before.is_link if before is not None else False
    if patch.mode is not None:
        is_link = stat.S_ISLNK(patch.mode)
        executable = bool(patch.mode & 0o100)
        mode = (mode | 0o111 if executable else mode & ~0o111) if not is_link else 0o777
    return State(content, mode, is_link)


def _write(root: Path, name: str, state: State | None) -> None:
    path = root / name
    if state is None:
        path.unlink(missing_ok=True)
        for folder in path.parents:  # GNU patch removes the folders that a deletion leaves empty
            if folder == root or not _remove_if_empty(folder):
                break
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:200]}.patched")
    part.unlink(missing_ok=True)
    if state.is_link:
        part.symlink_to(os.fsdecode(state.content))
    else:
        # a new file, so that a hard link elsewhere keeps what it has
        part.write_bytes(state.content)
        part.chmod(state.mode)
    part.replace(path)


def _remove_if_empty(folder: Path) -> bool:
    with suppress(OSError):
        folder.rmdir()
        return True
    return False
