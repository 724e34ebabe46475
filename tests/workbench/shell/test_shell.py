"""Debug shells: in the environment of a session, on a real pty."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

from cbw_core.errors import UsageError
from cbw_core.layout import Layout
from cbw_workbench.shell import command_line, inherit, place_of
from cbw_workbench.shell.running import bash_of

ENVIRONMENT = "export CBW_INSIDE='yes it is'\nexport PATH=/made/up:$PATH\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "a session", 40)
    layout.work.mkdir(parents=True)
    layout.env_file.write_text(ENVIRONMENT)
    return layout


def test_command_sees_the_environment_and_the_work_folder(
    layout: Layout, world: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    argv = command_line(place_of(layout, "build", "foo"), 'echo "$CBW_INSIDE|$PWD|${PATH%%:*}"; exit 7')
    assert inherit(argv, tmp_path, world) == 7
    assert capfd.readouterr().out == f"yes it is|{layout.work}|/made/up\n"


def test_command_killed_by_a_signal_gives_128_and_its_number(layout: Layout, world: dict[str, str]) -> None:
    argv = command_line(place_of(layout, "build", "foo"), "kill -9 $$")
    assert inherit(argv, layout.work, world) == 137


def test_place_before_the_environment_is_made_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        place_of(Layout(tmp_path), "build", "foo")
    assert "cbw run env" in (caught.value.hint or "")


def test_place_of_a_package_session_is_its_test_environment(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.test_dir.mkdir()
    layout.test_env_file.write_text("")
    place = place_of(layout, None, "foo")
    assert (place.cwd, place.script) == (layout.test_dir, layout.test_env_file)


def test_bash_is_taken_for_other_shells_and_that_is_said() -> None:
    said: list[str] = []
    bash = bash_of({"SHELL": "/usr/bin/fish", "PATH": os.environ["PATH"]}, said.append)
    assert Path(bash).name == "bash"
    assert "/usr/bin/fish" in said[0]
    said.clear()
    bash_of({"SHELL": "/bin/sh", "PATH": os.environ["PATH"]}, said.append)
    assert said == []


PROGRAM = """
import sys, os
from pathlib import Path
from cbw_core.layout import Layout
from cbw_workbench.shell import interactive, place_of
layout = Layout(Path(sys.argv[1]), 40)
sys.exit(interactive(place_of(layout, "build", "foo-1.0"), dict(os.environ), print))
"""


@pytest.fixture
def shell(layout: Layout, world: dict[str, str]) -> pexpect.spawn[str]:
    env = {**world, "SHELL": "/bin/bash", "TERM": "dumb"}
    (Path(world["HOME"]) / ".bashrc").write_text("export FROM_RC=1\nPATH=/rc:$PATH\nPS1='mine> '\n")
    argv = ["-c", PROGRAM, str(layout.root)]
    child = pexpect.spawn(sys.executable, argv, env=env, encoding="utf-8", timeout=20, dimensions=(30, 100))
    child.expect_exact("(cbw foo-1.0 build) ")
    return child


def test_interactive_shell_has_the_environment_over_the_users_own_start_up(shell: pexpect.spawn[str]) -> None:
    shell.sendline('echo "[$CBW_INSIDE|$FROM_RC|${PATH%%:*}]"')
    shell.expect_exact("[yes it is|1|/made/up]")
    shell.sendline("exit 0")
    shell.expect(pexpect.EOF)


def test_interactive_shell_keeps_the_exit_status(shell: pexpect.spawn[str]) -> None:
    shell.sendline("exit 42")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 42


def test_interactive_shell_killed_by_a_signal(shell: pexpect.spawn[str]) -> None:
    shell.sendline("kill -9 $$")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 137


def test_sizes_are_passed_on_at_the_start_and_later(shell: pexpect.spawn[str]) -> None:
    shell.sendline("echo size=$(stty size)")
    shell.expect_exact("size=30 100")
    shell.setwinsize(40, 90)
    shell.sendline('until [ "$(stty size)" = "40 90" ]; do sleep 0.05; done; echo size=now')
    shell.expect_exact("size=now\r\n")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_ctrl_c_is_the_commands_and_the_shell_stays(shell: pexpect.spawn[str]) -> None:
    shell.sendline("echo begin; sleep 100")
    shell.expect_exact("begin\r\n")
    shell.send("\x03")
    shell.sendline("echo still=here")
    shell.expect_exact("still=here\r\n")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_starting_a_shell_leaves_the_scripts_as_they_are(layout: Layout, shell: pexpect.spawn[str]) -> None:
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    assert layout.env_file.read_text() == ENVIRONMENT
    assert sorted(p.name for p in layout.work.iterdir()) == ["build_env_setup.sh"]
