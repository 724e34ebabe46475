"""Asking a held script how it stands. Slow: the shell answers through pipes; not for the app's own thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError
from cbw_workbench.tui.standing import Looked

if TYPE_CHECKING:
    from cbw_core.trace import Run, Stop
    from cbw_workbench.commands.held import Held


def look_at(held: Held) -> Looked:
    """What is known now; only the breakpoints and the script's file where nothing stands."""
    debugger = held.debugger
    looked = Looked(breakpoints=debugger.breakpoints)
    run, stop = debugger.run, held.stop
    if run is not None:
        looked = replace(looked, script=run.target.file or "")
    if run is None or stop is None:
        return looked
    try:
        variables = debugger.variables()
    except CbwError:
        return looked  # it went on meanwhile: the next stop is looked at anew
    pending = debugger.pending
    edited, begins = (False, None) if pending is not None else _edit(run, stop)
    return replace(
        looked,
        serial=stop.serial,
        frames=stop.frames,
        cwd=stop.cwd,
        variables=variables,
        edited=edited,
        begins=begins,
        pending=pending.line if pending is not None else None,
        snapshots=tuple(one.line for one in run.snapshots.kept) if run.snapshots is not None else (),
    )


def _edit(run: Run, stop: Stop) -> tuple[bool, int | None]:
    """Whether the script's file is another one than what runs, and the line that going on with it would begin with."""
    from cbw_core.trace.jump import resume_line

    try:
        new = run.target.read()
    except CbwError:
        return False, None  # `reload` says what is wrong with it
    if new == run.text:
        return False, None
    return True, resume_line(run.text, new, stop.top_line) if stop.top_line is not None else None
