"""The prompt on a real terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

PROGRAM = "import sys; from cbw_workbench.cli.main import main; sys.exit(main(sys.argv[1:]))"
READY = "\x1b[?2004h"  # bracketed paste goes on when the prompt begins to read


@pytest.fixture
def prompt(world: dict[str, str], tmp_path: Path) -> pexpect.spawn[str]:
    child = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, "repl"],
        env={**world, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},  # type: ignore[arg-type]
        encoding="utf-8",
        timeout=20,
        dimensions=(24, 100),
        cwd=str(tmp_path),
    )
    child.expect_exact(READY)
    return child


def ended(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_commands_run_and_history_is_kept(prompt: pexpect.spawn[str], world: dict[str, str]) -> None:
    prompt.send("!echo $((6*7))\r")
    prompt.expect_exact("42")
    prompt.expect_exact(READY)
    prompt.send("quit\r")
    assert ended(prompt) == 0
    history = Path(world["XDG_STATE_HOME"]) / "cbw" / "repl-history"
    assert "!echo $((6*7))" in history.read_text()


def test_failure_stays_and_its_status_is_the_last(prompt: pexpect.spawn[str]) -> None:
    prompt.send("bild\r")
    prompt.expect_exact("Did you mean 'build'?")
    prompt.expect_exact(READY)
    prompt.send("\x04")
    assert ended(prompt) == 2


def test_ctrl_c_stops_a_command_and_stays(prompt: pexpect.spawn[str]) -> None:
    prompt.send("!echo be''gun; sleep 100\r")
    prompt.expect_exact("begun")
    prompt.send("\x03")
    prompt.expect_exact("interrupted")
    prompt.expect_exact(READY)
    prompt.send("!echo st''ill here\r")
    prompt.expect_exact("still here")
    prompt.expect_exact(READY)
    prompt.send("quit 0\r")
    assert ended(prompt) == 0


def test_ctrl_c_interrupts_a_phase_and_the_session_stays(
    prompt: pexpect.spawn[str], recipe: Callable[..., Path]
) -> None:
    meta = "package:\n  name: tiny\n  version: 1\nbuild:\n  noarch: generic\n"
    recipe("tiny", meta, **{"build.sh": "echo hold''ing\nsleep 100\n"})
    prompt.send("build -O recipes/tiny\r")
    prompt.expect_exact("holding")
    prompt.send("\x03")
    prompt.expect_exact(" in build")
    prompt.expect_exact(READY)
    prompt.send("assert build interrupted\r")
    prompt.expect_exact("holds: build interrupted")
    prompt.expect_exact(READY)
    prompt.send("quit 0\r")
    assert ended(prompt) == 0


def test_ctrl_c_at_the_prompt_clears_the_line(prompt: pexpect.spawn[str]) -> None:
    prompt.send("half a li")
    prompt.send("\x03")
    prompt.send("quit 3\r")
    assert ended(prompt) == 3


def test_tab_completes(prompt: pexpect.spawn[str]) -> None:
    prompt.send("sess\t")
    prompt.expect_exact("ions")
    prompt.send(" --json\r")
    prompt.expect_exact(READY)
    prompt.send("assert status 0\r")
    prompt.expect_exact("holds: status 0")
    prompt.send("quit\r")
    assert ended(prompt) == 0


def test_toolbar_tells_of_the_session(world: dict[str, str], tmp_path: Path) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, "repl"],
        env={**world, "TERM": "xterm"},  # type: ignore[arg-type]
        encoding="utf-8",
        timeout=20,
        cwd=str(tmp_path),
    )
    child.expect_exact("\x1b[6n")  # it asks where the cursor is before it draws the toolbar
    child.send("\x1b[1;1R")
    child.expect_exact("no session")
    child.send("\x04")
    assert ended(child) == 0


def test_an_empty_line_steps_again_at_a_stop(prompt: pexpect.spawn[str], recipe: Callable[..., Path]) -> None:
    made = recipe(
        "steps", "package:\n  name: steps\n  version: 1\n", **{"build.sh": "echo a\necho b\necho c\necho d\n"}
    )
    for line, wanted in (
        ("", "cbw>"),  # nothing stands: nothing is repeated
        (f"debug {made} -O", "enter a debugging environment"),
        ("break 1", "build"),
        ("run build", "build.sh:1: echo a"),
        ("n", "build.sh:2: echo b"),
        ("", "build.sh:3: echo c"),
        ("where", "main"),
        ("", "cbw"),
        ("assert stop 3", "holds: stop 3"),
        ("timeline --slowest 1", "so far"),
    ):
        prompt.send(f"{line}\r")
        prompt.expect_exact(wanted)
        prompt.expect_exact(READY)
    prompt.send("continue\r")
    prompt.expect_exact("build done")
    prompt.expect_exact(READY)
    prompt.send("quit 0\r")
    assert ended(prompt) == 0
