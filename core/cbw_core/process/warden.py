"""The warden of one child, seen from our side: the process of `_warden.py` and the pipes to it."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import select
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cbw_core.process.settling import Settling

_AFTERLIFE = 1.0  # seconds for the last output to come after all processes ended


@dataclass(frozen=True)
class Report:
    """What the warden told when all was over; status None: it was lost. failed: ("program" or "folder", why)."""

    status: int | None = None
    leftover: tuple[str, ...] = ()
    failed: tuple[str, str] | None = None
    used: tuple[float, float, int] = (0.0, 0.0, 0)


class Warden:
    """The process of `_warden.py` and the pipes to it."""

    def __init__(self, pty: bool) -> None:
        self.timed_out = False
        self._lock = threading.Lock()
        self._told = b""
        out, child_out = _terminal() if pty else os.pipe()
        control, self._control = os.pipe()
        self._report, status = os.pipe()
        self._output = out
        self._open = {out, self._report}
        here = str(Path(__file__).parent)
        # -c with an import, not the file's path: so the compiled file is used
        code = f"import sys; sys.path.append({here!r}); import _warden; _warden.main({control}, {status})"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-E", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=child_out,
                stderr=child_out,
                pass_fds=(control, status),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._control)
            self._control = -1
            os.close(self._report)
            os.close(out)
            raise
        finally:
            for fd in (child_out, control, status):
                os.close(fd)

    def give(self, order: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # it died at once: its report, or the lack of one, tells
            view = memoryview(order)
            while view:
                view = view[os.write(self._control, view) :]

    def __enter__(self) -> Warden:
        return self

    def __exit__(self, *_: object) -> None:
        """However we leave: nothing below us is left when this returns."""
        self.end()
        for _chunk in self.output(None):
            pass
        self._process.wait()
        with self._lock:
            os.close(self._control)
            self._control = -1
        os.close(self._output)
        os.close(self._report)

    def end(self) -> None:
        """Ask for the end of the child and of all below it. From any thread, any number of times."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self._control >= 0:
                os.write(self._control, b"e")

    def output(self, timeout: float | None, settling: Settling | None = None) -> Iterator[bytes]:
        """What comes from below, until all is gone. Ends it all when `timeout` seconds have passed."""
        if settling is not None:
            settling.begin(self._output)
        poller = select.poll()
        for fd in self._open:
            poller.register(fd, select.POLLIN)
        until = None if timeout is None else time.monotonic() + timeout
        while self._open:
            if self._report not in self._open:  # all is gone: what is left to come has been written already
                until = min(until or math.inf, time.monotonic() + _AFTERLIFE)
            left = None if until is None else max(0.0, until - time.monotonic())
            if settling is not None:
                settling.reading(False)
            ready = poller.poll(None if left is None else int(left * 1000) + 1)
            if not ready and self._report in self._open:
                self.timed_out, until = True, None
                self.end()
            elif not ready:
                self._open.clear()  # a process that could not be ended keeps the output open
            if settling is not None:
                settling.reading(True)
            for fd, _ in ready:
                chunk = _read(fd)
                if not chunk:
                    self._open.discard(fd)
                    poller.unregister(fd)
                if fd == self._output:
                    yield chunk
                else:
                    self._told += chunk

    def report(self) -> Report:
        status, leftover, failed, used = None, [], None, (0.0, 0.0, 0)
        for line in self._told.decode(errors="replace").splitlines():
            word, _, rest = line.partition(" ")
            if word == "status":
                status = os.waitstatus_to_exitcode(int(rest))
                status = 128 - status if status < 0 else status
            elif word == "left":
                pid, _, name = rest.partition(" ")
                leftover.append(f"{name} ({pid})")
            elif word == "used":
                user, system, rss = rest.split()
                used = float(user), float(system), int(rss)
            else:
                what, _, number = rest.partition(" ")
                failed = what, os.strerror(int(number))
        return Report(status, tuple(leftover), failed, used)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError as error:
        if error.errno == errno.EIO:  # how Linux tells that nobody has the other side of a terminal open
            return b""
        raise


def _terminal() -> tuple[int, int]:
    """A terminal of a usual size that changes nothing of what is written to it: (our side, the child's side)."""
    ours, childs = os.openpty()
    mode = termios.tcgetattr(childs)
    mode[1] &= ~termios.OPOST
    termios.tcsetattr(childs, termios.TCSANOW, mode)
    termios.tcsetwinsize(childs, (40, 120))
    return ours, childs
