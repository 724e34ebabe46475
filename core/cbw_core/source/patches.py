"""The patches of one source entry, applied to its folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from cbw_core.errors import Place, RecipeError, from_os_error
from cbw_core.events import LogLine, Note, Sink
from cbw_core.source import patching
from cbw_core.source.entries import SourceEntry, printable
from cbw_core.source.model import AppliedPatch
from cbw_core.source.tools import Ran, Tools


class PatchFailed(Exception):
    """A patch does not fit. The folder has what of it fits, and the rejects; `error` tells."""

    def __init__(self, error: RecipeError) -> None:
        super().__init__(error.message)
        self.error = error


def patch_path(entry: SourceEntry, name: str) -> Path:
    """Where a patch of the recipe lies."""
    return entry.recipe_dir / name


def apply_all(entry: SourceEntry, folder: Path, *, after_git: bool, tools: Tools) -> tuple[AppliedPatch, ...]:
    """Apply the entry's patches to `folder`, in order (conda_build.source.apply_one_patch).

    after_git: a git entry came before or is this one: then patches that git format-patch wrote become commits of the
    folder's repository, by git am, as conda-build makes them.
    Raises RecipeError(kind="patch") for a patch that cannot be read, PatchFailed for one that does not fit.
    """
    with_git = after_git and (folder / ".git").exists()
    return tuple(_apply_one(entry, name, folder, with_git, tools) for name in entry.patches)


def _apply_one(entry: SourceEntry, name: str, folder: Path, with_git: bool, tools: Tools) -> AppliedPatch:
    path = patch_path(entry, name)
    tools.cancel.check()
    if not path.is_file():
        raise entry.error(
            f"there is no patch {name}",
            "patches",
            value=name,
            kind="patch",
            why=f"{path} {'is a folder' if path.is_dir() else 'is not there'}.",
            hint="Patches are looked for in the recipe's folder.",
        )
    try:
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if with_git and is_git_format(data):
            return _git_am(entry, name, path, data, folder, sha256, tools)
        return _apply(entry, name, path, data, folder, sha256, tools.sink)
    except OSError as error:
        raise from_os_error(error, f"applying {name}") from error


def is_git_format(data: bytes) -> bool:
    """Whether git format-patch wrote it, by conda-build's rule (conda_build.source._get_patch_file_details)."""
    if not re.match(rb"From [0-9a-f]{40}", data):
        return False
    return not any(line.startswith(b"git") and not line.startswith(b"git --diff") for line in data.split(b"\n")[1:])


def _apply(
    entry: SourceEntry, name: str, path: Path, data: bytes, folder: Path, sha256: str, sink: Sink
) -> AppliedPatch:
    outcome = _worked_out(name, path, data, folder, sink)
    if not outcome.fits:
        raise _failed(entry, name, path, outcome)
    outcome.write()
    return _told(name, sha256, outcome, sink)


def _worked_out(name: str, path: Path, data: bytes, folder: Path, sink: Sink) -> patching.Outcome:
    try:
        patches = patching.parse(data)
    except patching.PatchSyntaxError as error:
        lines = data.decode("utf-8", "replace").splitlines()
        text = lines[error.line - 1].strip()[:200] if error.line <= len(lines) else None
        raise RecipeError(
            f"{name} is not a patch that can be read: {error}",
            kind="patch",
            place=Place(str(path), error.line, text=text),
            hint="Make it anew, with diff -u or git diff.",
        ) from error
    level, guessed = patching.guess_strip_level(data, patches, folder)
    if guessed:
        text = f"{name}: its strip level is not clear; {level} is taken, the lowest, as conda-build does"
        sink(Note(text, "warning", "source"))
    return patching.apply(patches, folder, level)


def _told(name: str, sha256: str, outcome: patching.Outcome, sink: Sink) -> AppliedPatch:
    placed = [place for file in outcome.files if file.applied for place in file.applied.placed if place]
    for file in outcome.files:
        if file.patch.is_empty:
            text = f"{name} tells that {file.name} changes, but not how (a binary file): it stays as it is"
            sink(Note(text, "warning", "source"))
    found = AppliedPatch(
        name,
        sha256,
        outcome.level,
        tuple(file.name for file in outcome.files if not file.patch.is_empty),
        sum(place.offset != 0 for place in placed),
        sum(place.fuzz != 0 for place in placed),
    )
    sink(LogLine(f"applied {name} (-p{outcome.level}) to {', '.join(found.files)}", "source"))
    if found.fuzzy:
        text = f"{name}: {found.fuzzy} of {len(placed)} hunks fit only with context left out (fuzz); refresh the patch"
        sink(Note(text, "warning", "source"))
    return found


def _failed(entry: SourceEntry, name: str, path: Path, outcome: patching.Outcome) -> PatchFailed:
    told = patching.explain(outcome)
    rejects = patching.write_partly(outcome)
    listed = f"\n\nrejects: {', '.join(rejects)}" if rejects else ""
    return PatchFailed(
        RecipeError(
            printable(f"{name} does not apply: {told.what}"),
            kind="patch",
            place=Place(str(path), told.line),
            why=told.why,
            details=f"{told.details}{listed}\n\nnamed in {entry.place('patches', name)}; strip level {outcome.level}",
        )
    )


def _git_am(
    entry: SourceEntry, name: str, path: Path, data: bytes, folder: Path, sha256: str, tools: Tools
) -> AppliedPatch:
    before = tools.git("rev-parse", "HEAD", cwd=folder, quiet=True).last
    # conda-build's committer: the same patch makes the same commit
    who = {"GIT_COMMITTER_NAME": "conda-build", "GIT_COMMITTER_EMAIL": "conda@conda-build.org"}
    # the full path: git runs in the folder
    args = ("am", "-3", "--no-gpg-sign", "--committer-date-is-author-date", "--", str(path.resolve()))
    ran = tools.git(*args, cwd=folder, quiet=True, env=who)
    if ran.ok:
        changed = tools.git("diff", "--name-only", before, "HEAD", cwd=folder, quiet=True)
        tools.sink(LogLine(f"applied {name} (git am) to {', '.join(changed.lines)}", "source"))
        return AppliedPatch(name, sha256, None, changed.lines)
    if not tools.git("am", "--abort", cwd=folder, quiet=True, env=who).ok:
        raise _am_refused(entry, name, path, ran)
    outcome = _worked_out(name, path, data, folder, tools.sink)
    if not outcome.fits:
        raise _failed(entry, name, path, outcome)
    raise _am_refused(entry, name, path, ran)


def _am_refused(entry: SourceEntry, name: str, path: Path, ran: Ran) -> PatchFailed:
    """git knows better than we: an author without a name, a file under way."""
    return PatchFailed(
        RecipeError(
            f"{name} does not apply: git am refuses it",
            kind="patch",
            place=Place(str(path), 1),
            why=ran.lines[0] if ran.lines else None,
            details=f"{ran.text}\n\nnamed in {entry.place('patches', name)}",
        )
    )
