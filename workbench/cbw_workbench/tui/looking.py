"""Asking a held script how it stands. Slow: the shell answers through pipes; not for the app's own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, UsageError
from cbw_core.trace.model import FileMade
from cbw_workbench.tui.standing import Looked, Spent

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Run, Stop, Timeline
    from cbw_core.trace.changes import Changed
    from cbw_workbench.commands.held import Held


_QUICKLY = 5_000  # files and folders that are looked through at each stop


def look_at(held: Held, unread: str | None) -> Looked:
    """What is known now; only the breakpoints and the script's file where nothing stands. unread: an edited text of the
    script that was not read in yet."""
    debugger = held.debugger
    looked = Looked(breakpoints=debugger.breakpoints)
    run, stop = debugger.run, held.stop
    if run is not None:
        looked = replace(looked, script=run.target.file or "")
    if run is None or stop is None:
        return looked
    try:
        variables, files = debugger.variables(), debugger.files(_QUICKLY)
    except CbwError:
        return looked  # it went on meanwhile: the next stop is looked at anew
    pending = debugger.pending
    edited = unread is not None and unread != (pending.text if pending is not None else run.text)
    return replace(
        looked,
        serial=stop.serial,
        frames=stop.frames,
        cwd=stop.cwd,
        variables=variables,
        edited=edited,
        begins=_begins(run, stop, unread) if edited and unread is not None else None,
        pending=_line(run, pending.line, pending.text) if pending is not None else None,
        snapshots=_snapshots(run),
        made=_made(files),
    )


def unread_of(held: Held) -> str | None:
    """The edited text of the script that stands, where it was not read in yet."""
    run = held.debugger.run
    if run is None or held.stop is None:
        return None
    try:
        return run.editing.unread()
    except CbwError:
        return None  # `reload` says what is wrong with it


def look_closer(held: Held, looked: Looked, unread: str | None) -> Looked:
    """With what the lines took so far, and which of them made the files; beside the lines of an edited text, if so."""
    run = held.debugger.run
    try:
        timeline, made = held.debugger.so_far(), looked.made
        if made is None:
            made = _made(held.debugger.files())
    except CbwError:
        return looked
    if run is None or timeline is None:
        return looked
    lines = {one.path: one for one in timeline.files}
    blamed = tuple(
        replace(lines[one.path], changed=one.changed, line=_line(run, lines[one.path].line, run.text) or 0)
        if one.path in lines
        else one
        for one in made or ()
    )
    pending = held.debugger.pending
    text = (unread if looked.edited else None) or (pending.text if pending is not None else run.text)
    return replace(looked, made=blamed, spent=spent_of(timeline, text, lambda n: _line(run, n, text)))


def kept_spent(session: Session) -> dict[int, Spent] | None:
    """What the lines of the session's last recorded build took; None where none was recorded, or there is no script to
    show it beside."""
    from pathlib import Path

    from cbw_core.session import timeline_of

    try:
        timeline = timeline_of(session)
        text = Path(timeline.file or "").read_text(encoding="utf-8", errors="surrogateescape")
    except (UsageError, OSError):
        return None
    return spent_of(timeline, text, lambda line: line)


def spent_of(timeline: Timeline, text: str, place: Callable[[int], int | None]) -> dict[int, Spent]:
    """By line of the file (`place` of the text's line), for lines that are in the text as they were when they ran."""
    rows = [row.strip() for row in text.split("\n")]
    found: dict[int, Spent] = {}
    for part in timeline.lines:
        here = part.line if part.line <= len(rows) and rows[part.line - 1] == part.command else None
        if here is None and rows.count(part.command) == 1:
            here = rows.index(part.command) + 1
        line = place(here) if here is not None else None
        if line is None:
            continue
        old = found.get(line, Spent(0.0, 0, 0))
        found[line] = Spent(old.seconds + part.seconds, old.runs + part.runs, old.files + part.files)
    return found


def _made(files: Sequence[Changed] | None) -> tuple[FileMade, ...] | None:
    return None if files is None else tuple(FileMade(one.path, 0, "", changed=not one.made) for one in files)


def _begins(run: Run, stop: Stop, text: str) -> int | None:
    """The line, in the file a person edits, that going on with an edited text would begin with."""
    from cbw_core.trace.jump import resume_line

    line = resume_line(run.text, text, stop.top_line) if stop.top_line is not None else None
    return _line(run, line, text)


def _line(run: Run, line: int | None, text: str) -> int | None:
    """A line of a text of the script, in the file that a person edits."""
    place = run.target.place(text, line) if line else None
    return (place.line or line) if place is not None else line


def _snapshots(run: Run) -> tuple[int, ...]:
    if run.snapshots is None:
        return ()
    lines = (run.snapshots.line_now(one, run.text) for one in run.snapshots.kept)
    return tuple(line for line in (_line(run, n, run.text) for n in lines) if line)
