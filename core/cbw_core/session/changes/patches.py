"""Patches made from what a person changed in the work folder, and those of the recipe made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cbw_core import source
from cbw_core.errors import BuildError, CbwError, Place, UsageError, from_os_error
from cbw_core.events import Sink, silent
from cbw_core.process import Cancel
from cbw_core.session.changes import patch_place
from cbw_core.session.changes.patch_changes import changed, edited, is_git, is_litter
from cbw_core.session.changes.recipe_edit import add_to_recipe
from cbw_core.session.disk import trees
from cbw_core.session.folder import SessionFolder
from cbw_core.source import patching
from cbw_core.source.entries import SourceEntry, entries_of
from cbw_core.source.patching import CannotPatch, State

Pairs = dict[str, tuple[State | None, State | None]]


@dataclass(frozen=True)
class PatchWritten:
    """file: the patch. changes: (path in the source folder, "new", "removed" or "changed"). place: where the recipe
    names it, for a new one. written: False where it is as it was."""

    file: str
    changes: tuple[tuple[str, str], ...]
    folder: str = ""
    place: Place | None = None
    written: bool = True


def new_patch(
    session: SessionFolder, name: str, files: Sequence[str] = (), *, sink: Sink = silent, cancel: Cancel | None = None
) -> PatchWritten:
    """Make a patch in the recipe's folder from what was changed by hand in the work folder, and enter it behind the
    other patches of its source in meta.yaml.

    files: the changed files, folders or patterns to take (relative to work/); without: all changed source files, and
    new text files.
    Raises UsageError (nothing changed, the name is taken, changes in two sources), RecipeError(kind="edit"),
    BuildError(kind="patch") for what no patch can hold.
    """
    cancel = cancel or Cancel()
    with session.working():
        return _new(session, name, files, sink, cancel)


def _new(session: SessionFolder, name: str, files: Sequence[str], sink: Sink, cancel: Cancel) -> PatchWritten:
    output = session.output
    patch_place.refuse_derived(session)
    target = patch_place.target(Path(output.recipe_dir), name)
    if target.exists():
        raise UsageError(
            f"there is a file {target} already", hint=f"`cbw patch refresh {name}` makes the recipe's patch anew."
        )
    mine = changed(session, files, sink)
    if not mine:
        raise UsageError(
            "nothing in the work folder was changed by hand",
            kind="patch",
            why=f"{session.layout.work} is as source and build left it.",
            hint="Edit files there, then make the patch.",
        )
    entry = patch_place.entry_of(entries_of(output), mine)
    patch_place.refuse_linked(entry)
    with _scratch(session) as scratch:
        pairs = _against_kept(session, entry, mine, scratch)
        data = _made(session, entry, pairs, scratch)
    relative = target.relative_to(Path(output.recipe_dir).resolve()).as_posix()
    _write(target, data)
    try:
        path = ("source", entry.index, "patches")  # outputs have no sources of their own
        place = add_to_recipe(output, path, relative, config=session.config, cancel=cancel, environ=session.environ)
    except CbwError as error:
        error.hint = f"{target} is written; name it under `patches:` of its source in meta.yaml."
        raise
    return PatchWritten(str(target), _kinds(pairs), entry.folder, place)


def refresh_patch(
    session: SessionFolder, name: str, files: Sequence[str] = (), *, sink: Sink = silent, cancel: Cancel | None = None
) -> PatchWritten:
    """Make a patch of the recipe anew, with what was changed by hand in the work folder put into it.

    Later patches must still apply. Where source failed at this very patch, it is made from the folder that source left
    with the rejects, once they are worked in.
    Raises as new_patch, and UsageError(kind="patch") for one that the recipe does not name.
    """
    cancel = cancel or Cancel()
    with session.working():
        return _refresh(session, name, files, sink, cancel)


def _refresh(session: SessionFolder, name: str, files: Sequence[str], sink: Sink, cancel: Cancel) -> PatchWritten:
    patch_place.refuse_derived(session)
    entry, index = patch_place.named(entries_of(session.output), name)
    target = source.patch_path(entry, entry.patches[index])
    old = _read(target)
    with _scratch(session) as scratch:
        base = _provided(session, entry, index, scratch / "base", cancel)
        failed = source.failed_folder(session.layout.work)
        if session.kept.work.exists and session.layout.work.is_dir():
            pairs = _renewed(session, entry, index, base, files, scratch, sink, cancel)
        elif failed.is_dir():
            _refuse_fitting(target, old, base)
            pairs = _worked_in(base, failed / entry.folder)
        else:
            raise UsageError(
                "there is no source to make the patch from", kind="session", hint="`cbw run source` makes it."
            )
        data = _made_anew(pairs, base, old)
    if data is None:
        raise UsageError(
            f"nothing is left of {name}: the source without it is the same",
            kind="patch",
            hint="Remove it from the recipe.",
        )
    if data == old:
        return PatchWritten(str(target), _kinds(pairs), entry.folder, written=False)
    _write(target, data)
    return PatchWritten(str(target), _kinds(pairs), entry.folder)


# -- patches made ----------------------------------------------------------------------------------------------------


@contextmanager
def _scratch(session: SessionFolder) -> Iterator[Path]:
    folder = session.layout.private / "patching"
    try:
        trees.remove(folder)
        folder.mkdir(parents=True)
        yield folder
    except CannotPatch as error:
        raise BuildError(
            str(error), kind="patch", hint="Leave it out: name the files to take behind the patch's name."
        ) from error
    except OSError as error:
        raise from_os_error(error, "making the patch") from error
    finally:
        with suppress(OSError):
            trees.remove(folder)


def _against_kept(session: SessionFolder, entry: SourceEntry, paths: Sequence[str], scratch: Path) -> Pairs:
    """Each changed file as source left it and as it is."""
    reader, before = session.kept.work.reader(), scratch / "before"
    session.kept.work.put_into(before, [path for path in paths if reader.has(path)])
    return {_below(entry, path): (patching.state_of(before / path), edited(session, path)) for path in paths}


def _below(entry: SourceEntry, path: str) -> str:
    return path.removeprefix(f"{entry.folder}/") if entry.folder else path


def _made(session: SessionFolder, entry: SourceEntry, pairs: Pairs, scratch: Path) -> bytes:
    """The patch, tried on the files it is for."""
    lead = f"{entry.folder}/" if entry.folder else ""
    taken = any(path.startswith((f"{lead}a/", f"{lead}b/")) for path in session.kept.work.entries)
    data = patching.make(pairs, prefixed=_takes_prefix(pairs) and not taken)
    _try(data, pairs, scratch / "before" / entry.folder)
    return data


def _takes_prefix(pairs: Pairs) -> bool:
    """Whether a/ and b/ can be told: the strip level is guessed from files that are there."""
    return any(before is not None for before, _ in pairs.values())


def _try(data: bytes, pairs: Pairs, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _apply(data, folder)
    wrong = [path for path, (_, after) in pairs.items() if not patching.same(patching.state_of(folder / path), after)]
    if wrong:
        raise CannotPatch(f"a patch cannot hold the changes of {', '.join(wrong)}")


def _apply(data: bytes, folder: Path) -> bool:
    patches = patching.parse(data)
    level, _ = patching.guess_strip_level(data, patches, folder)
    outcome = patching.apply(patches, folder, level)
    if outcome.fits:
        outcome.write()
    return outcome.fits


def _provided(session: SessionFolder, entry: SourceEntry, count: int, folder: Path, cancel: Cancel) -> Path:
    """The source up to this entry, with its first `count` patches; returns the entry's folder."""
    output = session.output
    entries = [dict(one.data) for one in entries_of(output)[: entry.index + 1]]
    entries[-1]["patches"] = list(entry.patches[:count])
    part = replace(output, meta={**output.meta, "source": entries})
    source.provide(part, folder, config=session.config, sink=silent, cancel=cancel)
    return folder / entry.folder


def _renewed(
    session: SessionFolder,
    entry: SourceEntry,
    index: int,
    base: Path,
    files: Sequence[str],
    scratch: Path,
    sink: Sink,
    cancel: Cancel,
) -> Pairs:
    """Each file of the patch, and each changed one: without the patch, and as the patch shall leave it."""
    mine = changed(session, files, sink)
    if mine and patch_place.entry_of(entries_of(session.output), mine).index != entry.index:
        raise UsageError(
            f"the changes lie in another source than that of {entry.patches[index]}",
            kind="patch",
            hint="Name the files to take behind the patch's name.",
        )
    with_it = _provided(session, entry, index + 1, scratch / "with", cancel)
    with_mine = _against_kept(session, entry, mine, scratch)
    last = index + 1 == len(entry.patches)
    if not last and with_mine:  # later patches lie over it: what was changed has to fit below them
        data = patching.make(with_mine, prefixed=_takes_prefix(with_mine))
        if not _apply(data, with_it):
            raise UsageError(
                f"the changes do not fit below the patches behind {entry.patches[index]}",
                kind="patch",
                hint=f"Refresh one of those: {', '.join(entry.patches[index + 1 :])}.",
            )
    touched = {*_files_of(_read(source.patch_path(entry, entry.patches[index])), base), *with_mine}
    pairs: Pairs = {}
    for path in touched:
        after = with_mine[path][1] if last and path in with_mine else patching.state_of(with_it / path)
        pairs[path] = (patching.state_of(base / path), after)
    if not last:
        _refuse_breaking(session, entry, index, pairs, scratch, cancel)
    return pairs


def _refuse_breaking(
    session: SessionFolder, entry: SourceEntry, index: int, pairs: Pairs, scratch: Path, cancel: Cancel
) -> None:
    """UsageError when a later patch does not apply over the new one."""
    trial = _provided(session, entry, index, scratch / "trial", cancel)
    data = patching.make(pairs, prefixed=_takes_prefix(pairs))
    if data:
        _apply(data, trial)
    for later in entry.patches[index + 1 :]:
        if not _apply(_read(source.patch_path(entry, later)), trial):
            raise UsageError(
                f"{later} does not apply over {entry.patches[index]} as it would be",
                kind="patch",
                hint=f"Put these changes into {later}, or into a new patch: cbw patch refresh {later}.",
            )


def _files_of(data: bytes, base: Path) -> set[str]:
    patches = patching.parse(data)
    level, _ = patching.guess_strip_level(data, patches, base)
    return set(patching.apply(patches, base, level).changes)


def _refuse_fitting(target: Path, data: bytes, base: Path) -> None:
    patches = patching.parse(data)
    level, _ = patching.guess_strip_level(data, patches, base)
    if patching.apply(patches, base, level).fits:
        raise UsageError(
            f"{target.name} applies; it is another patch that does not",
            kind="patch",
            hint="`cbw run source` says which.",
        )


def _worked_in(base: Path, failed: Path) -> Pairs:
    """What differs between the source without the patch and the folder it failed in."""
    one, two = trees.scan(base), trees.scan(failed)
    rejects = sorted(path for path in two if path.endswith(".rej") and path not in one)
    if rejects:
        raise UsageError(
            f"there are rejects in {failed}: {', '.join(rejects)}",
            kind="patch",
            hint="Work their hunks into the files beside them and remove them.",
        )
    pairs: Pairs = {}
    for path in sorted(trees.files(one) | trees.files(two)):
        if is_git(path) or (path not in one and is_litter(path)):
            continue
        pair = (patching.state_of(base / path), patching.state_of(failed / path))
        if not patching.same(*pair):
            pairs[path] = pair
    return pairs


def _made_anew(pairs: Pairs, base: Path, old: bytes) -> bytes | None:
    """The new patch, under what the old one said above its first file; None when nothing is left to change."""
    prefixed = _takes_prefix(pairs) and not (base / "a").exists() and not (base / "b").exists()
    body = patching.make(pairs, prefixed=prefixed)
    if not body:
        return None
    _try(body, pairs, base)
    first = min((patch.line for patch in patching.parse(old)), default=1)
    said = b"".join(old.splitlines(keepends=True)[: first - 1])
    return said + body


def _kinds(pairs: Pairs) -> tuple[tuple[str, str], ...]:
    return tuple(
        (path, "new" if before is None else "removed" if after is None else "changed")
        for path, (before, after) in sorted(pairs.items())
        if not patching.same(before, after)
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise from_os_error(error, f"reading {file.name}") from error


def _write(file: Path, data: bytes) -> None:
    partial = file.with_name(f".{file.name}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(file)
    except OSError as error:
        raise from_os_error(error, f"writing {file.name}") from error
