"""build: the build script runs in the prepared work folder; what it made is kept for the phases after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cbw_core import build
from cbw_core import env as env_room
from cbw_core.events import Note
from cbw_core.process import Cancel
from cbw_core.session import timelines
from cbw_core.session.changes import edited_runs, edits
from cbw_core.session.disk import trees
from cbw_core.session.disk.trees import Signature
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase
from cbw_core.session.phases import env, render, scripts, source
from cbw_core.session.phases.work import Work

_NAMED = 20  # files in warnings


def inputs(session: SessionFolder, look: Look) -> dict[str, str]:
    found = dict(build.inputs(session.output, session.config))
    return found if session.kept.made.exists else {**found, "what the build made": "gone"}


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    layout, kept = session.layout, session.kept
    carried = _begin_clean(session, work)
    kept.built.unlink(missing_ok=True)
    timelines.set_aside(kept)
    kept.made.drop()
    edited_runs.begins(session, Phase.BUILD)
    scripts.write(session, work.sink)
    trees.write_manifest(kept.begun, trees.scan(layout.work))
    session.record(Phase.BUILD, touched=True)
    try:
        if build.script_of(session.output) is not None:
            _run_script(session, work)
    finally:
        layout.work.mkdir(parents=True, exist_ok=True)  # a script may remove what it stands in
        layout.host_prefix.mkdir(parents=True, exist_ok=True)
        trees.open_up(layout.work)
        trees.write_manifest(kept.built, trees.scan(layout.work))
        timelines.keep(session)
    trees.open_up(layout.host_prefix)
    before, now = trees.read_manifest(kept.host), trees.scan(layout.host_prefix)
    made = trees.files(now) - trees.files(before)
    edited = _edited(session, now)
    for text in _told(edited):
        work.sink(Note(text, level="warning", phase=Phase.BUILD))
    for path in [p for p in sorted(made) if not trees.is_kept(now[p])][:_NAMED]:
        work.sink(Note(f"{path} is a socket, pipe or device: it is not packaged", level="warning", phase=Phase.BUILD))
    kept.made.take(made)
    return {"new_files": len(made), "edited": [asdict(row) for row in edited], "edits": list(carried)}


def _run_script(session: SessionFolder, work: Work) -> None:
    layout = session.layout
    try:
        build.run_build(
            session.output,
            layout,
            session.config,
            environ=session.environ,
            sink=work.sink,
            cancel=work.cancel,
            log=layout.log(Phase.BUILD),
            debugger=session.debugger,
            render_again=lambda: render.now(session, work.sink),
        )
    finally:
        edited_runs.ended(session, Phase.BUILD)
    if edited_runs.took_from_recipe(session, Phase.BUILD):
        render.take_in(session, work)


@dataclass(frozen=True)
class Edited:
    """A file of a dependency that the build changed or removed. env: "host" or "build"."""

    env: str
    package: str
    path: str
    what: str


def _edited(session: SessionFolder, host: trees.Manifest) -> list[Edited]:
    """What the build did to files of packages in both prefixes; `host` is the host prefix as the build left it."""
    layout, kept = session.layout, session.kept
    found = []
    for name, prefix, manifest in (
        ("host", layout.host_prefix, kept.host),
        ("build", layout.build_prefix, kept.build_env),
    ):
        before = trees.read_manifest(manifest)
        now = host if name == "host" else trees.scan(prefix) if before else {}
        touched = [path for path, row in before.items() if not trees.is_folder(row) and now.get(path) != row]
        found += [Edited(name, row.package, row.path, row.what) for row in env_room.edited_files(prefix, touched)]
    return found


def _told(edited: Sequence[Edited]) -> Iterator[str]:
    """A line for each package: its files, and that the change goes no further."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in edited:
        groups.setdefault((row.env, row.package, row.what), []).append(row.path)
    for (name, package, what), paths in groups.items():
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        listed = ", ".join(paths[:_NAMED]) + more
        yield f"the build {what} {listed} of {package} in the {name} environment: that is not packaged"


def _begin_clean(session: SessionFolder, work: Work) -> tuple[str, ...]:
    """Work folder and prefixes as source and env left them, with the edits that a person made since; returns those."""
    kept = session.kept
    if session.dirty and session.ledger[Phase.BUILD].touched:
        work.sink(Note("the work folder and the prefix are as the last run left them", phase=Phase.BUILD))
        return ()
    found = edits.by_hand(kept)
    carried = edits.keep(kept, found)
    by_hand = _built_by_hand(session)
    if by_hand:
        work.sink(Note(f"{by_hand} was changed by hand: the build begins from what env left", phase=Phase.BUILD))
    if session.ledger[Phase.BUILD].touched or by_hand:
        edits.put_others_by(kept, found.others, work.sink)
        _restore(session, work)
        return edits.apply(kept, work.sink)
    return (*carried, *(f"{path} (removed)" for path in found.removed))


def _built_by_hand(session: SessionFolder) -> str:
    """A path in the host prefix that is not as env left it, before the first build: somebody ran the script in a shell.
    "" when all is. (Bytecode tells nothing: Python writes it as it likes.)"""
    if session.ledger[Phase.BUILD].touched:
        return ""
    ready, now = trees.read_manifest(session.kept.ready), trees.scan(session.layout.host_prefix)
    differ = {path for path, _ in _files(ready) ^ _files(now)}
    return f"PREFIX/{min(differ)}" if differ else ""


def _files(manifest: Mapping[str, Signature]) -> set[tuple[str, Signature]]:
    rows = manifest.items()
    return {(path, row) for path, row in rows if not trees.is_folder(row) and "__pycache__" not in path.split("/")}


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    session.kept.made.drop()
    edited_runs.begins(session, Phase.BUILD)
    timelines.set_aside(session.kept)
    if first is Phase.BUILD:  # else env or source is undone next: what would be restored here goes away there
        edits.put_by(session.kept, work.sink)
        _restore(session, replace(work, cancel=Cancel()))
        scripts.write(session, work.sink)


def _restore(session: SessionFolder, work: Work) -> None:
    source.restore(session)
    env.restore(session, work)
    session.kept.made.drop()
