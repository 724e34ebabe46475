"""What the engine says while it works: typed events to a sink. Core never prints.

A sink is any callable that takes an event. It may be called from several threads, must be quick and must not raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True)
class PhaseStarted:
    """A phase of an output begins. `session` is the session folder."""

    phase: str
    output: str
    session: str = ""


@dataclass(frozen=True)
class PhaseEnded:
    """A phase ended. `state` is a PhaseState value; `error` is CbwError.to_json() or None."""

    phase: str
    output: str
    state: str
    seconds: float
    session: str = ""
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Progress:
    """Long work moves on. `total` None: not known. `unit` is "bytes", "files", "packages" or "steps"."""

    task: str
    done: int
    total: int | None = None
    unit: str = "steps"
    item: str = ""
    finished: bool = False


@dataclass(frozen=True)
class LogLine:
    """One line a child process wrote, without its newline. The order of lines is the order of writing."""

    text: str
    phase: str = ""


@dataclass(frozen=True)
class Note:
    """Something a person should know. `level` is "info", "hint" or "warning"."""

    text: str
    level: Literal["info", "hint", "warning"] = "info"
    phase: str = ""


@dataclass(frozen=True)
class Verdict:
    """A finding about a file of the package: `what` is a word of the verdicts' list, `why` its reason."""

    what: str
    file: str
    why: str
    place: str = ""


@dataclass(frozen=True)
class Used:
    """What a script of a phase, with all it started, took: seconds of CPU, and the memory of its largest process, in
    bytes."""

    cpu_user: float
    cpu_sys: float
    rss: int


@dataclass(frozen=True)
class Stopped:
    """A traced script stands still. reason: "step", "breakpoint", "failure" or "exit". file and line are those a person
    edits; `command` is about to run, or has just failed. breakpoint: its number."""

    phase: str
    reason: str
    file: str
    line: int
    command: str
    function: str = ""
    status: int = 0
    subshell: int = 0
    breakpoint: int | None = None
    serial: int = 0


@dataclass(frozen=True)
class Resumed:
    """A traced script goes on. how: "step", "next", "finish", "until", "continue", "reload", "back" or "lost"."""

    phase: str
    how: str


@dataclass(frozen=True)
class TraceEnded:
    """A traced script ended (status None: it was interrupted). owed: it went on with an edited text, so that what it
    made is not yet what a clean run of the script makes; unsaved: the recipe does not have the edits."""

    phase: str
    status: int | None
    owed: bool = False
    unsaved: bool = False


Event: TypeAlias = (
    PhaseStarted | PhaseEnded | Progress | LogLine | Note | Verdict | Used | Stopped | Resumed | TraceEnded
)
Sink: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """A sink that drops everything."""


def to_json(event: Event) -> dict[str, Any]:
    """An event as an object: its fields and "event", its class's name."""
    return {"event": type(event).__name__, **asdict(event)}


@dataclass
class Recorder:
    """A sink that keeps what it was given, for tests and for callers that look afterwards."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def notes(self, level: str | None = None) -> list[str]:
        return [e.text for e in self.events if isinstance(e, Note) and level in (None, e.level)]

    def log(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, LogLine)]
