"""build: the build script runs in the prepared work folder; what it made is kept for the phases after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbw_core import build
from cbw_core.events import Note
from cbw_core.process import Cancel
from cbw_core.session import edits, trees
from cbw_core.session import ledger as ledgers
from cbw_core.session.model import Phase
from cbw_core.session.phases import env, source

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.session.session import Session


def inputs(session: Session) -> dict[str, str]:
    return dict(build.inputs(session.output, session.config))


def run(session: Session, sink: Sink, cancel: Cancel) -> dict[str, Any]:
    layout = session.layout
    carried = session.keep_edits(sink, carry=True)
    if session.ledger[Phase.BUILD].touched:
        _restore(session, sink, cancel)
        for path in edits.apply(session.edits, layout.work):
            sink(Note(f"your edit of work/{path} goes into this run", phase=Phase.BUILD))
    session.touch(Phase.BUILD)
    session.built_manifest.unlink(missing_ok=True)
    session.write_scripts(sink)
    log = layout.log(Phase.BUILD)
    try:
        if build.script_of(session.output) is not None:
            build.run_build(
                session.output, layout, session.config, environ=session.environ, sink=sink, cancel=cancel, log=log
            )
    finally:
        ledgers.write_json(session.built_manifest, trees.manifest_json(trees.scan(layout.work)))
    before = session.read_manifest(session.host_manifest)
    now = trees.scan(layout.host_prefix)
    made = trees.files(now) - trees.files(before)
    modified = sorted(path for path in trees.files(before) if now.get(path) != before[path])
    for path in [p for p in modified if not p.endswith(".pyc")][:20]:  # Python renews those as it likes
        sink(Note(f"the build changed {path}, which a dependency owns", level="warning", phase=Phase.BUILD))
    _keep_made(session, made)
    return {"new_files": len(made), "modified": modified, "edits": list(carried)}


def _keep_made(session: Session, made: set[str]) -> None:
    """A copy of what the build put into the host prefix, so that post can be run again from it."""
    trees.remove(session.after_build)
    partial = session.after_build.with_name(".after-build.partial")
    trees.remove(partial)
    partial.mkdir(parents=True)
    trees.copy_into(session.layout.host_prefix, partial, made)
    partial.rename(session.after_build)


def undo(session: Session, sink: Sink, first: Phase) -> None:
    session.keep_edits(sink, carry=False)
    if first is not Phase.BUILD:
        trees.remove(session.after_build)  # env or source is undone next: what would be restored here goes away there
        return
    if session.ledger[Phase.BUILD].touched:
        _restore(session, sink, Cancel())
    session.write_scripts(sink)
    session.built_manifest.unlink(missing_ok=True)


def _restore(session: Session, sink: Sink, cancel: Cancel) -> None:
    """Work folder and prefixes as source and env left them."""
    source.restore(session)
    env.restore(session, sink, cancel)
    trees.remove(session.after_build)
