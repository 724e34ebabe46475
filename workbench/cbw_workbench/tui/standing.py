"""Where a script stands that the debugger has stopped, and what was found there, as frozen data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbw_core.events import Stopped
from cbw_core.trace.model import Breakpoint, Frame, Variable


@dataclass(frozen=True)
class Looked:
    """What the stopped shell told. serial: of the stop it belongs to (0: none, only breakpoints are known). script: the
    file that breakpoints without one are in."""

    serial: int = 0
    frames: tuple[Frame, ...] = ()
    variables: tuple[Variable, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    script: str = ""


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


def ordered(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """Those that changed first, then the script's own, then what the environment brought; by name."""
    return tuple(sorted(variables, key=lambda v: (not v.changed, v.exported, v.name.lower())))


def value_of(variable: Variable) -> str:
    """The value in one line."""
    value = variable.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\n", "⏎")
    return "(" + " ".join(f"[{key}]={text}" for key, text in value).replace("\n", "⏎") + ")"
