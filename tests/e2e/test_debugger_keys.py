"""Ctrl-C and Ctrl-Z while a build stands, runs on, and in what is run from the prompt."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pexpect
import pytest

from support.cli import PROGRAM
from support.prompts import READY, Stand, wait_for

BUILD = """\
mkdir -p "$PREFIX/share"
echo ran >> "$RECIPE_DIR/../ran"
STAND=here
sleep 4321; echo over it
touch "$PREFIX/share/five"
echo last words
"""


@pytest.fixture
def stand(world: Mapping[str, str], tmp_path: Path) -> Iterator[Stand]:
    made = Stand(world, tmp_path, BUILD)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)


def test_ctrl_c_clears_the_line_ends_what_was_evaluated_and_the_stop_stays(stand: Stand) -> None:
    prompt = stand.prompt()
    prompt.child.send("delete 1")
    prompt.press("c")
    prompt.ready()
    prompt.type("eval 'MORE=1; sleep 1234'")
    wait_for(lambda: stand.processes("sleep 1234"), "it sleeps")
    prompt.press("c")
    prompt.until("interrupted")
    prompt.ready()
    assert not stand.processes("sleep 1234")
    prompt.type("shell")
    prompt.until("build line 3)")
    prompt.child.send("sleep 1234\r")
    wait_for(lambda: stand.processes("sleep 1234"), "it sleeps")
    prompt.press("c")
    prompt.until("build line 3)")
    prompt.child.send("echo st''ill $MORE; exit\r")
    prompt.until("still 1")
    prompt.ready()
    prompt.type("where")
    prompt.until("stopped at breakpoint 1")
    prompt.ready()


def test_ctrl_c_ends_the_running_line_and_nothing_else(stand: Stand) -> None:
    prompt = stand.prompt()
    prompt.type("continue")
    wait_for(lambda: stand.processes("sleep 4321"), "it sleeps")
    prompt.press("c")
    prompt.until("what runs is ended, and the script stops there")
    prompt.until("`sleep 4321` failed with status 130")
    prompt.ready()
    prompt.type("continue --ignore")
    prompt.until("over it")
    prompt.until("== build done")
    prompt.type("quit 0")
    assert prompt.ended() == 0
    assert (stand.folder / "ran").read_text() == "ran\n"


def test_ctrl_c_again_interrupts_the_phase(stand: Stand) -> None:
    (stand.recipe / "build.sh").write_text(BUILD.replace("sleep 4321;", "(trap '' INT; sleep 4321);"))
    prompt = stand.prompt()
    prompt.type("continue")
    wait_for(lambda: stand.processes("sleep 4321"), "it sleeps")
    prompt.press("c")
    prompt.until("Ctrl-C again ends the phase")
    prompt.press("c")
    prompt.until("== build interrupted")
    prompt.type("assert build interrupted")
    prompt.until("holds: build interrupted")
    prompt.type("quit 0")
    assert prompt.ended() == 0
    stand.all_is_gone()


def test_ctrl_z_stops_cbw_as_a_job_and_fg_brings_it_back(stand: Stand) -> None:
    (stand.recipe / "build.sh").write_text(BUILD.replace("4321", "1; echo a''wake; sleep 1"))
    user = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env={**stand.env, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "PS1": "USER> "},  # type: ignore[arg-type]
        encoding="utf-8",
        timeout=20,
        dimensions=(40, 160),
        cwd=str(stand.folder),
    )
    user.expect_exact("USER> ")
    user.send(f"{PROGRAM} debug -O {stand.recipe} --stop 3\r")
    user.expect_exact("-- stopped at breakpoint")
    user.expect_exact(READY)
    user.sendcontrol("z")
    user.expect_exact("Stopped")
    user.expect_exact("USER> ")
    user.send("stty -a\r")
    user.expect_exact(" icanon")
    user.expect_exact(" echo ")
    user.expect_exact("USER> ")
    user.send("fg\r")
    user.expect_exact(READY)
    user.send("eval echo he''re\r")
    user.expect_exact("here")
    user.expect_exact(READY)
    user.send("shell\r")
    user.expect_exact("build line 3)")
    user.send("sleep 1234\r")
    wait_for(lambda: stand.processes("sleep 1234"), "it sleeps")
    user.sendcontrol("z")  # the job is the inner shell's
    user.expect_exact("Stopped")
    user.expect_exact("build line 3)")
    user.send("fg\r")
    wait_for(lambda: [said for said in stand.processes("sleep 1234").values() if said.startswith("S")], "it sleeps on")
    user.sendcontrol("c")
    user.expect_exact("build line 3)")
    user.send("exit\r")
    user.expect_exact(READY)
    user.send("continue\r")
    wait_for(lambda: stand.processes("sleep 1"), "it sleeps")
    user.sendcontrol("z")
    user.expect_exact("Stopped")
    user.expect_exact("USER> ")
    user.send("fg\r")
    user.expect_exact("awake")
    user.expect_exact("== build done")
    user.expect_exact(READY)
    assert not [said for said in stand.processes().values() if said.startswith("T")]
    user.send("quit 0\r")
    user.expect_exact("USER> ")
    user.send("exit\r")
    user.expect(pexpect.EOF)
    user.close()
    stand.all_is_gone()
