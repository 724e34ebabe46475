"""source: the work folder, with patches applied, and a copy of it that later runs begin from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbw_core import source
from cbw_core.session import ledger as ledgers
from cbw_core.session import relocate, trees
from cbw_core.session.model import Phase

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.session.session import Session


def inputs(session: Session) -> dict[str, str]:
    found = dict(source.inputs(session.output))
    base = session.base
    if base is not None:
        found["top-level build"] = str(base.ledger[Phase.BUILD].serial)
    return found


def run(session: Session, sink: Sink, cancel: Cancel) -> dict[str, Any]:
    work, copy = session.layout.work, session.kept_work
    base = session.base
    if base is None:
        provided = source.provide(session.output, work, config=session.config, sink=sink, cancel=cancel)
        result = provided.to_json()
    else:
        # an output's script starts from a fresh copy of what the recipe's own build.sh left (define-metadata: outputs)
        base.run(Phase.BUILD, sink=sink, cancel=cancel)
        trees.remove(work)
        trees.copy_tree(base.layout.work, work)
        relocate.rewrite(work, relocate.pairs(base.layout, session.layout))
        result = {"from": "TOPLEVEL", "session": str(base.root)}
    cancel.check()
    trees.remove(copy)
    trees.copy_tree(work, copy)
    ledgers.write_json(session.work_manifest, trees.manifest_json(trees.scan(work)))
    session.built_manifest.unlink(missing_ok=True)
    return result


def undo(session: Session, sink: Sink, first: Phase) -> None:
    session.keep_edits(sink, carry=False)
    trees.remove(session.layout.work)
    trees.remove(session.kept_work)
    session.work_manifest.unlink(missing_ok=True)


def restore(session: Session) -> None:
    """The work folder as it was when source ended."""
    kept = session.read_manifest(session.work_manifest)
    trees.restore_tree(session.kept_work, session.layout.work, before=kept)
    ledgers.write_json(session.work_manifest, trees.manifest_json(trees.scan(session.layout.work)))
