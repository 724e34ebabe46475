"""What a person changed in the work folder, as far as it can be told from what a build did there."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import Path

from cbw_core import build
from cbw_core.errors import UsageError
from cbw_core.events import Note, Sink
from cbw_core.session.changes import edits
from cbw_core.session.disk import trees
from cbw_core.session.folder import SessionFolder
from cbw_core.source import patching
from cbw_core.source.patching import State

# what editors and patch leave beside a file
_LITTER = ("*.orig", "*.rej", "*~", "*.swp", "*.pyc")
_LARGE = 1 << 20  # bytes of a new file that nobody wrote by hand
_NAMED = 8


def changed(session: SessionFolder, files: Sequence[str], sink: Sink) -> tuple[str, ...]:
    """Paths in the work folder that a person changed, those asked for."""
    kept, work = session.kept, session.layout.work
    if not kept.work.exists or not work.is_dir():
        raise UsageError("there is no work folder yet", kind="session", hint="`cbw run source` makes it.")
    found, reader = edits.by_hand(kept), kept.work.reader()
    kept_edits = trees.files(trees.scan(kept.edits)) if kept.edits.exists() else set()
    sure = {path for path in {*found.carried, *kept_edits} if not reader.same(path)}
    sure |= _removed(session)
    both = {path for path in found.others if reader.has(path)} - sure
    now = trees.scan(work)
    # what was there when the build began, or came after it ended, and is no source: somebody put it there
    begun = trees.files(trees.read_manifest(kept.begun)) if kept.begun.exists() else set()
    new = {path for path in {*found.others, *begun} if path in now and not reader.has(path)} - both
    new = {path for path in new - _ours(session) if not is_litter(path)}
    if files:
        return _asked_for(files, sure | both | new, work)
    if both:
        sink(Note(f"changed by the build as well, and left out: {listed(both)}; name them to take them", "warning"))
    if any(_is_product(work / path) for path in new):
        sink(Note(f"new files are left out, as something was built here by hand: {listed(new)}", "warning"))
        new = set()
    return tuple(sorted(path for path in sure | new if not is_git(path)))


def _ours(session: SessionFolder) -> set[str]:
    """Scripts that we put into the work folder."""
    script = build.script_of(session.output)
    return {*edits.SCRIPTS, *((build.script_file_name(script),) if script is not None else ())}


def _removed(session: SessionFolder) -> set[str]:
    """Source files that a person removed: before the last build began, or after it ended."""
    kept = session.kept
    known, now = kept.work.files(), trees.scan(session.layout.work)
    begun = trees.read_manifest(kept.begun) if kept.begun.exists() else kept.work.signatures
    left = trees.read_manifest(kept.built) if kept.built.exists() else begun
    return {path for path in known if path not in now and (path in left or path not in begun)}


def _asked_for(files: Sequence[str], candidates: set[str], work: Path) -> tuple[str, ...]:
    found: set[str] = set()
    for told in files:
        pattern = told.removeprefix(f"{work}/").removeprefix("./").rstrip("/")
        hits = {p for p in candidates if p == pattern or p.startswith(f"{pattern}/") or fnmatch.fnmatch(p, pattern)}
        if not hits:
            raise UsageError(
                f"{told} was not changed by hand",
                kind="patch",
                why=f"Changed are: {listed(candidates)}." if candidates else "Nothing was.",
            )
        found |= hits
    return tuple(sorted(found))


def is_litter(path: str) -> bool:
    """Whether an editor, patch or Python left a file behind."""
    name = path.rpartition("/")[2]
    return any(fnmatch.fnmatch(name, pattern) for pattern in _LITTER) or "__pycache__" in path.split("/")


def is_git(path: str) -> bool:
    """Whether a path lies in a repository's own folder."""
    return ".git" in path.split("/")


def _is_product(file: Path) -> bool:
    try:
        if file.is_symlink():
            return False
        return file.stat().st_size > _LARGE or b"\0" in file.read_bytes()
    except OSError:
        return True


def listed(paths: Iterable[str]) -> str:
    """Paths for a message: the first few, sorted, and how many more."""
    shown = sorted(paths)
    return ", ".join(shown[:_NAMED]) + (f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else "")


def edited(session: SessionFolder, path: str) -> State | None:
    """A file as a person left it: an edit that went into a build is kept beside."""
    found = edits.by_hand(session.kept)
    kept = session.kept.edits / path
    taken = path in found.carried or path in found.others or path in _removed(session)
    if not taken and kept.exists():
        return patching.state_of(kept)
    return patching.state_of(session.layout.work / path)
