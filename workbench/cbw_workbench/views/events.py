"""Events as plain lines: what the CLI prints without a terminal, the REPL in a script, and the screen's log."""

from __future__ import annotations

from cbw_core.events import Event, LogLine, Note, PhaseEnded, PhaseStarted, Progress, Used, Verdict
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
        case Verdict():
            return f"{event.what}: {event.file}: {event.why}" + (f" ({event.place})" if event.place else "")


def amount(event: Progress) -> str:
    """How far it is: "3 of 7 packages", "1.2 MB"."""
    if event.unit == "bytes":
        return size_text(event.done) + (f" of {size_text(event.total)}" if event.total and not event.finished else "")
    if event.total is not None and not event.finished:
        return f"{event.done} of {event.total} {event.unit}"
    return f"{event.done} {event.unit.removesuffix('s') if event.done == 1 else event.unit}"
