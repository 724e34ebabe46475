"""The debugger's screen in a real terminal: an editor and a shell take it over at a stop, and give it back."""

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
BUILD = "set -e\nanimal=cat\necho ran >> $RECIPE_DIR/../count\necho $animal > $PREFIX/no-folder/cat\n"
EDITOR = '#!/bin/sh\nexec < /dev/tty\necho EDITING; read answer\nsed -i s,no-folder/,, "$1"\nexit $answer\n'

SCREEN = re.escape("\x1b[?1049h")  # the program takes the terminal's other screen


@pytest.fixture
def terminal(recipe: Callable[..., Path], world: dict[str, str], config: Config, tmp_path: Path):  # type: ignore[no-untyped-def]
    """The program on a recipe whose build fails, at its stop."""
    editor = tmp_path / "mend"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    folder = recipe("zoo", META, **{"build.sh": BUILD})
    env = {**world, "TERM": "xterm-256color", "LANG": "C.UTF-8", "EDITOR": str(editor)}
    argv = ["debug", str(folder), "--override-channels"]
    child = pexpect.spawn(str(PROGRAM), argv, env=env, dimensions=(24, 80), encoding="utf-8", timeout=60)
    child.expect(SCREEN)
    child.expect("package")
    child.send("s")
    child.expect("ignore it")
    yield child
    child.close(force=True)


def reaches(terminal: pexpect.spawn, session: Session, phase: Phase) -> bool:
    """Whether the phase comes to be done; what the program draws meanwhile is read away."""
    end = time.monotonic() + 60
    while session.status()[phase].state is not State.DONE and time.monotonic() < end:
        terminal.expect([pexpect.TIMEOUT, r".+"], timeout=0.05)
    return session.status()[phase].state is State.DONE


def leave(terminal: pexpect.spawn) -> None:
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0


def test_the_failed_line_is_edited_in_ones_editor_and_the_build_goes_on(
    terminal: pexpect.spawn, config: Config, tmp_path: Path
) -> None:
    session = last_session(config)
    terminal.send("e")
    terminal.expect("EDITING")
    terminal.send("0\n")
    terminal.expect(SCREEN)
    terminal.expect("goes on with line")
    terminal.send("c")
    assert reaches(terminal, session, Phase.BUILD)
    terminal.expect("stands|done|next")
    assert (tmp_path / "recipes" / "count").read_text() == "ran\n"
    assert (session.layout.host_prefix / "cat").read_text() == "cat\n"
    leave(terminal)


def test_an_editor_that_fails_is_said_and_nothing_is_read(terminal: pexpect.spawn, config: Config) -> None:
    terminal.send("e")
    terminal.expect("EDITING")
    terminal.send("3\n")
    terminal.expect(SCREEN)
    terminal.expect("ended with")
    terminal.send("r")
    terminal.expect("goes on with line")
    terminal.send("c")
    assert reaches(terminal, last_session(config), Phase.BUILD)
    leave(terminal)


def test_a_shell_at_the_stop_has_the_scripts_variables_and_the_screen_comes_back(
    terminal: pexpect.spawn, config: Config
) -> None:
    terminal.send("!")
    terminal.expect("build line 4")
    terminal.send("echo $animal says $((40 + 2)); mkdir $PREFIX/no-folder; exit 5\n")
    terminal.expect("cat says 42")
    terminal.expect(SCREEN)
    terminal.expect("ignore it")
    terminal.send(":reload 4\r")
    terminal.expect("goes on with line")
    terminal.send("c")
    assert reaches(terminal, last_session(config), Phase.BUILD)
    leave(terminal)
