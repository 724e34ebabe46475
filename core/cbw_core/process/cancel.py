"""A request to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cbw_core.errors import Interrupted


class Cancel:
    """A request to stop, shared by a face and the work it started. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()  # a signal handler may ask while this thread holds it
        self._callbacks: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self) -> None:
        """Ask everything to stop; callbacks run once, in the caller's thread."""
        with self._lock:
            callbacks = [] if self._event.is_set() else list(self._callbacks)
            self._event.set()
        for callback in callbacks:
            callback()

    def on_request(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when a stop is asked for (at once if it already was). Returns a function that forgets it."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def check(self) -> None:
        """Raise Interrupted when a stop was asked for."""
        if self.requested:
            raise Interrupted("interrupted")
