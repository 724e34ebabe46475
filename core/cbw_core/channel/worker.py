"""The child process py-rattler works in.

py-rattler's runtime keeps threads that may touch the interpreter while it ends (a crash at exit, now and then), makes
`os.fork` hang, and cannot stop a solve or a link half-way. In a child of ours all three are gone: the engine's own
process never loads it, cancelling is a kill, and the child ends with `os._exit`. One child serves many jobs, so that
its start is paid once and repodata stays in memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import IO, Any

from cbw_core.errors import CbwError, EnvironmentFailure, error_from_json
from cbw_core.process import Cancel

# Our own import path, by argument: PYTHONPATH would reach the link scripts of packages.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from cbw_core.channel.worker_main import main; main()"
)


class Worker:
    """A child that runs jobs, one at a time; started by the first `call`, started again after a cancel.

    environ: its environment (None: ours), read by what detects virtual packages, proxies and stored logins.
    It ends with `close`, when this object is collected, and when our process ends in whatever way.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = None if environ is None else dict(environ)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._finalizer: Callable[[], object] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def call(
        self,
        job: str,
        payload: Mapping[str, Any],
        *,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        cancel: Cancel | None = None,
    ) -> Any:
        """Run `job` ("module:coroutine") in the child with `payload` and give back its result; both are JSON-able.

        on_event gets what the job emits, in this thread. Raises the CbwError the job raised, Interrupted when `cancel`
        is asked for (the child and all it started are gone by then), EnvironmentFailure(kind="worker") when it died.
        """
        if cancel is not None:
            cancel.check()
        with self._lock:
            child = self._running()
            forget = cancel.on_request(child.kill) if cancel is not None else lambda: None
            try:
                result = child.run(job, payload, on_event)
            except _Died as died:
                self._drop()
                if cancel is not None:
                    cancel.check()
                raise EnvironmentFailure(
                    f"the helper process of {job.rpartition(':')[2]} ended without an answer ({died.how})",
                    kind="worker",
                    why="It was killed, ran out of memory, or py-rattler crashed.",
                    hint="Run the same command again; if it fails the same way, report it with the text below.",
                    details=died.output or None,
                ) from None
            except CbwError:
                raise
            except BaseException:
                self._drop()  # half an answer may be left in the pipe
                raise
            finally:
                forget()
            if cancel is not None:
                cancel.check()
            return result

    def close(self) -> None:
        """End the child; a later `call` starts another."""
        with self._lock:
            self._drop()

    def _running(self) -> _Child:
        if self._child is None or not self._child.alive():
            self._drop()
            self._child = _Child(self._environ)
            self._finalizer = weakref.finalize(self, self._child.end)
        return self._child

    def _drop(self) -> None:
        self._child = None
        finalizer, self._finalizer = self._finalizer, None
        if finalizer is not None:
            finalizer()


class _Died(Exception):
    def __init__(self, how: str, output: str) -> None:
        super().__init__(how)
        self.how, self.output = how, output


class _Child:
    """The process and its two pipes: requests go to its stdin, answers come line by line from its stdout."""

    def __init__(self, environ: dict[str, str] | None) -> None:
        env = {"RUST_BACKTRACE": "0", **(os.environ if environ is None else environ)}
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by end)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, json.dumps([os.path.abspath(p) for p in sys.path])],  # noqa: PTH100
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=env,
            start_new_session=True,  # Ctrl-C in the terminal is ours to handle; a kill takes its children too
        )
        self._killing = threading.RLock()  # a signal handler may cancel while `end` holds it
        self._reaped = False

    def alive(self) -> bool:
        return self._process.poll() is None

    def run(self, job: str, payload: Mapping[str, Any], on_event: Callable[[dict[str, Any]], None] | None) -> Any:
        request, answers = self._process.stdin, self._process.stdout
        assert request is not None
        assert answers is not None
        try:
            request.write(json.dumps({"job": job, "payload": payload}).encode() + b"\n")
            request.flush()
        except BrokenPipeError:
            raise self._died() from None
        for line in answers:
            if not line.endswith(b"\n"):
                break
            answer = json.loads(line)
            if "event" in answer:
                if on_event is not None:
                    on_event(answer["event"])
            elif "error" in answer:
                raise error_from_json(answer["error"])
            elif "crash" in answer:
                raise EnvironmentFailure(
                    f"{job.rpartition(':')[2]} failed: {answer['crash']}",
                    kind="worker",
                    hint="This is a bug of cbw: report it with the text below.",
                    details=answer["traceback"],
                )
            else:
                return answer["result"]
        raise self._died()

    def kill(self) -> None:
        """End it and all it started, now. Safe from any thread, and when it is gone already."""
        with self._killing:
            if not self._reaped:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.kill()
        with self._killing:
            self._process.wait()
            self._reaped = True
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _died(self) -> _Died:
        self.kill()
        status = self._process.wait()
        self._stderr.seek(0)
        output = self._stderr.read().decode(errors="replace")[-4000:].strip()
        return _Died(f"signal {-status}" if status < 0 else f"status {status}", output)
