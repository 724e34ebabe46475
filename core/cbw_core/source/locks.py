"""One process at a time for one thing in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbw_core.events import Note, Sink
from cbw_core.process import Cancel


@contextmanager
def locked(path: Path, sink: Sink, cancel: Cancel) -> Iterator[None]:
    """One process at a time. Waits for another that fetches the same."""
    import filelock

    lock = filelock.FileLock(path)
    waiting = False
    while True:
        try:
            lock.acquire(timeout=1.0 if waiting else 0)
            break
        except filelock.Timeout:
            cancel.check()
            if not waiting:
                sink(Note(f"another cbw is fetching {path.name.removesuffix('.lock')}: waiting for it", phase="source"))
            waiting = True
    try:
        yield
    finally:
        lock.release()
