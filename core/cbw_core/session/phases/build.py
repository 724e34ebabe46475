"""build: the build script runs in the prepared work folder; what it made is kept for the phases after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cbw_core import build
from cbw_core.events import Note
from cbw_core.process import Cancel
from cbw_core.session import edits, trees
from cbw_core.session.model import Phase
from cbw_core.session.phases import env, source
from cbw_core.session.trees import Signature

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.session.look import Look
    from cbw_core.session.session import Session

_NAMED = 20  # files in warnings


def inputs(session: Session, look: Look) -> dict[str, str]:
    found = dict(build.inputs(session.output, session.config))
    return found if session.kept.made.exists else {**found, "what the build made": "gone"}


def run(session: Session, sink: Sink, cancel: Cancel) -> dict[str, Any]:
    layout, kept = session.layout, session.kept
    carried = _begin_clean(session, sink, cancel)
    kept.built.unlink(missing_ok=True)
    kept.made.drop()
    session.write_scripts(sink)
    trees.write_manifest(kept.begun, trees.scan(layout.work))
    session.record(Phase.BUILD, touched=True)
    try:
        if build.script_of(session.output) is not None:
            build.run_build(
                session.output,
                layout,
                session.config,
                environ=session.environ,
                sink=sink,
                cancel=cancel,
                log=layout.log(Phase.BUILD),
            )
    finally:
        layout.work.mkdir(parents=True, exist_ok=True)  # a script may remove what it stands in
        layout.host_prefix.mkdir(parents=True, exist_ok=True)
        trees.open_up(layout.work)
        trees.write_manifest(kept.built, trees.scan(layout.work))
    trees.open_up(layout.host_prefix)
    before, now = trees.read_manifest(kept.host), trees.scan(layout.host_prefix)
    made = trees.files(now) - trees.files(before)
    modified = sorted(path for path in trees.files(before) if now.get(path) != before[path])
    for path in [p for p in modified if not p.endswith(".pyc")][:_NAMED]:  # Python renews those as it likes
        sink(Note(f"the build changed {path}, which a dependency owns", level="warning", phase=Phase.BUILD))
    for path in [p for p in sorted(made) if not trees.is_kept(now[p])][:_NAMED]:
        sink(Note(f"{path} is a socket, pipe or device: it is not packaged", level="warning", phase=Phase.BUILD))
    kept.made.take(made)
    return {"new_files": len(made), "modified": modified, "edits": list(carried)}


def _begin_clean(session: Session, sink: Sink, cancel: Cancel) -> tuple[str, ...]:
    """Work folder and prefixes as source and env left them, with the edits that a person made since; returns those."""
    kept = session.kept
    found = edits.by_hand(kept)
    carried = edits.keep(kept, found)
    by_hand = _built_by_hand(session)
    if by_hand:
        sink(Note(f"{by_hand} was changed by hand: the build begins from what env left", phase=Phase.BUILD))
    if session.ledger[Phase.BUILD].touched or by_hand:
        edits.put_others_by(kept, found.others, sink)
        _restore(session, sink, cancel)
        return edits.apply(kept, sink)
    return (*carried, *(f"{path} (removed)" for path in found.removed))


def _built_by_hand(session: Session) -> str:
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


def undo(session: Session, sink: Sink, first: Phase) -> None:
    session.kept.made.drop()
    if first is Phase.BUILD:  # else env or source is undone next: what would be restored here goes away there
        edits.put_by(session.kept, sink)
        _restore(session, sink, Cancel())
        session.write_scripts(sink)


def _restore(session: Session, sink: Sink, cancel: Cancel) -> None:
    source.restore(session)
    env.restore(session, sink, cancel)
    session.kept.made.drop()
