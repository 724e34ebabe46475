"""What the debugger's commands give back: where a script stands, what is known there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.trace.changes import Changed
from cbw_core.trace.cost import Cost
from cbw_core.trace.filelines import marked
from cbw_core.trace.model import Breakpoint, Evaluated, FileMade, FunctionAt, Reloaded, Stop, Variable

if TYPE_CHECKING:
    from cbw_core.trace import Debugger

_AROUND = 4
_QUICKLY = 25_000  # files and folders
_NAMED = 8  # variables or files on the line that tells what changed


@dataclass(frozen=True)
class SourceLine:
    """A line of a script. current: the one it stands at; breakpoint: one is set there."""

    number: int
    text: str
    current: bool = False
    breakpoint: bool = False


@dataclass(frozen=True)
class Changes:
    """What the script changed since the stop before: variables, and files of a recorded run (None: not looked for)."""

    variables: tuple[Variable, ...] = ()
    files: tuple[Changed, ...] | None = None

    def __str__(self) -> str:
        """On one line; "" when nothing changed."""
        files = self.files or ()
        new = [_shown(one.path) for one in files if one.made]
        changed = [v.name for v in self.variables] + [_shown(one.path) for one in files if not one.made]
        return "; ".join(f"{word}: {_listed(names)}" for word, names in (("changed", changed), ("new", new)) if names)


@dataclass(frozen=True)
class StopReport:
    """Where a script stands, the source around, and what has changed since the stop before."""

    stop: Stop
    source: tuple[SourceLine, ...] = ()
    pending: Reloaded | None = None
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True)
class WhereReport:
    """The stop with its whole backtrace and the state of the shell."""

    stop: Stop
    source: tuple[SourceLine, ...] = ()
    jobs: tuple[str, ...] = ()
    options: Mapping[str, bool] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    only_source: bool = False


@dataclass(frozen=True)
class FunctionList:
    """Where functions are defined; texts: of those that were asked for by name."""

    functions: tuple[FunctionAt, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BreakpointList:
    """session: the name of the one that keeps them; "" for none yet."""

    breakpoints: tuple[Breakpoint, ...]
    note: str = ""
    session: str = ""


@dataclass(frozen=True)
class SnapshotRow:
    """A snapshot. line: of the script as it is now; None where an edit took the command away."""

    number: int
    line: int | None
    command: str
    cost: Cost


@dataclass(frozen=True)
class SnapshotList:
    """The snapshots there are. when: "off", "stops" or "commands"; total: what all of them cost."""

    when: str
    snapshots: tuple[SnapshotRow, ...] = ()
    total: Cost = field(default_factory=Cost)
    note: str = ""


@dataclass(frozen=True)
class VariableList:
    variables: tuple[Variable, ...]
    functions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Blame:
    """Files and the line that made or changed each."""

    files: tuple[FileMade, ...]


__all__ = [
    "Blame",
    "BreakpointList",
    "Changes",
    "Evaluated",
    "FunctionList",
    "Reloaded",
    "SnapshotList",
    "SnapshotRow",
    "SourceLine",
    "StopReport",
    "VariableList",
    "WhereReport",
    "changes_at",
    "source_around",
    "stop_report",
]


def stop_report(debugger: Debugger, *, changes: bool = True) -> StopReport:
    """changes: also what has changed since the stop before."""
    stop = debugger.stop
    assert stop is not None
    found = changes_at(debugger) if changes else Changes()
    return StopReport(stop, source_around(debugger, stop), debugger.pending, found)


def changes_at(debugger: Debugger, *, asked: bool = False) -> Changes:
    """What has changed at the stop where a script stands. Unless it was asked for, files are not looked for in trees of
    very many: each step would take a second."""
    files = debugger.files(None if asked else _QUICKLY)
    return Changes(tuple(v for v in debugger.variables() if v.changed), files)


def _shown(path: str) -> str:
    return path.removeprefix("$PREFIX/")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def source_around(
    debugger: Debugger, stop: Stop, line: int | None = None, around: int = _AROUND
) -> tuple[SourceLine, ...]:
    """The lines around the one where the script stands (or around `line` of the script)."""
    run = debugger.run
    if run is None:
        return ()
    current = stop.text_line if line is None else None
    if line is None and stop.text_line is None:
        return _of_file(Path(stop.cwd, stop.file), stop.line, around)
    lines = run.text.splitlines()
    middle = line or stop.text_line or 1
    with_points = marked(debugger.breakpoints, run.target, run.text)
    rows = range(max(1, middle - around), min(len(lines), middle + around) + 1)
    return tuple(SourceLine(n, lines[n - 1], n == (current or stop.text_line), n in with_points) for n in rows)


def _of_file(path: Path, line: int, around: int) -> tuple[SourceLine, ...]:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ()
    rows = range(max(1, line - around), min(len(lines), line + around) + 1)
    return tuple(SourceLine(n, lines[n - 1], n == line) for n in rows)
