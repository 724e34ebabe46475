"""Ctrl-C and SIGTERM: a request first, the end then."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = r"""
import sys, time
from cbw_core.process import Cancel
from cbw_workbench.stopping import stopping
cancel = Cancel()
cancel.on_request(lambda: print("asked\n", end="", flush=True))
with stopping(cancel, patience=int(sys.argv[1])) as stops:
    print("ready", flush=True)
    while not (sys.argv[2] == "polite" and cancel.requested):
        time.sleep(0.01)
        if len(stops.signals) == 2:
            print("2 signals", flush=True)
            stops.signals.append(0)
print(f"ended {stops.terminated}\n", end="", flush=True)
"""


def start(patience: int, manner: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", PROGRAM, str(patience), manner]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_is_a_request(number: signal.Signals) -> None:
    child = start(1, "polite")
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (0, "")
    assert sorted(out.splitlines()) == ["asked", f"ended {number == signal.SIGTERM}"]


def test_second_signal_ends_what_does_not_listen() -> None:
    child = start(1, "deaf")
    child.send_signal(signal.SIGINT)
    assert child.stdout is not None
    assert child.stdout.readline() == "asked\n"
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert child.returncode == -signal.SIGINT


def test_patience_is_for_a_prompt() -> None:
    child = start(2, "deaf")
    assert child.stdout is not None
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == "asked\n"
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == "2 signals\n"
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert child.returncode == -signal.SIGINT
