"""Sinks of the command line: events as plain lines, as a live display on a terminal, or as JSON on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, TextIO

from cbw_core.events import Event, Note, Progress, to_json
from cbw_workbench.cli.sink import QUICK, ClosingSink
from cbw_workbench.views.events import amount, event_line

if TYPE_CHECKING:
    from cbw_workbench.commands.line import Parsed

_EVERY = 10.0  # seconds between two lines about the same work


class LineSink(ClosingSink):
    """Plain lines: what is said at once; work when it begins, every few seconds, and when it ends after a while."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        super().__init__()
        self.stream = stream
        self.quiet = quiet
        self._told: dict[str, float] = {}

    def show(self, event: Event) -> None:
        if self.quiet and not (isinstance(event, Note) and event.level == "warning"):
            return
        line = self._progress(event) if isinstance(event, Progress) else event_line(event)
        if line is not None:
            self.stream.write(line + "\n")
            self.stream.flush()

    def _progress(self, event: Progress) -> str | None:
        now = time.monotonic()
        last = self._told.get(event.task)
        if event.finished:
            self._told.pop(event.task, None)
            return event_line(event) if last is None or now - last > QUICK else None
        if last is not None and now - last < _EVERY:
            return None
        self._told[event.task] = now
        if last is None:
            return f"{event.task} ..."
        return f"{event.task}: {amount(event)}" + (f", {event.item}" if event.item else "")


class JsonSink(ClosingSink):
    """Events as lines of JSON on stdout, each an object with the key "event"."""

    def show(self, event: Event) -> None:
        sys.stdout.write(json.dumps(to_json(event), ensure_ascii=False) + "\n")
        sys.stdout.flush()


def sink_for(parsed: Parsed, stream: TextIO) -> ClosingSink:
    """The sink for a command: with --json events are lines where phases run (elsewhere the result stands alone)."""
    long = parsed.command is not None and parsed.command.long
    if parsed.json:
        return JsonSink() if long else ClosingSink()
    quiet = bool(getattr(parsed.args, "quiet", False) or getattr(parsed.args, "activate_string_only", False))
    if quiet or not stream.isatty():
        return LineSink(stream, quiet=quiet)
    from cbw_workbench.cli.live import LiveSink  # draws with rich: loaded for a terminal only

    return LiveSink(stream)
