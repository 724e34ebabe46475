"""Child processes: each in a session of its own under a small warden, so that none outlives us.

A child is started through `_warden.py`, which becomes the reaper of everything below it and ends all of it when the
child ends, when we cancel, or when we die, however we die (the pipe to it closes).
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST_LINE = 65536  # bytes; a longer line is given in pieces
_TAIL = 40
TIMED_OUT = 124  # as timeout(1) has it
_AFTERLIFE = 1.0  # seconds for the last output to come after all processes ended


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
        from cbw_core.errors import Interrupted

        if self.requested:
            raise Interrupted("interrupted")


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
        import select

        if self._fd < 0:
            return False
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        return any(event & select.POLLIN for _, event in poller.poll(0))


@dataclass(frozen=True)
class Finished:
    """How a child ended: `status` is its exit status, 128 + n for signal n. `tail`: its last lines of output.
    `leftover`: processes ("name (pid)") that it had started, that were still there when it ended, and were ended.
    `cpu_user`, `cpu_sys`: seconds of CPU that it and all below it took; `rss`: memory of the largest, in bytes."""

    status: int
    seconds: float
    tail: tuple[str, ...] = ()
    leftover: tuple[str, ...] = ()
    cpu_user: float = 0.0
    cpu_sys: float = 0.0
    rss: int = 0


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None] | None = None,
    log: Path | None = None,
    cancel: Cancel | None = None,
    pty: bool = False,
    timeout: float | None = None,
    settling: Settling | None = None,
) -> Finished:
    """Run a child to its end. stdout and stderr come as one stream, in the order written, line by line to `on_line`
    (without newline, undecodable bytes replaced; of a line that was written over with carriage returns its last
    text) and as they are, appended, to `log`; stdin is empty.

    pty:     give the child a terminal for its output, so that its lines are not held back. Who reads from it (a pager,
             a question for a password) gets an error at once, and does not wait for ever. PAGER and GIT_PAGER are
             `cat` where `env` does not say: a program asked for its log must not think that somebody turns pages.
    timeout: seconds after which the child and all below it are ended (status 124).
    settling: lets others wait until what was written so far has been passed on.
    Processes that the child leaves behind have half a second to end, then they are ended.
    Raises Interrupted when `cancel` is asked for: the child and all its descendants are gone by then (within 200 ms).
    Raises EnvironmentFailure(kind="missing-tool") when argv[0] cannot be started.
    """
    from cbw_core.errors import EnvironmentFailure, from_os_error

    if cancel is not None:
        cancel.check()
    if pty:
        env = {"PAGER": "cat", "GIT_PAGER": "cat", **env}
    order = _order(_program(argv[0], env), argv, cwd, env)
    started = time.monotonic()
    lines = _Lines(on_line)
    with contextlib.ExitStack() as stack:
        try:
            sink = stack.enter_context(log.open("ab", buffering=0)) if log is not None else None
        except OSError as error:
            raise from_os_error(error, "writing the log") from error
        try:
            warden = stack.enter_context(_Warden(pty))
        except OSError as error:  # no more processes, descriptors or terminals
            raise from_os_error(error, f"starting {argv[0]}") from error
        warden.give(order)
        if cancel is not None:
            stack.callback(cancel.on_request(warden.end))
        if settling is not None:
            stack.callback(settling.end)
        for chunk in warden.output(timeout, settling):
            if sink is not None:
                try:
                    sink.write(chunk)
                except OSError as error:
                    raise from_os_error(error, "writing the log") from error
            lines.feed(chunk)
        lines.close()
        report = warden.report()
    if cancel is not None:
        cancel.check()
    if report.failed is not None:
        what, reason = report.failed
        raise EnvironmentFailure(
            f"{argv[0]} cannot be started" if what == "program" else f"the folder {cwd} cannot be entered",
            kind="missing-tool" if what == "program" else "disk",
            why=reason,
        )
    if report.status is None:
        raise EnvironmentFailure(
            f"{argv[0]} was lost: the process that watches over it was ended from outside",
            why="\n".join(lines.tail) or None,
            hint="Look whether the machine ran out of memory, then run the same command again.",
        )
    status = TIMED_OUT if warden.timed_out else report.status
    return Finished(status, time.monotonic() - started, tuple(lines.tail), report.leftover, *report.used)


def _program(name: str, env: Mapping[str, str]) -> str:
    """The path of a program, looked for in the PATH that the child will have."""
    import shutil

    from cbw_core.errors import EnvironmentFailure

    if os.sep in name:
        return name
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    if found is None:
        raise EnvironmentFailure(
            f"there is no program named {name}",
            kind="missing-tool",
            why=f"none of the folders of PATH has it: {env.get('PATH', os.defpath)}",
            hint=f"Install {name}, or put the folder that has it on PATH.",
        )
    return os.path.abspath(found)  # noqa: PTH100 (links stay: busybox and friends look at their name)


def _order(program: str, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> bytes:
    """What `_warden.read_order` reads."""
    parts = [str(cwd), program, str(len(argv)), *argv, *(f"{name}={value}" for name, value in env.items())]
    data = b"\0".join(os.fsencode(part) for part in parts)
    if data.count(b"\0") != len(parts) - 1:
        raise ValueError("a NUL character in an argument or a variable of a child process")
    return len(data).to_bytes(8, "big") + data


@dataclass(frozen=True)
class _Report:
    status: int | None = None
    leftover: tuple[str, ...] = ()
    failed: tuple[str, str] | None = None
    used: tuple[float, float, int] = (0.0, 0.0, 0)


class _Warden:
    """The process of `_warden.py` and the pipes to it."""

    def __init__(self, pty: bool) -> None:
        import subprocess

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

    def __enter__(self) -> _Warden:
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
        import select

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

    def report(self) -> _Report:
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
        return _Report(status, tuple(leftover), failed, used)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError as error:
        import errno

        if error.errno == errno.EIO:  # how Linux tells that nobody has the other side of a terminal open
            return b""
        raise


def _terminal() -> tuple[int, int]:
    """A terminal of a usual size that changes nothing of what is written to it: (our side, the child's side)."""
    import termios

    ours, childs = os.openpty()
    mode = termios.tcgetattr(childs)
    mode[1] &= ~termios.OPOST
    termios.tcsetattr(childs, termios.TCSANOW, mode)
    termios.tcsetwinsize(childs, (40, 120))
    return ours, childs


class _Lines:
    """Bytes in, lines out."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self._on_line = on_line
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *whole, rest = (self._rest + chunk).split(b"\n") if b"\n" in chunk else (self._rest + chunk,)
        for line in whole:
            self._emit(line)
        if (last := rest.rfind(b"\r", 0, len(rest) - 1)) >= 0:  # what was before it is written over
            rest = rest[last + 1 :]
        while len(rest) > _LONGEST_LINE:
            cut = _LONGEST_LINE
            while rest[cut] & 0xC0 == 0x80 and cut > _LONGEST_LINE - 4:  # not inside a character
                cut -= 1
            self._emit(rest[:cut])
            rest = rest[cut:]
        self._rest = rest

    def close(self) -> None:
        if self._rest:
            self._emit(self._rest)
            self._rest = b""

    def _emit(self, line: bytes) -> None:
        text = line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        self.tail.append(text)
        if self._on_line is not None:
            self._on_line(text)
