"""The program over the engine: streams, JSON, signals, kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Recipe = Callable[..., Path]
PROGRAM = [sys.executable, "-c", "import sys; from cbw_workbench.cli.main import main; sys.exit(main(sys.argv[1:]))"]

META = """
package:
  name: tiny
  version: "1.0"
build:
  noarch: generic
"""


@pytest.fixture
def cbw(world: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            env=world,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    return run


Cbw = Callable[..., "subprocess.CompletedProcess[str]"]


def test_activation_line_alone_on_stdout_gives_the_environment(cbw: Cbw, recipe: Recipe) -> None:
    folder = recipe("tiny", META, **{"build.sh": 'mkdir -p "$PREFIX/share" && echo hi > "$PREFIX/share/tiny.txt"\n'})
    done = cbw("debug", "-a", "-O", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    line = done.stdout.strip() + ' && bash conda_build.sh && cat "$PREFIX/share/tiny.txt"'
    made = subprocess.run(["bash", "--norc", "-c", line], capture_output=True, text=True, check=False)
    assert made.stdout.splitlines()[-1:] == ["hi"], made


def test_log_on_stderr_result_on_stdout(cbw: Cbw, recipe: Recipe) -> None:
    folder = recipe("tiny", META, **{"build.sh": "echo from the build\n"})
    done = cbw("debug", "-O", str(folder))
    assert done.stdout.startswith("source tree in: ")
    done = cbw("run", "build")
    assert "from the build" in done.stderr.splitlines()
    assert "from the build" not in done.stdout
    assert cbw("run", "build", "-q").stderr == ""
    assert cbw("log", "build").stdout.splitlines()[-1] == "from the build"


def test_json_is_events_and_the_result_last(cbw: Cbw, recipe: Recipe) -> None:
    folder = recipe("tiny", META, **{"build.sh": "echo from the build\n"})
    done = cbw("build", "--json", "-O", "--no-test", str(folder))
    rows: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert all("event" in row for row in rows[:-1])
    ended = [row["phase"] for row in rows if row.get("event") == "PhaseEnded"]
    assert ended == ["source", "env", "build", "post", "package"]
    assert rows[-1]["packages"][0].endswith("tiny-1.0-0.conda")
    status = json.loads(cbw("status", "--json").stdout)
    assert [p["state"] for p in status["phases"]] == ["done"] * 6 + ["pending"]


def test_failure_is_short_names_the_place_and_keeps_the_session(cbw: Cbw, recipe: Recipe) -> None:
    folder = recipe("tiny", META, **{"build.sh": "echo one\nfalse\n"})
    done = cbw("build", "-O", str(folder))
    assert done.returncode == 1
    assert "error[build] in build" in done.stderr
    assert "Traceback" not in done.stderr
    kept = next(line for line in done.stderr.splitlines() if "session kept: " in line).split(": ")[1]
    assert (Path(kept) / "ledger.json").is_file()
    row = json.loads(cbw("build", "-O", "--json", str(folder)).stdout.splitlines()[-1])
    assert (row["error"]["phase"], row["error"]["exit_status"]) == ("build", 1)


def test_shell_command_has_our_streams_and_gives_its_status(cbw: Cbw, recipe: Recipe) -> None:
    folder = recipe("tiny", META, **{"build.sh": "true\n"})
    cbw("debug", "-O", str(folder))
    done = cbw("shell", "-c", 'echo "$PKG_NAME"; echo oops >&2; exit 9')
    assert (done.returncode, done.stdout, done.stderr) == (9, "tiny\n", "oops\n")


def slow(recipe: Recipe, world: dict[str, str], tmp_path: Path) -> subprocess.Popen[str]:
    folder = recipe("tiny", META, **{"build.sh": "echo $$ > ../pid; echo holding; sleep 100\n"})
    child = subprocess.Popen(
        [*PROGRAM, "build", "-O", str(folder)],
        env=world,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line == "holding\n":
            return child
    raise AssertionError("the build did not begin")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_interrupts_the_phase_and_ends_with_130(
    number: signal.Signals, cbw: Cbw, recipe: Recipe, world: dict[str, str], tmp_path: Path
) -> None:
    child = slow(recipe, world, tmp_path)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "interrupted in build" in err
    assert "Traceback" not in err
    status = json.loads(cbw("status", "--json").stdout)
    assert status["phases"][3]["state"] == "interrupted"
    assert not alive(status)


def test_signal_ends_a_script_with_130(recipe: Recipe, world: dict[str, str], tmp_path: Path) -> None:
    recipe("tiny", META, **{"build.sh": "echo hold''ing; sleep 100\n"})
    (tmp_path / "steps.cbw").write_text("build -O recipes/tiny\n!echo after\n")
    child = subprocess.Popen(
        [*PROGRAM, "repl", "--script", "steps.cbw"], env=world, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    said = []
    for line in child.stdout:
        said.append(line)
        if line == "holding\n":
            child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    assert "interrupted in build\n" in said
    assert "after\n" not in said


def test_kill_9_leaves_a_session_that_says_interrupted(
    cbw: Cbw, recipe: Recipe, world: dict[str, str], tmp_path: Path
) -> None:
    child = slow(recipe, world, tmp_path)
    child.kill()
    child.communicate(timeout=30)
    status = json.loads(cbw("status", "--json").stdout)
    assert status["phases"][3]["state"] == "interrupted"


def alive(status: dict[str, Any]) -> bool:
    """Whether the build script that wrote its process number beside the work folder still runs."""
    try:
        os.kill(int((Path(status["session"]) / "pid").read_text()), 0)
    except ProcessLookupError:
        return False
    return True
