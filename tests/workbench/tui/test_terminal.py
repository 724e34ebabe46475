"""The workbench in a real terminal of 80 columns and 24 lines, started as a user starts it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from cbw_core.config import Config
from cbw_core.session import Phase, Session, State, last_session
from support.cli import PROGRAM

META = "package: {name: zoo, version: '1.0'}\nbuild: {noarch: generic}\ntest: {commands: [test -f $PREFIX/cat]}\n"


SCREEN = re.escape("\x1b[?1049h")  # the program takes the terminal's other screen


@pytest.fixture
def terminal(recipe: Callable[..., Path], world: dict[str, str], config: Config):  # type: ignore[no-untyped-def]
    """The program on a recipe, up to its first screen."""
    folder = recipe("zoo", META, **{"build.sh": "echo miau > $PREFIX/cat\n"})
    env = {**world, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    argv = ["debug", str(folder), "--override-channels"]
    child = pexpect.spawn(str(PROGRAM), argv, env=env, dimensions=(24, 80), encoding="utf-8", timeout=60)
    child.expect(SCREEN)
    child.expect("package")
    yield child
    child.close(force=True)


def reaches(terminal: pexpect.spawn, session: Session, phase: Phase) -> bool:
    """Whether the phase comes to be done; what the program draws meanwhile is read away."""
    end = time.monotonic() + 60
    while session.status()[phase].state is not State.DONE and time.monotonic() < end:
        terminal.expect([pexpect.TIMEOUT, r".+"], timeout=0.05)
    return session.status()[phase].state is State.DONE


def test_session_is_stepped_to_its_end_and_left_with_q(terminal: pexpect.spawn, config: Config) -> None:
    session = last_session(config)
    assert session.status().next_phase is Phase.BUILD
    for phase in (Phase.BUILD, Phase.POST, Phase.PACKAGE, Phase.TEST):
        terminal.send("s")
        assert reaches(terminal, session, phase)
        terminal.expect(r"\d+\.\ds")  # the command's seconds: it has ended
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0


def test_shell_takes_the_terminal_and_gives_it_back(terminal: pexpect.spawn) -> None:
    terminal.send("!")
    terminal.expect("zoo-1.0-0 build")
    terminal.send("stty size; echo $((40 + 2)) $PKG_NAME\n")
    terminal.expect("24 80")
    terminal.expect("42 zoo")
    terminal.send("exit 3\n")
    terminal.expect(SCREEN)
    terminal.send(":quit 5\r")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 5
