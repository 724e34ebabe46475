"""The C library, whose build fails in its third of five commands behind a slow one, mended through the screen: a real
terminal, a real editor, the library's own sources."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import pexpect
import pytest

from cbw_core.archive import members
from cbw_core.config import Config
from cbw_core.session import Phase, Session, State, last_session
from support.cli import PROGRAM
from support.paths import EXAMPLES

META = """\
package: {name: tally-one, version: "1.2.0"}
source: {path: src}
requirements:
  build:
    - {{ compiler('c') }}
    - make
test:
  commands:
    - test -f $PREFIX/lib/libtally.so.1
    - test -f $PREFIX/include/tally.h
"""
BUILD = """\
set -ex
make -j"${CPU_COUNT}" DESTINATION="${PREFIX}" libtally.so.1.2.0; sleep 1; echo ran >> "${RECIPE_DIR}/../slow"
make chekc
make DESTINATION="${PREFIX}" install-lib
test -f "${PREFIX}/lib/libtally.so.1"
"""
EDITOR = '#!/bin/sh\nexec < /dev/tty\necho EDITING; read word\nsed -i "s/chekc/$word/" "$1"\n'
SCREEN = re.escape("\x1b[?1049h")

pytestmark = pytest.mark.slow


def wait_for(terminal: pexpect.spawn, session: Session, phase: Phase) -> State:
    """How a phase ends; what the program draws meanwhile is read away."""
    end = time.monotonic() + 120
    while (state := session.status()[phase].state) in (State.PENDING, State.RUNNING) and time.monotonic() < end:
        terminal.expect([pexpect.TIMEOUT, r".+"], timeout=0.05)
    return state


def test_the_line_that_fails_behind_a_slow_one_is_edited_and_the_build_goes_on_to_a_tested_package(
    world: dict[str, str], config: Config, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipes" / "tally-one"
    shutil.copytree(EXAMPLES / "clib" / "src", recipe / "src")
    (recipe / "meta.yaml").write_text(META)
    (recipe / "build.sh").write_text(BUILD)
    editor = tmp_path / "mend"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    env = {**os.environ, **world, "TERM": "xterm-256color", "LANG": "C.UTF-8", "VISUAL": str(editor)}
    argv = ["debug", str(recipe), "-c", "host", "--override-channels"]
    terminal = pexpect.spawn(str(PROGRAM), argv, env=env, dimensions=(24, 80), encoding="utf-8", timeout=180)
    try:
        terminal.expect(SCREEN)
        terminal.expect("package")
        session = last_session(config)
        terminal.send("r7")
        terminal.expect("ignore it")
        assert session.status()[Phase.BUILD].state is State.RUNNING, "it stands, nothing is cleaned up"
        assert (tmp_path / "recipes" / "slow").read_text() == "ran\n"
        terminal.send("e")
        terminal.expect("EDITING")
        terminal.send("check\n")
        terminal.expect(SCREEN)
        terminal.expect("goes on with line 3")
        terminal.send("c")
        assert wait_for(terminal, session, Phase.TEST) is State.DONE
        terminal.send("q")
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close(force=True)
    assert (tmp_path / "recipes" / "slow").read_text() == "ran\n", "the slow command ran once"
    assert "make check\n" in (recipe / "build.sh").read_text()
    package = Path(session.status().paths["package"])
    names = {member.name for member in members(package)}
    assert {"lib/libtally.so.1", "include/tally.h"} <= names
