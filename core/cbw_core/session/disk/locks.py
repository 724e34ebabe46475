"""One session, one worker: a lock that the system drops when its holder dies, however it dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cbw_core.errors import UsageError, from_os_error

_SECONDS_TO_WAIT = 1.0  # longer than another's look at the lock, shorter than a person's patience


def _file(root: Path) -> Path:
    return root / ".cbw" / "lock"


@contextmanager
def held(root: Path) -> Iterator[None]:
    """Hold the session. UsageError(kind="session-busy") when another process or thread works on it."""
    file = _file(root)
    lock = FileLock(file, thread_local=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=_SECONDS_TO_WAIT, poll_interval=0.02)
    except Timeout:
        raise UsageError(
            f"another cbw is at work in this session: {root}",
            kind="session-busy",
            hint="Wait for it or end it; `cbw status` shows what it does.",
        ) from None
    except OSError as error:
        raise from_os_error(error, f"taking hold of the session {root}") from error
    try:
        yield
    finally:
        lock.release()


def is_held(root: Path) -> bool:
    """Whether somebody works on the session now."""
    file = _file(root)
    if not file.exists():
        return False
    lock = FileLock(file, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a session that we may only read: who works on it holds the lock, but we cannot ask
        return False
    lock.release()
    return False


@contextmanager
def making_siblings(root: Path) -> Iterator[None]:
    """Hold the folder of a session's siblings while one is looked for and made: never two of one output."""
    with waiting(root / ".cbw" / "outputs.lock", f"making the session of another output in {root}"):
        yield


@contextmanager
def waiting(file: Path, doing: str) -> Iterator[None]:
    """Hold a lock of a moment; who comes second waits. doing: for the message where the lock cannot be made."""
    lock = FileLock(file, thread_local=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise from_os_error(error, doing) from error
    try:
        yield
    finally:
        lock.release()


def refuse_busy(root: Path) -> None:
    """UsageError(kind="session-busy") when somebody works in a session or in one of its siblings."""
    for ledger in (root / "ledger.json", *root.glob("outputs/*/ledger.json")):
        with held(ledger.parent):
            pass
