"""What a phase that runs beside the prompt tells: it stopped, it ended. Somebody waits for that, or is called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

Told: TypeAlias = Literal["stopped", "ended"]


class Hearing:
    """unheard: called, in a thread of its own, for what is told while nobody waits."""

    def __init__(self, unheard: Callable[[], None] = lambda: None) -> None:
        self._unheard = unheard
        self._changed = threading.Condition()
        self._told: list[Told] = []
        self._waiting = 0

    @property
    def waiting(self) -> bool:
        return self._waiting > 0

    def tell(self, what: Told) -> None:
        """From any thread."""
        with self._changed:
            self._told.append(what)
            self._changed.notify_all()
            if self._waiting:
                return
        self._call()

    def _call(self) -> None:
        threading.Thread(target=self._unheard, name="news", daemon=True).start()

    @contextmanager
    def listening(self) -> Iterator[Callable[[], Told]]:
        """While inside, what is told is for the one who waits with the function given. To be entered before that may be
        told; what is left behind it is called for."""
        with self._changed:
            self._waiting += 1
        try:
            yield self._next
        finally:
            with self._changed:
                self._waiting -= 1
                left = bool(self._told) and not self._waiting
            if left:
                self._call()

    def _next(self) -> Told:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._told))
            return self._told.pop(0)

    def take(self) -> tuple[Told, ...]:
        """All that was told and not waited for."""
        with self._changed:
            told, self._told = tuple(self._told), []
            return told

    def forget_stops(self) -> None:
        """What stood is about to go on."""
        with self._changed:
            self._told = [what for what in self._told if what != "stopped"]
