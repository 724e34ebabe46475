"""What every sink of the command line has in common: it ends, and it never raises."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from cbw_core.events import Event

QUICK = 1.0  # seconds; work that took less needs no line when it ends


class ClosingSink:
    """A sink with an end. It never raises: when nobody reads any more, events are dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = False

    def __call__(self, event: Event) -> None:
        with self._lock:
            if self._gone:
                return
            try:
                self.show(event)
            except (OSError, ValueError):  # a closed pipe, or a stream closed at exit
                self._gone = True

    def show(self, event: Event) -> None:
        """Called under the lock. This one drops the event."""

    def close(self) -> None:
        """The display ends; what comes afterwards is not shown."""
        with self._lock:
            self._gone = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
