"""The child py-rattler works in. Its jobs here are the ones of `worker_jobs` beside this file's support."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from cbw_core.channel import Worker
from cbw_core.errors import CbwError, EnvironmentFailure, Interrupted, RecipeError
from cbw_core.process import Cancel

JOBS = "support.worker_jobs"


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def gone(pid: int, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def test_a_job_gives_its_result_and_its_events() -> None:
    events: list[dict] = []
    with Worker() as worker:
        assert worker.call(f"{JOBS}:echo", {"x": "ü\n"}, on_event=events.append) == {"x": "ü\n"}
    assert events == [{"n": 1}, {"n": 2}]


def test_one_child_serves_many_jobs_and_keeps_their_state() -> None:
    with Worker() as worker:
        assert [worker.call(f"{JOBS}:count", {}) for _ in range(3)] == [1, 2, 3]


def test_an_error_for_people_comes_back_as_it_is() -> None:
    with Worker() as worker:
        with pytest.raises(RecipeError, match="wrong") as caught:
            worker.call(f"{JOBS}:refuse", {})
        assert (caught.value.kind, caught.value.hint) == ("odd", "do so")
        assert worker.call(f"{JOBS}:count", {}) == 1


def test_a_bug_in_a_job_is_an_error_with_its_traceback() -> None:
    with Worker() as worker, pytest.raises(EnvironmentFailure, match="ZeroDivisionError") as caught:
        worker.call(f"{JOBS}:divide", {})
    assert caught.value.kind == "worker"
    assert "worker_jobs.py" in str(caught.value.details)


def test_a_child_that_dies_is_told_with_what_it_said_and_replaced() -> None:
    with Worker() as worker:
        with pytest.raises(EnvironmentFailure, match="status 7") as caught:
            worker.call(f"{JOBS}:die", {})
        assert "last words" in str(caught.value.details)
        assert worker.call(f"{JOBS}:count", {}) == 1


def test_prints_of_a_job_do_not_disturb_the_answers() -> None:
    with Worker() as worker:
        assert worker.call(f"{JOBS}:chatter", {}) == "quiet"


def test_cancel_ends_the_child_and_what_it_started() -> None:
    cancel = Cancel()
    started: list[dict] = []

    def on_event(event: dict) -> None:
        started.append(event)
        threading.Thread(target=cancel.request).start()

    with Worker() as worker:
        with pytest.raises(Interrupted):
            worker.call(f"{JOBS}:hang", {}, on_event=on_event, cancel=cancel)
        assert gone(started[0]["worker"])
        assert gone(started[0]["child"])
        assert worker.call(f"{JOBS}:count", {}) == 1


def test_nothing_starts_when_cancel_was_asked_for_before() -> None:
    cancel = Cancel()
    cancel.request()
    with Worker() as worker, pytest.raises(Interrupted):
        worker.call(f"{JOBS}:die", {}, cancel=cancel)


def test_the_child_gets_the_given_environment_and_not_our_import_path() -> None:
    with Worker({"ONLY": "this", "PATH": os.environ["PATH"]}) as worker:
        env = worker.call(f"{JOBS}:environment", {})
    assert env["ONLY"] == "this"
    assert "PYTHONPATH" not in env
    assert "HOME" not in env


def test_the_child_ends_with_the_object() -> None:
    worker = Worker()
    pid = worker.call(f"{JOBS}:pid", {})
    del worker
    assert gone(pid)


def test_the_child_ends_when_we_are_killed() -> None:
    program = textwrap.dedent(
        f"""
        import sys; sys.path[:] = {sys.path!r}
        import os, signal
        from cbw_core.channel import Worker
        def on_event(event):
            print(event["worker"], event["child"], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        Worker().call("{JOBS}:hang", {{}}, on_event=on_event)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    assert all(gone(pid) for pid in pids)


def test_calls_from_two_threads_do_not_mix() -> None:
    results: dict[int, object] = {}
    with Worker() as worker:

        def work(n: int) -> None:
            results[n] = worker.call(f"{JOBS}:echo", {"n": n})

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {n: {"n": n} for n in range(8)}


def test_an_unknown_job_is_an_error_and_not_a_hang() -> None:
    with Worker() as worker, pytest.raises(CbwError, match="nowhere"):
        worker.call("support.nowhere:x", {})
