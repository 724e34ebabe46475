"""How much memory a process and all below it have, looked at now and then from a thread. Linux only (/proc)."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from cbw_core.process._warden import children

SHARE = 300  # a look may take a 300th of the time between looks, as the thread's own processor time
SOONEST, LATEST = 0.02, 1.0  # seconds between looks
_SLOWING = 5000  # the longer it runs, the fewer: a look each 5000th of the time so far, at most


@dataclass(frozen=True)
class Look:
    """What a tree of processes had. time: seconds since 1970; bytes: the sum over its processes."""

    time: float
    bytes: int


class Watch:
    """Looks at the tree below one process until told to end.

    Of each process its resident memory (VmRSS) counts; where its highest value so far (VmHWM) has grown since the last
    look, that one, so that a peak between two looks counts too. Pages that processes share count for each of them. A
    process that lived only between two looks is not seen, nor one that left the tree (a daemon).
    """

    def __init__(self) -> None:
        self._looks: list[Look] = []
        self._changed = threading.Condition()
        self._ended = self._resting = False
        self._highest: dict[int, int] = {}
        self._thread: threading.Thread | None = None

    def start(self, pid: int) -> None:
        """Begin to look at the tree of this process; a second call does nothing."""
        with self._changed:
            if self._thread is None and not self._ended and can_look():
                self._thread = threading.Thread(target=self._work, args=(pid,), name="memory", daemon=True)
                self._thread.start()

    def rest(self, resting: bool) -> None:
        """Look no more for a while (True), or again."""
        with self._changed:
            self._resting = resting
            self._changed.notify_all()

    def stop(self) -> None:
        """Look no more. Returns when the thread has ended."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    @property
    def looks(self) -> tuple[Look, ...]:
        """What was seen so far, in the order of time."""
        return tuple(self._looks)

    def _work(self, pid: int) -> None:
        began, spent, interval = time.monotonic(), time.thread_time(), SOONEST
        while self._wait(interval):
            found = self.look(pid)
            if not found:
                return  # it is over
            self._looks.append(Look(time.time(), found))
            now = time.thread_time()
            cost, spent = now - spent, now
            interval = min(LATEST, max(SOONEST, cost * SHARE, (time.monotonic() - began) / _SLOWING))

    def _wait(self, seconds: float) -> bool:
        """Whether to look again, after that time and when there is no rest."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)
            self._changed.wait_for(lambda: self._ended or not self._resting)
            return not self._ended

    def look(self, pid: int) -> int:
        """Bytes that the tree has now; 0: there is no such process."""
        highest: dict[int, int] = {}
        total = 0
        todo = [pid]
        while todo:
            one = todo.pop()
            try:
                status = _read(f"/proc/{one}/status")
                alone = _field(status, b"\nThreads:") == 1
                todo += map(int, _read(f"/proc/{one}/task/{one}/children").split()) if alone else children(one)
            except OSError:
                continue  # it ended while we looked
            peak = highest[one] = _field(status, b"\nVmHWM:") * 1024
            total += peak if peak > self._highest.get(one, 0) else _field(status, b"\nVmRSS:") * 1024
        self._highest = highest
        return total


def can_look() -> bool:
    """Whether this system tells."""
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # noqa: PTH110 (pathlib is slow to import)


def peak(looks: Sequence[Look], began: float, ended: float) -> int | None:
    """The largest sum seen between two times; None where nothing was looked at. looks: in the order of time."""
    first = bisect_left(looks, began, key=lambda look: look.time)
    last = bisect_right(looks, ended, key=lambda look: look.time)
    return max((look.bytes for look in looks[first:last]), default=None)


def _field(status: bytes, name: bytes) -> int:
    """A number of /proc/PID/status; 0: it has none, as a process that has ended and was not waited for."""
    at = status.find(name)
    return int(status[at + len(name) : at + len(name) + 24].split(None, 1)[0]) if at >= 0 else 0


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 16384)
    finally:
        os.close(fd)
