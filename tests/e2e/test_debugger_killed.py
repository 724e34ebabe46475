"""A build that stands at a stop, and what is killed: its shell, cbw, the terminal. Nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from support.cli import PROGRAM, Cbw
from support.prompts import BUILD, Prompt, Stand, wait_for


@pytest.fixture
def stand(world: Mapping[str, str], tmp_path: Path) -> Iterator[Stand]:
    made = Stand(world, tmp_path)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)


def is_cooked(prompt: Prompt) -> bool:
    """Whether the terminal is as a shell wants it."""
    local = termios.tcgetattr(prompt.child.child_fd)[3]
    return bool(local & termios.ICANON and local & termios.ECHO)


@pytest.mark.parametrize(
    "kill", [os.kill, lambda pid, number: os.killpg(os.getpgid(pid), number)], ids=["shell", "process group"]
)
def test_a_shell_killed_at_a_stop_is_told_at_once_and_the_build_runs_again(
    kill: Callable[[int, int], None], stand: Stand
) -> None:
    prompt = stand.prompt()
    kill(stand.bash, signal.SIGKILL)
    prompt.until("the script's shell that stood at")  # nobody asked
    prompt.until("== build failed")
    prompt.until("SIGKILL ended a command")
    prompt.type("assert build failed")
    prompt.until("holds: build failed")
    prompt.type("rerun build")
    prompt.until("-- stopped at breakpoint 1")
    prompt.type("continue")
    prompt.until("== build done")
    prompt.type("quit 0")
    assert prompt.ended() == 0
    stand.all_is_gone()


def test_a_subshell_killed_at_a_stop_fails_as_a_command_and_the_script_stands_there(
    world: Mapping[str, str], tmp_path: Path
) -> None:
    stand = Stand(world, tmp_path, "echo a\n(\n  echo b\n)\ntouch $PREFIX/five\n")
    prompt = stand.prompt()
    pid = max(stand.processes("bash -o errexit"))
    assert pid != stand.bash
    os.kill(pid, signal.SIGKILL)
    prompt.until("the script's subshell that stood at")
    prompt.until("failed with status 137; the build stands there")
    prompt.type("continue --ignore")
    prompt.until("== build done")
    prompt.type("quit 0")
    assert prompt.ended() == 0


def test_a_script_that_kills_its_own_shell_by_hand_fails_there_and_then(stand: Stand, cbw: Cbw) -> None:
    script = stand.folder / "kill.cbw"
    script.write_text(
        f"""debug {stand.recipe} -O
break 3
run build
fails eval kill -9 $$
assert error build
assert output SIGKILL
assert build failed
fails continue
assert error not-stopped
rerun build
fails !exit 7
assert error build
assert build failed
break --delete 1
rerun build
assert build done
"""
    )
    ran = cbw("repl", "--script", script, "--strict")
    assert "the script's shell that stood at" in ran.text
    stand.all_is_gone()


def at_the_stop(stand: Stand) -> Prompt:
    return stand.prompt()


def in_a_long_command(stand: Stand) -> Prompt:
    (stand.recipe / "build.sh").write_text(f"{BUILD}setsid sleep 4321 &\ntrap '' TERM; sleep 4321\n")
    prompt = stand.prompt()
    prompt.type("continue")
    wait_for(lambda: len(stand.processes("sleep 4321")) == 2, "both sleep")
    return prompt


def in_a_shell(stand: Stand) -> Prompt:
    prompt = stand.prompt()
    prompt.type("shell")
    prompt.until("build line 3)")
    prompt.child.send("sleep 4321 & sleep 4321\r")
    wait_for(lambda: len(stand.processes("sleep 4321")) == 2, "both sleep")
    return prompt


def in_a_snapshot(stand: Stand) -> Prompt:
    many = 'for i in {1..500}; do echo > "$PREFIX/$i"; done\n'
    (stand.recipe / "build.sh").write_text(BUILD.replace("STAND", many + "STAND"))
    prompt = stand.prompt("1", lines=["snapshots commands"])
    prompt.type("continue")
    wait_for(lambda: list(stand.folder.glob("croot/*/.cbw/trace/snapshots/4")), "the snapshot is begun")
    return prompt


def going_on_with_an_edit(stand: Stand) -> Prompt:
    prompt = stand.prompt()
    (stand.recipe / "build.sh").write_text(BUILD.replace("last", "very last"))
    prompt.say("reload")
    prompt.type("continue")
    return prompt


@pytest.mark.parametrize(
    "moment",
    [
        at_the_stop,
        pytest.param(in_a_long_command, marks=pytest.mark.slow),
        pytest.param(in_a_shell, marks=pytest.mark.slow),
        pytest.param(in_a_snapshot, marks=pytest.mark.slow),
        pytest.param(going_on_with_an_edit, marks=pytest.mark.slow),
    ],
)
def test_cbw_killed_leaves_no_process_and_a_session_that_goes_on(
    moment: Callable[[Stand], Prompt], stand: Stand, cbw: Cbw
) -> None:
    prompt = moment(stand)
    os.kill(prompt.pid, signal.SIGKILL)
    prompt.ended()
    stand.all_is_gone()
    assert list((stand.folder / "temporary").iterdir()) == []
    status = cbw("status", "--json").json()
    states = {row["phase"]: row["state"] for row in status["phases"]}
    killed_in_time = moment is not going_on_with_an_edit
    assert states["build"] == "interrupted" or not killed_in_time
    assert states["env"] == "done"
    assert (stand.folder / "ran").read_text() == "ran\n"
    assert "build.sh:" in cbw("break").out
    assert cbw("shell", "-c", 'test -d "$PREFIX" && echo in here').out == "in here\n"
    if moment is in_a_long_command:
        (stand.recipe / "build.sh").write_text(BUILD)
    cbw("rerun", "build")
    cbw("run", "test")
    assert (stand.folder / "ran").read_text() == "ran\nran\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_a_stop_ends_all_and_the_terminal_is_as_before(number: int, stand: Stand, cbw: Cbw) -> None:
    prompt = stand.prompt()
    os.kill(prompt.pid, number)
    if number == signal.SIGTERM:
        prompt.until("the stopped build is over: it was interrupted")
        wait_for(lambda: is_cooked(prompt), "the terminal is as it was")
        assert prompt.ended() == 130
    else:
        assert prompt.ended() == 129  # there is no terminal to care for
    stand.all_is_gone()
    assert '"interrupted"' in cbw("status", "--json").out


@pytest.mark.parametrize("moment", [at_the_stop, pytest.param(in_a_shell, marks=pytest.mark.slow)])
def test_a_closed_terminal_ends_all(moment: Callable[[Stand], Prompt], stand: Stand, cbw: Cbw) -> None:
    prompt = moment(stand)
    prompt.hang_up()
    stand.all_is_gone()
    assert list((stand.folder / "temporary").iterdir()) == []
    assert '"interrupted"' in cbw("status", "--json").out
    cbw("run", "test")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_script_of_commands_that_is_ended_leaves_nothing_behind(number: int, stand: Stand, cbw: Cbw) -> None:
    (stand.recipe / "build.sh").write_text(f"{BUILD}sleep 4321\n")
    script = stand.folder / "script.cbw"
    script.write_text(f"debug {stand.recipe} -O\nbreak 3\nrun build\nassert build running\ncontinue\nquit 7\n")
    argv = [str(PROGRAM), "repl", "--script", str(script)]
    child = subprocess.Popen(argv, env=stand.env, cwd=stand.folder, stdout=subprocess.PIPE, text=True)
    wait_for(lambda: stand.processes("sleep 4321"), "it sleeps")
    child.send_signal(number)
    said, _ = child.communicate(timeout=20)
    assert child.returncode == (-9 if number == signal.SIGKILL else 130), said
    stand.all_is_gone()
    assert '"interrupted"' in cbw("status", "--json").out


def on_the_screen(stand: Stand) -> Prompt:
    """The workbench's debugger screen, where the build stands."""
    prompt = Prompt({**stand.env, "LANG": "C.UTF-8"}, stand.folder, ["debug", "-O", stand.recipe])
    prompt.until("\x1b[?1049h")
    prompt.until("package")
    prompt.type(":break 3")
    prompt.until("build script:3")
    prompt.type(":run build")
    prompt.until("STAND=here")
    return prompt


@pytest.mark.slow
def test_on_the_screen_a_killed_shell_is_told_and_sigterm_leaves_the_terminal_as_it_was(stand: Stand, cbw: Cbw) -> None:
    prompt = on_the_screen(stand)
    os.kill(stand.bash, signal.SIGKILL)
    prompt.until("is gone")
    prompt.type(":rerun build")
    prompt.until("STAND=here")
    os.kill(prompt.pid, signal.SIGTERM)
    prompt.until("\x1b[?1049l")
    assert prompt.ended() == 130
    stand.all_is_gone()
    cbw("run", "test")


@pytest.mark.slow
def test_a_terminal_closed_on_the_screen_ends_all(stand: Stand, cbw: Cbw) -> None:
    on_the_screen(stand).hang_up()
    stand.all_is_gone()
    assert '"interrupted"' in cbw("status", "--json").out
