"""The pipes between a traced bash and us, and the thread that reads them. docs/trace-protocol.md has the protocol."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
from collections.abc import Callable
from pathlib import Path

from cbw_core.errors import BuildError, from_os_error

_PIPES = ("up", "down", "turn", "out")


class ScriptEnded(BuildError):
    """The script (or the subshell that stood) ended while it was asked for something."""

    default_kind = "script-ended"


class Link:
    """The pipes in `folder`, open at both ends on our side, so that bash never waits to open one.

    on_message gets each message that is no answer, on_lost is called when the stopped process died; both in the
    reader's thread.
    """

    def __init__(self, folder: Path, on_message: Callable[[str], None], on_lost: Callable[[], None]) -> None:
        self._folder, self._on_message, self._on_lost = folder, on_message, on_lost
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._asking = threading.Lock()
        self._waiting = False
        self._output = bytearray()
        self._lock = threading.Lock()
        self._watched = -1
        self._fds: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in _PIPES:
                path = folder / name
                path.unlink(missing_ok=True)
                os.mkfifo(path, 0o600)
                self._fds[name] = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            os.set_blocking(self._fds["down"], True)
            self._wake, self._waker = os.pipe()
        except OSError as error:
            self._close_all()
            raise from_os_error(error, "preparing the debugger") from error
        self.give_turn()
        self._closed = False
        self._thread = threading.Thread(target=self._read, name="trace", daemon=True)
        self._thread.start()

    def give_turn(self) -> None:
        os.write(self._fds["turn"], b"x\n")

    def watch(self, pid: int) -> None:
        """Notice when this process, which is stopped, dies; 0: no longer."""
        with self._lock:
            if self._watched >= 0:
                os.close(self._watched)
                self._watched = -1
            if pid and hasattr(os, "pidfd_open"):
                with contextlib.suppress(OSError):
                    self._watched = os.pidfd_open(pid)
        os.write(self._waker, b"w")

    def send(self, request: str) -> None:
        """A request that has no answer."""
        # bash takes the last character away where the script has put it into a readonly IFS: a line's end never is
        data = request.encode("utf-8", "surrogateescape").replace(b"\0", b"") + b"\n\0"
        view = memoryview(data)
        while view:
            view = view[os.write(self._fds["down"], view) :]

    def ask(self, request: str) -> tuple[str, str]:
        """(answer, what was written to the pipe `out` meanwhile). Raises ScriptEnded."""
        with self._asking:
            self._take_output()
            self._waiting = True
            try:
                self.send(request)
                answer = self._answers.get()
            finally:
                self._waiting = False
            if answer is None:
                raise ScriptEnded("the script ended meanwhile", hint="`cbw status` tells how the phase ended.")
            return answer, self._take_output()

    def close(self) -> None:
        """The script is over: whoever waits for an answer is told so."""
        if self._closed:
            return
        self._closed = True
        os.write(self._waker, b"q")
        self._thread.join()
        self._answers.put(None)
        self.watch(0)
        self._close_all()
        for name in _PIPES:
            (self._folder / name).unlink(missing_ok=True)

    def _close_all(self) -> None:
        for fd in (*self._fds.values(), getattr(self, "_wake", -1), getattr(self, "_waker", -1)):
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self._fds.clear()

    def _take_output(self) -> str:
        self._drain()
        with self._lock:
            text = self._output.decode("utf-8", "replace")
            self._output.clear()
        return text

    def _drain(self) -> None:
        """What stands in the pipe `out`, into the buffer. Two threads may do so."""
        with self._lock:
            while True:
                try:
                    piece = os.read(self._fds["out"], 65536)
                except (BlockingIOError, KeyError):
                    return
                if not piece:
                    return
                self._output += piece

    def _read(self) -> None:
        rest = b""
        while True:
            poller = select.poll()
            for fd in (self._fds["up"], self._fds["out"], self._wake):
                poller.register(fd, select.POLLIN)
            with self._lock:
                watched = self._watched
            if watched >= 0:
                poller.register(watched, select.POLLIN)
            ready = dict(poller.poll())
            if self._wake in ready and b"q" in os.read(self._wake, 64):
                return
            if self._fds["out"] in ready:
                self._drain()
            if self._fds["up"] in ready:
                with contextlib.suppress(BlockingIOError):
                    *whole, rest = (rest + os.read(self._fds["up"], 65536)).split(b"\0")
                    for message in whole:
                        self._deliver(message.decode("utf-8", "surrogateescape"))
            elif watched >= 0 and watched in ready:
                self._lost(watched)

    def _deliver(self, message: str) -> None:
        if self._waiting and not message.startswith("exec\t"):
            self._answers.put(message)
        else:
            self._on_message(message)

    def _lost(self, watched: int) -> None:
        with self._lock:
            if watched != self._watched:
                return
            os.close(watched)
            self._watched = -1
        self.give_turn()
        if self._waiting:
            self._answers.put(None)
        self._on_lost()
