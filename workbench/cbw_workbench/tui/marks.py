"""What stands beside the lines of a source: the lines to blame, where a script stands, breakpoints, what lines took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cbw_core.session.model import State
from cbw_core.trace.model import FAILED, Breakpoint
from cbw_workbench.tui.standing import is_in, kind_of
from cbw_workbench.tui.state import WorkbenchState, duration, error_view, recipe_folder, shown_error

_LEAST = 0.05  # seconds that are told


@dataclass(frozen=True)
class Mark:
    """A mark beside a line of a file. kind: "error", "current", "failed" or "next" (going on begins there)."""

    file: str
    line: int
    kind: str = "error"
    text: str = ""


@dataclass(frozen=True)
class Beside:
    """By line of one file: its mark, its breakpoint's kind, words at its right end, and what it took so far (each text
    as wide as the others, "" where there are none). kept: lines that `back` can go to."""

    marks: Mapping[int, str] = field(default_factory=dict)
    points: Mapping[int, str] = field(default_factory=dict)
    badges: Mapping[int, str] = field(default_factory=dict)
    margins: Mapping[int, str] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()


def marks(state: WorkbenchState) -> tuple[Mark, ...]:
    """The lines to blame: of the selected output's failed phases and of the error shown; and where a script stands."""
    status = state.row
    errors = [error_view(p.error) for p in status.phases if p.error and p.state is State.FAILED] if status else []
    shown = shown_error(state)
    if shown is not None and shown not in errors:
        errors.append(shown)
    folder = recipe_folder(status) if status else Path()
    blamed = [Mark(str(folder / e.file), e.line, "error", e.message) for e in errors if e.file and e.line]
    looked = state.looked
    if state.at is not None and (looked.edited or looked.pending):  # the lines are others now
        blamed = [mark for mark in blamed if mark.file != looked.script]
    return tuple(dict.fromkeys((*blamed, *_stop(state))))


def _stop(state: WorkbenchState) -> Iterable[Mark]:
    """The line where the script stands; in an edited script the one that going on begins with."""
    stop, looked = state.at, state.looked
    if stop is None or not stop.file or not stop.line:
        return
    known = looked.serial == stop.serial
    begins = looked.pending or (looked.begins if looked.edited else None)
    if known and begins and stop.file == looked.script:
        yield Mark(stop.file, begins, "next", stop.command)
    elif stop.reason in FAILED:
        yield Mark(stop.file, stop.line, "failed", f"status {stop.status}")
    else:
        yield Mark(stop.file, stop.line, "current", stop.command)


def beside(state: WorkbenchState, path: str) -> Beside:
    """All that stands beside the lines of a file."""
    here = [mark for mark in marks(state) if mark.file == path]
    script = script_of(state)
    points = {p.line: kind_of(p) for p in state.looked.breakpoints if p.line is not None and is_in(p, path, script)}
    badges = {mark.line: mark.text for mark in here if mark.kind == "failed"}
    kinds = {mark.line: mark.kind for mark in here}
    if state.at is None and state.under_way is not None and state.under_way.file == path:
        kinds[state.under_way.line] = "under way"
    kept = frozenset(state.looked.snapshots) if state.at is not None and path == script else frozenset[int]()
    return Beside(kinds, points, badges, _margins(state) if path == script else {}, kept)


def _margins(state: WorkbenchState) -> Mapping[int, str]:
    spent = state.looked.spent or {}
    times = {n: duration(s.seconds) if s.seconds >= _LEAST else "" for n, s in spent.items()}
    files = {n: f"+{s.files}" if s.files else "" for n, s in spent.items()}
    wide, high = max(map(len, times.values()), default=0), max(map(len, files.values()), default=0)
    return {n: " ".join(t for t in (times[n].rjust(wide), files[n].ljust(high)) if t) for n in spent}


def script_of(state: WorkbenchState) -> str:
    """The file that breakpoints without one are in: that of the script that runs, else the recipe's build.sh."""
    if state.looked.script or state.row is None:
        return state.looked.script
    return str(recipe_folder(state.row) / "build.sh")


def file_of(state: WorkbenchState, point: Breakpoint) -> str:
    """The path of a line breakpoint's file, as well as it is known."""
    script = script_of(state)
    if is_in(point, script, script):
        return script
    folder = recipe_folder(state.row) if state.row else Path()
    return str(folder / point.file)
