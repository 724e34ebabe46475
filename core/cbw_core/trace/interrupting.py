"""Ending what a shell runs, and nothing else: as Ctrl-C on a terminal would, but for the shell itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

_PATIENCE = 1.0  # seconds for what is asked to end; then it is ended
_LONG = 3.0  # seconds after which it is said that nothing helps
_AGAIN = 0.1  # seconds: a loop starts its next command


def descendants(pid: int) -> frozenset[int]:
    """The processes below one, as they are now."""
    below: dict[int, list[int]] = {}
    for child, parent in _parents():
        below.setdefault(parent, []).append(child)
    found = list(below.get(pid, ()))
    for one in found:  # grows while we walk
        found += below.get(one, ())
    return frozenset(found)


def tell_shell(pid: int) -> None:
    """Have a traced bash look at its next command (the prelude's trap)."""
    _send(pid, signal.SIGURG)


def end(pids: frozenset[int], number: int = signal.SIGINT) -> None:
    for pid in pids:
        _send(pid, number)


def wake(pid: int) -> bool:
    """Let a process go on that somebody stopped (SIGSTOP). Whether it was so."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    if state != "T":
        return False
    _send(pid, signal.SIGCONT)
    return True


@contextlib.contextmanager
def evaluating(pid: int, asked: threading.Event, endless: Callable[[], None]) -> Iterator[None]:
    """While inside, a shell evaluates a command for a person: when `asked` is set, what that one started is ended,
    again and again, since a loop goes on; what ran before (background jobs) is not. `endless` is called once when the
    command goes on for all that: a loop of the shell's own cannot be ended without the shell."""
    before, over = descendants(pid), threading.Event()

    def work() -> None:
        asked.wait()
        waited = 0.0
        while not over.is_set():
            end(descendants(pid) - before, signal.SIGINT if waited < _PATIENCE else signal.SIGKILL)
            over.wait(_AGAIN)
            waited += _AGAIN
            if _LONG <= waited < _LONG + _AGAIN and not over.is_set():
                endless()

    thread = threading.Thread(target=work, name="interrupt", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        asked.set()
        thread.join()


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _parents() -> Iterator[tuple[int, int]]:
    """(process, its parent) of all."""
    if not Path("/proc/self/stat").exists():
        rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
        for row in rows.splitlines():
            child, parent = row.split()
            yield int(child), int(parent)
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            stat = (folder / "stat").read_text(errors="replace")
            yield int(folder.name), int(stat.rpartition(")")[2].split()[1])
