"""Completion from the declarations, and the scripts for shells."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cbw_workbench.commands import all_commands
from cbw_workbench.commands.completion import script_for, wanted


def words(name: str, before: list[str], current: str = "") -> list[str]:
    return [word for word, _ in wanted(all_commands()[name], before, current).words]


def test_phases_where_a_phase_stands() -> None:
    assert "package" in words("run", [])
    assert wanted(all_commands()["run"], ["build"], "").kind == "recipe"


def test_options_when_one_is_begun_and_refused_ones_not() -> None:
    found = words("build", ["recipe"], "--no-t")
    assert "--no-test" in found
    assert "--no-build-id" not in words("build", ["recipe"], "--no-b")


def test_the_value_of_an_option_is_completed_by_its_kind() -> None:
    assert words("shell", ["--phase"]) == ["build", "test"]
    assert wanted(all_commands()["build"], ["-m"], "").kind == "path"
    assert wanted(all_commands()["status"], ["--session"], "").kind == "session"


def test_value_of_an_option_is_no_argument() -> None:
    assert wanted(all_commands()["run"], ["--session", "x"], "").words != ()


def test_many_arguments_go_on() -> None:
    assert wanted(all_commands()["build"], ["one", "two"], "").kind == "recipe"


def test_members_of_a_group_and_then_their_arguments() -> None:
    assert "hash-inputs" in words("inspect", [])
    assert words("inspect", ["no-such"]) == []
    assert wanted(all_commands()["inspect"], ["hash-inputs"], "").kind == "recipe"
    assert "--output-id" in words("inspect", ["hash-inputs"], "--")
    assert wanted(all_commands()["inspect"], ["hash-inputs", "-m"], "").kind == "path"


def bash_completes(line: list[str], cwd: Path) -> list[str]:
    quoted = " ".join(f"'{word}'" for word in line)
    script = (
        script_for(all_commands(), "bash")
        + f"COMP_WORDS=({quoted}); COMP_CWORD={len(line) - 1}; _cbw; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", script], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_script_completes(tmp_path: Path) -> None:
    (tmp_path / "my-recipe").mkdir()
    assert bash_completes(["cbw", "re"], tmp_path) == ["render", "rerun", "rewind", "repl"]
    assert bash_completes(["cbw", "run", "pa"], tmp_path) == ["package"]
    assert bash_completes(["cbw", "inspect", "hash"], tmp_path) == ["hash-inputs"]
    assert "--output-id" in bash_completes(["cbw", "inspect", "hash-inputs", "--out"], tmp_path)
    assert bash_completes(["cbw", "debug", "--output"], tmp_path) == ["--output-id", "--output-folder"]
    assert bash_completes(["cbw", "build", "my"], tmp_path) == ["my-recipe"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_names_every_command_of_the_command_line(shell: str) -> None:
    script = script_for(all_commands(), shell)
    for command in all_commands().values():
        if "cli" in command.faces:
            assert command.name in script


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_understood_by_its_shell(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    file = tmp_path / "completion"
    file.write_text(script_for(all_commands(), shell))
    subprocess.run([shell, "-n", str(file)], check=True)
