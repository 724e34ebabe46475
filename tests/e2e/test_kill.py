"""kill -9 at any moment: the session says interrupted, and goes on to the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.cli import PROGRAM, Cbw

META = """\
package: {name: slow, version: "1.0"}
source: {path: src}
build: {number: 0, script: ["mkdir -p $PREFIX/share", "cp -r . $PREFIX/share/slow", "sleep 0.4"]}
test: {commands: ["sleep 0.4", "test -f $PREFIX/share/slow/file7"]}
"""
PHASES = ("render", "source", "env", "build", "post", "package", "test")
TIMES = 10


@pytest.fixture
def slow(recipe: Callable[..., Path]) -> Path:
    folder = recipe("slow", META)
    (folder / "src").mkdir()
    for n in range(300):
        (folder / f"src/file{n}").write_bytes(os.urandom(4096))
    return folder


def kill_during(phase: str, session: str, world: Mapping[str, str]) -> bool:
    """Start `cbw rerun PHASE` and kill it as soon as it says that the phase began; whether it was killed in time."""
    child = subprocess.Popen(
        [str(PROGRAM), "rerun", phase, "--session", session, "--json"],
        env=dict(world),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "PhaseStarted" and event.get("phase") == phase:
            break
    child.kill()
    child.stdout.close()
    return child.wait() == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_a_session_killed_in_a_phase_is_interrupted_and_finishes(
    phase: str, slow: Path, cbw: Cbw, world: Mapping[str, str]
) -> None:
    cbw("debug", "-O", slow, "--plain")
    session = cbw("status", "--json").json()["session"]
    cbw("run", "test", "--session", session)
    interrupted = 0
    for _ in range(TIMES):
        killed = kill_during(phase, session, world)
        shown = {row["phase"]: row["state"] for row in cbw("status", "--json", "--session", session).json()["phases"]}
        if killed and shown[phase] == "interrupted":
            interrupted += 1
    assert interrupted >= TIMES - 2, f"{phase} was caught at work only {interrupted} of {TIMES} times"
    cbw("run", "test", "--session", session)
    states = {row["state"] for row in cbw("status", "--json", "--session", session).json()["phases"]}
    assert states == {"done"}


@pytest.mark.slow
def test_no_child_outlives_a_killed_cbw(recipe: Callable[..., Path], cbw: Cbw, world: Mapping[str, str]) -> None:
    mark = "4242.4242"
    folder = recipe(
        "leaves",
        f"package: {{name: leaves, version: '1'}}\nbuild: {{script: ['setsid sleep {mark} &', 'sleep {mark}']}}\n",
    )
    cbw("debug", "-O", folder, "--plain")
    child = subprocess.Popen(
        [str(PROGRAM), "run", "build", "--json"],
        env=dict(world),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if '"PhaseStarted"' in line and '"build"' in line:
            break
    wait_for(lambda: len(sleepers(mark)) == 2)
    child.kill()
    child.wait()
    wait_for(lambda: not sleepers(mark))


def sleepers(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            argv = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if argv[:2] == [b"sleep", mark.encode()]:
            found.append(int(folder.name))
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
