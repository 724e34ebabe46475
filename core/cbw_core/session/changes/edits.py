"""Edits made by hand in the work folder: found, kept, and carried into the next run of the build.

A changed source file that the build leaves alone is carried: the next build begins with it, and begins without one that
was removed. What cannot be told from the build's own doing (new files, files that the build changes too) is kept in a
folder of its own when the work folder is put back, and that is said. Nothing that a person wrote is lost.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cbw_core.events import Note, Sink
from cbw_core.session.disk import digests, jsonfile, trees
from cbw_core.session.kept import Kept

SCRIPTS = ("build_env_setup.sh", "conda_build.sh", "metadata_conda_debug.yaml")
_NAMED = 10  # paths in a note


@dataclass(frozen=True)
class Edits:
    """Paths in the work folder, sorted. carried: go into the next build. others: new files, and changed ones of which
    nobody can say whether the build or a person changed them last. removed: files and folders that source provided, the
    last build left as they were, and that are gone."""

    carried: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def by_hand(kept: Kept) -> Edits:
    """What differs in the work folder from what the last build left there, or source, when none has run since. A build
    that was killed has left no list: all that it changed counts."""
    prepared = kept.work.signatures
    begun = trees.read_manifest(kept.begun) if kept.begun.exists() else prepared
    killed = kept.begun.exists() and not kept.built.exists()
    left = trees.read_manifest(kept.built) if kept.built.exists() else begun
    now = trees.scan(kept.layout.work)
    snapshot = kept.work.reader()
    carried, others = [], []
    for path in sorted(trees.files(now)):
        if now[path] == left.get(path) or path in SCRIPTS:
            continue
        if snapshot.has(path) and begun.get(path) == left.get(path) and not killed:
            carried.append(path)
        elif not snapshot.same(path):
            others.append(path)
    gone: list[str] = []
    if not killed and not is_empty(now):  # with nothing left there is no edit, but a folder to be made anew
        gone = [p for p in left if p not in now and begun.get(p) == left[p] and p not in SCRIPTS and snapshot.has(p)]
    return Edits(tuple(carried), tuple(others), tuple(sorted(gone)))


def is_empty(work: Iterable[str]) -> bool:
    """Whether a work folder with these paths has nothing in it but our scripts."""
    return all(path in SCRIPTS for path in work)


def keep(kept: Kept, found: Edits) -> tuple[str, ...]:
    """Keep changed source files, and the names of removed ones, for the next build; returns those that differ from what
    source provided. One that a person changed back, or put back, is kept no longer."""
    snapshot = kept.work.reader()
    for path in found.removed:
        trees.remove(kept.edits / path)
    gone = {p for p in (*_removed(kept), *found.removed) if not os.path.lexists(kept.layout.work / p)}
    if gone:
        jsonfile.write(kept.removed, sorted(gone))
    else:
        kept.removed.unlink(missing_ok=True)
    differ = []
    for path in found.carried:
        if snapshot.same(path):
            trees.remove(kept.edits / path)
        else:
            differ.append(path)
    trees.copy_into(kept.layout.work, kept.edits, differ)
    return tuple(differ)


def _removed(kept: Kept) -> list[str]:
    """Paths that a person removed from the work folder."""
    return list(jsonfile.read(kept.removed) or ())


def apply(kept: Kept, sink: Sink) -> tuple[str, ...]:
    """Put the kept edits over a restored work folder; returns the paths of changed and of removed files."""
    found = trees.scan(kept.edits)
    work = kept.layout.work
    folders = []
    removed = _removed(kept)
    for path in removed:
        if (work / path).is_dir() and not (work / path).is_symlink():
            folders.append(path)
        else:
            trees.remove(work / path)
    for path in reversed(folders):  # the inner ones first; one that holds more than was removed stays
        with suppress(OSError):
            (work / path).rmdir()
    trees.copy_into(kept.edits, work, found)
    files = [path for path in removed if path not in folders]
    paths = (*sorted(trees.files(found)), *(f"{path} (removed)" for path in files))
    if paths:
        sink(Note(f"your edits of work/ go into this run: {_listed(paths)}", phase="build"))
    return paths


def put_by(kept: Kept, sink: Sink) -> None:
    """Move all that a person did to a folder of its own, before the work folder is put back; say which."""
    found = by_hand(kept)
    keep(kept, found)
    if removed := _removed(kept):
        sink(Note(f"files removed by hand from work/ are there again: {_listed(removed)}", level="hint"))
    kept.removed.unlink(missing_ok=True)
    carried = trees.files(trees.scan(kept.edits))
    if carried:
        folder = _new_folder(kept)
        kept.edits.rename(folder)
        _tell(folder, sorted(carried), sink)
    put_others_by(kept, found.others, sink)


def put_others_by(kept: Kept, paths: Sequence[str], sink: Sink) -> None:
    """Move what cannot be carried to a folder of its own; say which."""
    if not paths:
        return
    folder = _new_folder(kept)
    _tell(folder, paths, sink)
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        trees.move(kept.layout.work / path, target)


def _tell(folder: Path, paths: Sequence[str], sink: Sink) -> None:
    sink(Note(f"changes made by hand in work/ are kept in {folder}: {_listed(paths)}", level="hint"))


@contextmanager
def rewriting_scripts(kept: Kept, sink: Sink) -> Iterator[None]:
    """While inside, our scripts in the work folder are written anew. What a person made of them is kept, and said."""
    ours = jsonfile.read(kept.scripts) or {}
    before = {name: _text(kept, name) for name in SCRIPTS}
    yield
    for name, text in before.items():
        if text is None or digests.of_bytes(text) == ours.get(name) or name not in ours or text == _text(kept, name):
            continue
        folder = _new_folder(kept)
        folder.mkdir(parents=True)
        (folder / name).write_bytes(text)
        sink(Note(f"work/{name} is written anew; your version of it is kept in {folder}", level="hint"))
    jsonfile.write(kept.scripts, {name: digests.of_file(kept.layout.work / name) for name in SCRIPTS})


def is_ours(kept: Kept, name: str) -> None:
    """A script in the work folder counts as written by us as it is now."""
    file = kept.layout.work / name
    if file.is_file():
        jsonfile.write(kept.scripts, {**(jsonfile.read(kept.scripts) or {}), name: digests.of_file(file)})


def _text(kept: Kept, name: str) -> bytes | None:
    file = kept.layout.work / name
    return file.read_bytes() if file.is_file() else None


def _new_folder(kept: Kept) -> Path:
    numbers = (kept.layout.private / f"edits-{n}" for n in itertools.count(1))
    return next(folder for folder in numbers if not folder.exists())


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
