"""The session's own record of events: logs/<phase>.log for people, events.jsonl for programs."""

from __future__ import annotations

import contextlib
import json
from types import TracebackType
from typing import Self

from cbw_core import events
from cbw_core.events import Event, LogLine, Note, PhaseEnded, Progress, Sink
from cbw_core.layout import Layout
from cbw_core.session.model import Phase

# these phases' children write their log themselves, as they print it
_LOGGED_BY_CHILD = (Phase.BUILD, Phase.TEST)


class Journal:
    """A sink that writes down what passes and hands it on. Open it with `with`; the phase's log begins anew."""

    def __init__(self, layout: Layout, phase: Phase, sink: Sink) -> None:
        self._layout, self._phase, self._sink = layout, phase, sink
        self._unwritten = False

    def __enter__(self) -> Self:
        self._layout.logs.mkdir(parents=True, exist_ok=True)
        log = self._layout.log(self._phase)
        log.write_bytes(b"")
        self._log = log.open("a", encoding="utf-8", errors="backslashreplace")  # names of files may be any bytes
        self._events = self._layout.events.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._log, self._events):
            with contextlib.suppress(OSError):
                file.close()

    def __call__(self, event: Event) -> None:
        try:
            self._write(event)
        except OSError as error:  # a disk that is full now: what is recorded goes on, and the record where it can again
            if not self._unwritten:
                self._unwritten = True
                why = error.strerror or str(error)
                self._sink(
                    Note(
                        f"the record of what happens (events.jsonl) cannot be written: {why}",
                        level="warning",
                        phase=self._phase,
                    )
                )
        self._sink(event)

    def _write(self, event: Event) -> None:
        if isinstance(event, LogLine):
            if self._phase not in _LOGGED_BY_CHILD:
                self._log.write(event.text + "\n")
        elif not isinstance(event, Progress):
            self._events.write(json.dumps(events.to_json(event), default=str) + "\n")
            self._events.flush()
            self._write_for_people(event)

    def _write_for_people(self, event: Event) -> None:
        if isinstance(event, Note):
            self._log.write(f"{event.level}: {event.text}\n")
        elif isinstance(event, PhaseEnded) and event.error:
            self._log.write(f"{event.state}: {event.error['message']}\n")
        self._log.flush()
