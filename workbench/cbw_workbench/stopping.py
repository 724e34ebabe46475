"""Ctrl-C and SIGTERM as a request to stop; asked for again, the process ends at once (its children end with it)."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbw_core.process import Cancel

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Stops:
    """The signals that came, in order."""

    signals: list[int] = field(default_factory=list)

    @property
    def terminated(self) -> bool:
        return signal.SIGTERM in self.signals


@contextlib.contextmanager
def stopping(cancel: Cancel, *, patience: int = 1, first: Callable[[], bool] | None = None) -> Iterator[Stops]:
    """While inside, SIGINT and SIGTERM request `cancel`. After `patience` of them the next one has its usual effect:
    the process ends. Outside the main thread, where signals cannot be handled, nothing is changed.

    first: offered the first Ctrl-C, in another thread; where it gives True it has dealt with it."""
    stops = Stops()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return

    def asked(number: int, frame: FrameType | None) -> None:
        stops.signals.append(number)
        if len(stops.signals) >= patience:
            _show_cursor()
            for one in _SIGNALS:
                signal.signal(one, signal.SIG_DFL)
        # not here: the signal may have come while this thread holds the lock of `cancel`
        offered = first if number == signal.SIGINT and len(stops.signals) == 1 else None
        threading.Thread(target=request, args=(offered,), name="cancel", daemon=True).start()

    def request(offered: Callable[[], bool] | None) -> None:
        if offered is None or not offered():
            cancel.request()

    before = {number: signal.signal(number, asked) for number in _SIGNALS}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show_cursor() -> None:
    """A progress display hides the cursor; a process that is killed would leave it hidden."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\x1b[?25h")
