"""The warden: starts one child, and ends all that is below it when the child ends, when told to, or when we die.

Run as a program of its own by `cbw_core.process`, with the numbers of two inherited file descriptors:

control: first the order (see `read_order`), then nothing. A byte, or its end (the master is gone, however it died),
         means: end everything.
status:  lines to the master: "error WHAT ERRNO" (the child could not be started), "left PID NAME" (a process that
         outlived the child and was ended), "used USER SYSTEM BYTES" (see `used`), "status N" (the wait status, last).

On Linux it is the reaper of all its descendants (PR_SET_CHILD_SUBREAPER), so that also those that went to a session of
their own are found and ended; elsewhere the child's process group is. It starts with every child, so it imports only
what is quick to import: `signal` would bring `enum` and take as long as the rest.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found,unused-ignore]
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, TypeAlias

    Order: TypeAlias = tuple[bytes, bytes, list[bytes], dict[bytes, bytes]]

GRACE = 0.1  # seconds between asking a process to end and ending it
LINGER = 0.5  # seconds a leftover process has to end by itself: a `tee` that the script wrote through
PATIENCE = 5.0  # seconds until processes that cannot be ended (another user's, or stuck in the kernel) are given up
PR_SET_CHILD_SUBREAPER = 36


def become_reaper() -> bool:
    """Whether orphans below us become our children from now on."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        done = ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError):
        return False
    return done and os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # noqa: PTH110 (pathlib is slow to import)


def read_order(control: int) -> Order:
    """(folder, program, argv, environment): an 8-byte length, then NUL-separated: folder, program, number of
    arguments, the arguments, then NAME=value for each variable."""
    size = int.from_bytes(read_exactly(control, 8), "big")
    folder, program, count, *rest = read_exactly(control, size).split(b"\0")
    argv, pairs = rest[: int(count)], rest[int(count) :]
    return folder, program, argv, dict(pair.split(b"=", 1) for pair in pairs)


def read_exactly(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            raise SystemExit(0)  # the master died before it gave an order
        data += piece
    return data


def start(order: Order, status: int) -> int:
    """The child's process id. It leads a session and process group of its own, with no controlling terminal."""
    pid = os.fork()
    if pid == 0:
        become(order, status, os.setsid)
    return pid


def start_on_terminal(order: Order, status: int, control: int) -> tuple[int, int]:
    """(child, leader): the child's output goes to the terminal that ours goes to, and nobody can wait there for input.

    The terminal belongs to a session whose foreground is its leader, which does nothing. The child is of that session,
    but in the background; and its parent, we, are of another session: from such an "orphaned" group a read of the
    terminal fails at once, where it would wait for ever otherwise (a pager does not ask whether there is a keyboard).
    """
    leash, leash_end = os.pipe()
    told, tell = os.pipe()
    leader = os.fork()
    if leader:
        os.close(leash)
        os.close(tell)
        child = int(read_exactly(told, 8) or 0)
        os.close(told)
        return child, leader  # leash_end stays open as long as we live
    null = os.open(os.devnull, os.O_RDWR)
    os.login_tty(os.dup(1))
    middle = os.fork()
    if middle == 0:
        if os.fork():
            os._exit(0)
        os.dup2(null, 0)
        os.setpgid(0, 0)
        os.write(tell, b"%8d" % os.getpid())
        become(order, status, lambda: None)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for fd in (status, control, leash_end, tell, told):
        os.close(fd)
    os.waitpid(middle, 0)
    os.read(leash, 1)
    os._exit(0)


def become(order: Order, status: int, prepare: Callable[[], object]) -> NoReturn:
    """Turn this process into the program ordered; tell `status` when that fails."""
    folder, program, argv, env = order
    what = b"folder"
    try:
        prepare()
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so after exec
            signal.signal(number, signal.SIG_DFL)
        os.chdir(folder)
        what = b"program"
        os.execve(program, argv, env)
    except OSError as error:
        os.write(status, b"error %s %d\n" % (what, error.errno or 0))
    finally:
        os._exit(127)


class Warden:
    """Watches the child and what is below it."""

    def __init__(self, control: int, wake: int, reaper: bool) -> None:
        self.wake = wake
        self.control = control
        self.reaper = reaper
        self.child = 0
        self.leader = 0  # of a session with a terminal; ends when we do
        self.status: int | None = None
        self.told_to_end = False
        self.poller = select.poll()
        self.poller.register(control, select.POLLIN)
        self.poller.register(wake, select.POLLIN)

    def wait(self, seconds: float | None = None) -> None:
        """Until something happened (a child ended, we are told to end all), then collect the dead."""
        for fd, _ in self.poller.poll(None if seconds is None else max(0, int(seconds * 1000))):
            if fd == self.control or any(number != signal.SIGCHLD for number in os.read(self.wake, 4096)):
                self.told_to_end = True
                if fd == self.control:
                    self.poller.unregister(fd)
        self.reap()

    def reap(self) -> None:
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self.child:
                    self.status = found[1]
        except ChildProcessError:
            pass

    def descendants(self) -> list[int]:
        """Process ids, parents before children; where we are not the reaper, the child's group as one negative id."""
        if not self.reaper:
            try:
                os.killpg(self.child, 0)
            except OSError:
                return []
            return [-self.child]
        found = [pid for pid in children(os.getpid()) if pid != self.leader]
        found += children(self.leader) if self.leader else []
        for pid in found:  # grows while we walk
            found += children(pid)
        return found

    def gone_within(self, seconds: float) -> bool:
        """Whether nothing is left below us, after at most `seconds`; sooner when told to end all."""
        until = time.monotonic() + seconds
        told = self.told_to_end
        while self.descendants():
            left = until - time.monotonic()
            if left <= 0 or (self.told_to_end and not told):
                return False
            self.wait(left if self.reaper else min(left, 0.02))
        return True

    def end_all(self) -> None:
        self.send(signal.SIGTERM)
        if self.gone_within(GRACE):
            return
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.send(signal.SIGKILL)
            if self.gone_within(0.02):
                return

    def send(self, number: int) -> None:
        for pid in self.descendants():
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                continue


def children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 (pathlib is slow to import)
            fd = os.open(f"/proc/{pid}/task/{task}/children", os.O_RDONLY)
            try:
                while piece := os.read(fd, 65536):
                    found += [int(word) for word in piece.split()]
            finally:
                os.close(fd)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended while we looked
    return found


def used() -> bytes:
    """What all that ended below us took: seconds of CPU (user, system), and the memory of the largest, in bytes."""
    import resource

    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    return b"%.3f %.3f %d" % (found.ru_utime, found.ru_stime, found.ru_maxrss * unit)


def name_of(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:  # noqa: PTH123 (pathlib is slow to import)
            return file.read().strip()
    except OSError:
        return b"?"


def main(control: int, status: int) -> None:
    for fd in (control, status):
        os.set_inheritable(fd, False)
    reaper = become_reaper()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    order = read_order(control)
    warden = Warden(control, wake, reaper)
    if reaper and os.isatty(1):
        warden.child, warden.leader = start_on_terminal(order, status, control)
    else:
        warden.child = start(order, status)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)  # the master sees the end of the output when the last process below us has closed it
    os.dup2(null, 2)
    while warden.status is None and not warden.told_to_end:
        warden.wait()
    if warden.told_to_end or not warden.gone_within(LINGER):
        left = [] if warden.told_to_end else warden.descendants()
        lines = b"".join(b"left %d %s\n" % (pid, name_of(pid)) for pid in left)
        warden.end_all()
        os.write(status, lines[:32768])
    if warden.status is not None:
        os.write(status, b"used %s\nstatus %d\n" % (used(), warden.status))
    os._exit(0)  # nothing to tidy up, and quicker
