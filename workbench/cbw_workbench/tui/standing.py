"""Where a script stands that the debugger has stopped, and what was found there, as frozen data."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cbw_core.events import Stopped
from cbw_core.trace.model import Breakpoint, FileMade, Frame, Variable


@dataclass(frozen=True)
class Spent:
    """What a line of the script took so far: seconds, how often it began, and how many files it made or changed."""

    seconds: float
    runs: int
    files: int


@dataclass(frozen=True)
class Looked:
    """What the stopped shell told, and what is known without one.

    serial:    of the stop it belongs to (0: none).
    script:    the file that breakpoints without one are in, and that `spent` speaks of.
    edited:    the script's file is another one than the text that runs.
    begins:    the line that `reload` would go on with, then.
    pending:   the line that going on begins with, since an edit was read in.
    snapshots: lines that `back` can go to.
    spent:     by line, what it took so far; None: nobody asked.
    made:      files made or changed since the stop before; None: nobody looked yet.
    """

    serial: int = 0
    frames: tuple[Frame, ...] = ()
    cwd: str = ""
    variables: tuple[Variable, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    script: str = ""
    edited: bool = False
    begins: int | None = None
    pending: int | None = None
    snapshots: tuple[int, ...] = ()
    spent: Mapping[int, Spent] | None = None
    made: tuple[FileMade, ...] | None = None


NOT_LOOKED = Looked()


def words(stop: Stopped) -> str:
    """A stop in a few words: "failed with status 2", "breakpoint 1", "before"."""
    if stop.reason == "failure":
        return f"failed with status {stop.status}"
    if stop.reason == "breakpoint":
        return f"at breakpoint {stop.breakpoint}"
    if stop.reason in ("exit", "end"):
        return f"ending with status {stop.status}"
    return "before"


# -- variables ------------------------------------------------------------------------------------------------------


def ordered(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """Those that changed first, then the script's own, then what the environment brought; by name."""
    return tuple(sorted(variables, key=lambda v: (not v.changed, v.exported, v.name.lower())))


def one_line(text: str) -> str:
    """A text with its control characters as signs: ⏎ for the end of a line, ⇥ for a tab, ^[ for escape."""
    if text.isprintable():
        return text
    return "".join(_SIGNS.get(c, f"^{chr(ord(c) + 64)}" if ord(c) < 32 else c) for c in text)


_SIGNS = {"\n": "⏎", "\t": "⇥"}


def value_of(variable: Variable) -> str:
    """The value in one line."""
    value = variable.value
    if value is None:
        return ""
    if isinstance(value, str):
        return one_line(value)
    return "(" + " ".join(f"[{key}]={one_line(text)}" for key, text in value) + ")"


def matches(variable: Variable, text: str) -> bool:
    """Whether the name or the value holds a text; capitals matter only when it has some."""
    words = f"{variable.name}={value_of(variable)}"
    return text in (words if text != text.lower() else words.lower())


# -- breakpoints ----------------------------------------------------------------------------------------------------


def is_in(point: Breakpoint, path: str, script: str) -> bool:
    """Whether a line breakpoint lies in a file: its own is a path, the end of one, or "" for the build script."""
    if point.line is None:
        return False
    if not point.file:
        return path == script
    return PurePath(path).parts[-len(PurePath(point.file).parts) :] == PurePath(point.file).parts


def point_at(points: Iterable[Breakpoint], path: str, line: int, script: str) -> Breakpoint | None:
    return next((p for p in points if p.line == line and is_in(p, path, script)), None)


def kind_of(point: Breakpoint) -> str:
    """The mark of a breakpoint: "breakpoint", "condition" when it does not stop each time, "disabled"."""
    if not point.enabled:
        return "disabled"
    return "condition" if point.condition or point.ignore else "breakpoint"


def quoted(condition: str) -> str:
    """A condition as a word of a command line; two quotes where there is none yet."""
    return shlex.quote(condition)
