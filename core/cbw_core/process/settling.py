"""Waiting for what a running child wrote."""

from __future__ import annotations

import select
import threading
import time


class Settling:
    """A way to wait, from another thread, until all that a running child wrote so far has been passed on."""

    def __init__(self) -> None:
        self._quiet = threading.Condition()
        self._fd = -1
        self._busy = False

    def begin(self, fd: int) -> None:
        with self._quiet:
            self._fd = fd

    def reading(self, busy: bool) -> None:
        """Output is being read and passed on, or all that was there has been."""
        with self._quiet:
            self._busy = busy
            if not busy:
                self._quiet.notify_all()

    def end(self) -> None:
        with self._quiet:
            self._fd, self._busy = -1, False
            self._quiet.notify_all()

    def wait(self, longest: float = 5.0) -> None:
        """Until nothing is waiting to be read. longest: seconds; a child's background process may write for ever."""
        until = time.monotonic() + longest
        with self._quiet:
            while (self._busy or self._waiting()) and (left := until - time.monotonic()) > 0:
                self._quiet.wait(left)

    def _waiting(self) -> bool:
        if self._fd < 0:
            return False
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        return any(event & select.POLLIN for _, event in poller.poll(0))
