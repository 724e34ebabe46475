"""The workbench in a real terminal of 80 columns and 24 lines, started as a user starts it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from cbw_core.config import Config
from cbw_core.session import Phase, State, last_session
from support.cli import PROGRAM

META = "package: {name: zoo, version: '1.0'}\nbuild: {noarch: generic}\ntest: {commands: [test -f $PREFIX/cat]}\n"


@pytest.fixture
def terminal(recipe: Callable[..., Path], world: dict[str, str], config: Config):  # type: ignore[no-untyped-def]
    """The program on a recipe, up to its first screen."""
    folder = recipe("zoo", META, **{"build.sh": "echo miau > $PREFIX/cat\n"})
    env = {**world, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    argv = ["debug", str(folder), "--override-channels"]
    child = pexpect.spawn(str(PROGRAM), argv, env=env, dimensions=(24, 80), encoding="utf-8", timeout=60)
    child.expect("runs it")
    yield child
    child.close(force=True)


def test_session_is_stepped_to_its_end_and_left_with_q(terminal: pexpect.spawn, config: Config) -> None:
    session = last_session(config)
    assert session.status().next_phase is Phase.BUILD
    for following in ("post", "package", "test", "all phases are done"):
        terminal.send("s")
        terminal.expect(re.escape(following))
        terminal.expect("> step")
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0
    assert all(phase.state in (State.DONE, State.SKIPPED) for phase in session.status().phases)


def test_shell_takes_the_terminal_and_gives_it_back(terminal: pexpect.spawn) -> None:
    terminal.send("!")
    terminal.expect("zoo-1.0-0 build")
    terminal.send("stty size; echo $((40 + 2)) $PKG_NAME\n")
    terminal.expect("24 80")
    terminal.expect("42 zoo")
    terminal.send("exit 3\n")
    terminal.expect("> shell")
    terminal.send(":quit 5\r")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 5
