"""Many files read, in children that may die: two at a time, each file's fate known."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO

from cbw_core.objects.model import Failure, ReadFile, from_json
from cbw_core.process import Cancel

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from cbw_core.objects.child import main; main()"
_ENOUGH, _ENOUGH_DETAILS = 1500, 24  # files that one child reads before a second is worth its start
_SECONDS = 20.0  # for one file


def read_files(
    paths: Sequence[str],
    *,
    details: bool = False,
    cancel: Cancel | None = None,
    seconds: float = _SECONDS,
    on_read: Callable[[int], None] | None = None,
) -> list[ReadFile]:
    """What is in each of `paths`, in their order. A file that makes the reader crash, or takes longer than `seconds`,
    gets a failure of its own, and the rest is read. on_read is told how many are done. Raises Interrupted."""
    found: dict[int, ReadFile] = {}
    if not paths:
        return []
    count = min(2, os.cpu_count() or 1, len(paths) // (_ENOUGH_DETAILS if details else _ENOUGH) + 1)
    with contextlib.ExitStack() as stack:
        lanes = [stack.enter_context(_Lane(paths, range(n, len(paths), count), details)) for n in range(count)]
        if cancel is not None:
            reader, writer = os.pipe()
            stack.callback(os.close, reader)
            stack.callback(os.close, writer)
            stack.callback(cancel.on_request(partial(_wake, writer)))
        while open_lanes := [lane for lane in lanes if not lane.finished]:
            wake = [lane.output for lane in open_lanes] + ([reader] if cancel is not None else [])
            soonest = min(lane.deadline(seconds) for lane in open_lanes)
            ready, _, _ = select.select(wake, [], [], max(0.0, soonest - time.monotonic()))
            if cancel is not None:
                cancel.check()
            for lane in open_lanes:
                if lane.output in ready:
                    found.update(lane.take())
                elif time.monotonic() >= lane.deadline(seconds):
                    found.update(lane.give_up(seconds))
            if on_read is not None:
                on_read(len(found))
    return [found[index] for index in range(len(paths))]


def _wake(writer: int) -> None:
    os.write(writer, b"c")


class _Lane:
    """A child with the files it has still to read; a new child when it dies on one."""

    def __init__(self, paths: Sequence[str], indexes: Sequence[int], details: bool) -> None:
        self._paths, self._left, self._details = paths, list(reversed(indexes)), details
        self._rest = b""
        self._child: subprocess.Popen[bytes] | None = None
        self._requests: IO[bytes] | None = None

    def __enter__(self) -> _Lane:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def finished(self) -> bool:
        return not self._left

    @property
    def output(self) -> IO[bytes]:
        assert self._child is not None
        assert self._child.stdout is not None
        return self._child.stdout

    def deadline(self, seconds: float) -> float:
        return self._since + seconds

    def take(self) -> Iterator[tuple[int, ReadFile]]:
        """What the child has answered; when it is gone, the file that it died on."""
        chunk = os.read(self.output.fileno(), 1 << 16)
        self._since = time.monotonic()
        if not chunk:
            yield from self._died()
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            index = self._left[-1]
            try:
                answer = from_json(json.loads(line))
            except (ValueError, KeyError, TypeError):  # its memory was spoilt before it died
                yield from self._died()
                return
            self._left.pop()
            yield index, answer
        if self.finished:
            self._end()

    def give_up(self, seconds: float) -> Iterator[tuple[int, ReadFile]]:
        yield from self._lose("timeout", f"reading it took longer than {seconds:.0f} seconds")

    def _died(self) -> Iterator[tuple[int, ReadFile]]:
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()
        status = self._child.wait()
        how = signal.Signals(-status).name if -status in set(signal.Signals) else f"status {status}"
        yield from self._lose("crash", f"its headers make the reader crash ({how})")

    def _lose(self, kind: str, why: str) -> Iterator[tuple[int, ReadFile]]:
        index = self._left.pop()
        path = self._paths[index]
        yield index, ReadFile(path, (), Failure(path, kind, why))
        self._end()
        if self._left:
            self._start()

    def _start(self) -> None:
        """Paths go through a file, not a pipe: a child that answers much is never blocked by us, nor we by it."""
        self._rest = b""
        self._requests = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _end)
        self._requests.write(b"details\n" if self._details else b"needs\n")
        self._requests.writelines(json.dumps(self._paths[i]).encode() + b"\n" for i in reversed(self._left))
        self._requests.seek(0)
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START, json.dumps(sys.path)],
            stdin=self._requests,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._since = time.monotonic()

    def _end(self) -> None:
        if self._child is not None:
            if self._child.poll() is None:
                self._child.kill()
            self._child.wait()
            if self._child.stdout is not None:
                self._child.stdout.close()
        if self._requests is not None:
            self._requests.close()
