"""Events as plain lines: what the CLI prints without a terminal, the REPL in a script, and the screen's log."""

from __future__ import annotations

from cbw_core.events import (
    Event,
    LogLine,
    Note,
    PhaseEnded,
    PhaseStarted,
    Progress,
    Resumed,
    Stopped,
    TraceEnded,
    Used,
    Verdict,
)
from cbw_workbench.views.states import seconds_text, size_text


def event_line(event: Event) -> str | None:
    """An event as one line; None for what a line would only repeat (progress that goes on)."""
    match event:
        case LogLine():
            return event.text
        case PhaseStarted():
            return f"== {event.phase}: {event.output}"
        case PhaseEnded():
            return f"== {event.phase} {event.state} ({seconds_text(event.seconds)})"
        case Note(level="info"):
            return event.text
        case Note():
            return f"{event.level}: {event.text}"
        case Progress():
            return f"{event.task}: {amount(event)}" if event.finished else None
        case Used():
            return None
        case Stopped():
            return stop_line(event)
        case Resumed():
            return None
        case TraceEnded():
            return ended_line(event) if event.owed else None
        case Verdict():
            return f"{event.what}: {event.file}: {event.why}" + (f" ({event.place})" if event.place else "")


def ended_line(event: TraceEnded) -> str:
    """What is owed behind a run with edits."""
    owed = f"the script ran with edits: a clean run is owed (`rerun {event.phase}`)"
    if event.unsaved and event.phase != "build":
        return f"{owed}; only test_tmp has the edits"
    if event.unsaved:
        return f"{owed}; only the work folder has the edits: `keep` writes them into the recipe"
    return f"{owed}; the recipe has the edits"


def amount(event: Progress) -> str:
    """How far it is: "3 of 7 packages", "1.2 MB"."""
    if event.unit == "bytes":
        return size_text(event.done) + (f" of {size_text(event.total)}" if event.total and not event.finished else "")
    if event.total is not None and not event.finished:
        return f"{event.done} of {event.total} {event.unit}"
    return f"{event.done} {event.unit.removesuffix('s') if event.done == 1 else event.unit}"


def stop_line(event: Stopped) -> str:
    """Where a script stands, in a line."""
    place = f"{event.file}:{event.line}"
    inside = f" in {event.function}" if event.function not in ("main", "source", "") else ""
    inside += " (subshell)" if event.subshell else ""
    command = event.command.strip().split("\n")[0]
    match event.reason:
        case "failure":
            return f"-- stopped: `{command}` failed with status {event.status} at {place}{inside}"
        case "exit":
            return f"-- stopped: the script ends with status {event.status} at {place}{inside}"
        case "breakpoint":
            return f"-- stopped at breakpoint {event.breakpoint}, {place}{inside}: {command}"
        case _:
            return f"-- {place}{inside}: {command}"
