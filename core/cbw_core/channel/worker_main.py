"""The other end of `worker`: reads jobs from stdin, runs them in one event loop, answers on what was stdout.

A job is `async def job(state, payload, emit)`: `state` is a dict that lives as long as this process, `emit` sends an
event (from any thread). Only the child calls `main`.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from cbw_core.errors import CbwError

State: TypeAlias = dict[Any, Any]
Emit: TypeAlias = Callable[[dict[str, Any]], None]
Job: TypeAlias = Callable[[State, dict[str, Any], Emit], Coroutine[Any, Any, Any]]


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what prints by mistake must not come between the answers
    os.set_inheritable(answers, False)
    lock = threading.Lock()
    requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def answer(message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        with lock:
            view = memoryview(data)
            while view:
                view = view[os.write(answers, view) :]

    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    loop = asyncio.new_event_loop()
    state: State = {}
    while (request := requests.get()) is not None:
        module, _, name = request["job"].partition(":")
        try:
            job: Job = getattr(importlib.import_module(module), name)
            result = loop.run_until_complete(job(state, request["payload"], lambda event: answer({"event": event})))
            answer({"result": result})
        except CbwError as error:
            answer({"error": error.to_json()})
        except Exception as error:
            answer({"crash": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()})


def _read(requests: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    """Requests to the queue. At the end of stdin our parent is gone: end at once, with the link scripts we started."""
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    os.killpg(0, signal.SIGKILL)
