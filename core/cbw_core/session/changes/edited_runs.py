"""Phases whose scripts went on with edits: a clean run of them is owed until there was one."""

from __future__ import annotations

from typing import Any

from cbw_core.session.changes import edits
from cbw_core.session.disk import jsonfile
from cbw_core.session.folder import SessionFolder
from cbw_core.session.kept import Kept
from cbw_core.session.model import Phase

_ONLY = {
    "build": "only the work folder has them: `keep` writes them into the recipe",
    "test": "only test_tmp/run_test.sh has them",
}


def begins(session: SessionFolder, phase: Phase) -> None:
    """The phase runs from its beginning, or is undone: nothing is owed of it."""
    found = _read(session.kept)
    if found.pop(phase.value, None) is not None:
        _write(session.kept, found)


def ended(session: SessionFolder, phase: Phase) -> None:
    """Keep what the debugger knows of the phase's script, which ended now or was ended."""
    run = session.debugger.run if session.debugger is not None else None
    if run is None or run.target.phase != phase:
        return
    if phase is Phase.BUILD:
        write_base(session.kept, run.editing.recipe, run.target.header)
        if run.editing.work == run.editing.recipe:
            edits.is_ours(session.kept, run.target.script.name)
    if run.edited:
        row = {"text": run.text, "in_recipe": run.editing.in_recipe}
        _write(session.kept, {**_read(session.kept), phase.value: row})


def is_kept(session: SessionFolder, phase: Phase, text: str) -> bool:
    """The recipe has this text of the phase's script now; whether it is what ran."""
    found = _read(session.kept)
    row = found.get(phase.value)
    if row is None or row["text"] != text:
        return False
    _write(session.kept, {**found, phase.value: {**row, "in_recipe": True}})
    return True


def took_from_recipe(session: SessionFolder, phase: Phase) -> bool:
    """Whether the phase's script went on with what was edited in the recipe."""
    row = _read(session.kept).get(phase.value)
    return bool(row and row["in_recipe"])


def owed(session: SessionFolder) -> tuple[str, ...]:
    """What is owed, a sentence for each phase."""
    return tuple(
        f"the {phase} ran with edits: a clean run is owed (`rerun {phase}`)"
        + ("" if row["in_recipe"] else f"; {_ONLY[phase]}")
        for phase, row in _read(session.kept).items()
    )


def ran_with_edits(session: SessionFolder, phase: Phase) -> bool:
    """Whether the phase's last run went on with an edited script."""
    return phase.value in _read(session.kept)


def write_base(kept: Kept, text: str, header: int) -> None:
    """Keep the script's text as the recipe had it when conda_build.sh was written from it."""
    jsonfile.write(kept.script, {"text": text, "header": header})


def _read(kept: Kept) -> dict[str, Any]:
    return dict(jsonfile.read(kept.edited) or {})


def _write(kept: Kept, found: dict[str, Any]) -> None:
    if found:
        jsonfile.write(kept.edited, found)
    else:
        kept.edited.unlink(missing_ok=True)
