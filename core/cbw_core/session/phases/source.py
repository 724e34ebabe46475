"""source: the work folder, with patches applied, and a copy of it that later runs begin from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbw_core import source
from cbw_core.session import making
from cbw_core.session.changes import edits
from cbw_core.session.disk import aside, relocate, trees
from cbw_core.session.folder import SessionFolder
from cbw_core.session.kept import Kept
from cbw_core.session.look import Look
from cbw_core.session.model import Phase, State
from cbw_core.session.phases.work import Work


def inputs(session: SessionFolder, look: Look) -> dict[str, str]:
    found = {**source.inputs(session.output), **top_level_build(session, look)}
    if _is_gone(session.layout.work, session.kept) and not aside.is_aside(session.layout):
        found["work folder"] = "gone"
    if not session.kept.work.exists:
        found["kept sources"] = "gone"
    return found


def _is_gone(work: Path, kept: Kept) -> bool:
    """Whether there is no work folder, or nothing of source's in it where there was something."""
    if not work.is_dir():
        return True
    return edits.is_empty(path.name for path in work.iterdir()) and bool(kept.work.signatures)


def top_level_build(session: SessionFolder, look: Look) -> dict[str, str]:
    """The run of the top-level build that this output starts from, where there is one."""
    output = session.base_output
    if output is None:
        return {}
    base = look.session_of(output)
    status = None if base is None else look.status(base)[Phase.BUILD]
    if base is None or status is None or status.state is not State.DONE:
        return {"top-level build": "not made" if status is None else status.state.value}
    return {"top-level build": str(base.ledger[Phase.BUILD].serial)}


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    folder, kept = session.layout.work, session.kept
    if kept.work.exists:
        edits.put_by(kept, work.sink)
    kept.work.drop()
    top = session.base_output
    if top is None:
        provided = source.provide(session.output, folder, config=session.config, sink=work.sink, cancel=work.cancel)
        result = provided.to_json()
    else:
        # an output's script starts from a fresh copy of what the recipe's own build.sh left (define-metadata: outputs)
        base = making.helper(session, top)
        work.run(base, Phase.BUILD)
        trees.remove(folder)
        trees.copy_tree(base.layout.work, folder)
        relocate.rewrite(folder, relocate.pairs(base.layout, session.layout))
        result = {"from": "TOPLEVEL", "session": str(base.root)}
    work.cancel.check()
    _not_built(kept)
    kept.work.take()
    return result


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    kept = session.kept
    if kept.work.exists:
        edits.put_by(kept, work.sink)
    kept.work.drop()
    _not_built(kept)
    trees.remove(session.layout.work)


def restore(session: SessionFolder) -> None:
    """The work folder as it was when source ended."""
    session.kept.work.restore()
    _not_built(session.kept)


def _not_built(kept: Kept) -> None:
    """No build has been at work in the work folder."""
    kept.begun.unlink(missing_ok=True)
    kept.built.unlink(missing_ok=True)
