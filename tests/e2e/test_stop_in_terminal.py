"""At a stop, in a real terminal: the user's editor at the line, and a shell with all that the script knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pexpect
import pytest

from support.cli import PROGRAM

BUILD = """\
set -u -o pipefail; shopt -s nullglob
list=(a "b c"); declare -A map=([key]=value); text=$'two\\nlines'
greet() { echo "hello $1"; }
mkdir -p sub/deep; cd sub/deep
ls missing
echo "$text" > $PREFIX/end
"""
EDITOR = """\
#!/bin/bash
echo "$@" > "${0%/*}/called"
tty >> "${0%/*}/called"
sed -i s,missing,../.., "${@: -1}"
"""


class Terminal:
    def __init__(self, child: pexpect.spawn) -> None:
        self.child = child

    def until(self, pattern: str) -> str:
        """Read up to a pattern; what stood before it, plain."""
        self.child.expect(pattern)
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", str(self.child.before))

    def type(self, line: str) -> None:
        self.child.sendline(line)


@pytest.fixture
def terminal(world: Mapping[str, str], tmp_path: Path) -> Iterator[Terminal]:
    """A prompt at the failed line 5 of a build."""
    recipe, editor = tmp_path / "recipe", tmp_path / "bin" / "vim"
    for folder in (recipe, editor.parent):
        folder.mkdir()
    (recipe / "meta.yaml").write_text("package:\n  name: x\n  version: '1'\n")
    (recipe / "build.sh").write_text(BUILD)
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    env = {**world, "TERM": "dumb", "LANG": "C.UTF-8", "SHELL": "/bin/bash", "EDITOR": "false", "VISUAL": str(editor)}
    child = pexpect.spawn(
        str(PROGRAM),
        ["debug", "-O", "--snapshots", "stops", "--stop", "build.sh:5", str(recipe)],
        env=env,
        dimensions=(24, 200),
        encoding="utf-8",
        timeout=40,
    )
    one = Terminal(child)
    try:
        one.until(r"build\.sh:5> ")
        yield one
    finally:
        child.close(force=True)


def test_the_users_editor_opens_at_the_line_and_the_edit_is_run(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("snapshots")
    terminal.until(r"5 +ls missing")
    terminal.type("edit")
    out = terminal.until("goes on with line 5")
    assert "-ls missing" in out and "+ls ../.." in out
    called = (tmp_path / "bin" / "called").read_text().splitlines()
    assert called[0] == f"+5 {tmp_path}/recipe/build.sh"
    assert called[1].startswith("/dev/")  # the terminal was the editor's
    terminal.type("continue")
    terminal.until("the recipe has the edits")
    terminal.type("quit")
    terminal.child.expect(pexpect.EOF)


def test_the_work_folders_script_is_edited_at_its_own_line(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("edit --work")
    terminal.until("the recipe does not have this edit")
    called = (tmp_path / "bin" / "called").read_text().splitlines()[0]
    line, file = called.split()
    assert file.endswith("/work/conda_build.sh")
    assert Path(file).read_text().splitlines()[int(line[1:]) - 1] == "ls ../.."
    assert (tmp_path / "recipe" / "build.sh").read_text() == BUILD


def test_a_shell_at_a_stop_knows_what_the_script_knows_and_ends_at_the_stop(terminal: Terminal) -> None:
    terminal.type("shell")
    terminal.until(r"line 5\) .*sub/deep[#$] ")
    terminal.type('echo "<${list[1]}|${map[key]}|${text@Q}|$(greet you)|${PWD##*/work/}>"; shopt -p nullglob')
    assert "<b c|value|$'two\\nlines'|hello you|sub/deep>" in terminal.until("shopt -s nullglob\r")
    terminal.type("text=changed; set -o | grep pipefail; exit 3")
    terminal.until(r"pipefail\s+on")
    terminal.until(r"build\.sh:5> ")
    terminal.type("vars text")
    assert "two\\nlines" in terminal.until(r"build\.sh:5> ")  # what was done in there ended with it
    terminal.type("step")
    terminal.until("missing")
    terminal.until(r"build\.sh:5> ")
    terminal.type("quit")
    terminal.child.expect(pexpect.EOF)
