"""Scripts of commands: echo, failures, strictness, asserts. (With phases: test_script_phases.)"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_workbench.commands import Context
from cbw_workbench.repl import run_repl
from cbw_workbench.repl.script import joined

Script = Callable[..., tuple[int, str]]


def test_commands_are_echoed_with_their_prompt_and_comments_as_they_are(script: Script) -> None:
    status, out = script("# first\n\n!echo hello\n   !echo   there  \n")
    assert status == 0
    assert out.splitlines() == ["# first", "cbw> !echo hello", "hello", "cbw> !echo   there", "there"]


def test_failure_is_shown_and_the_script_goes_on_with_the_status_of_the_last_one(script: Script) -> None:
    status, out = script("!exit 5\n!exit 3\n!echo after\n")
    assert status == 3
    assert "after" in out.splitlines()
    assert "2 of 3 commands failed: line 1, 2" in out


def test_unknown_command_is_a_failure_of_status_2(script: Script) -> None:
    status, out = script("bild x\n")
    assert status == 2
    assert "Did you mean 'build'?" in out
    assert "steps.cbw:1" in out


def test_strict_ends_at_the_first_failure(script: Script) -> None:
    status, out = script("!exit 5\n!echo after\n", strict=True)
    assert status == 5
    assert "after" not in out.splitlines()


def test_set_e_in_the_script_and_set_plus_e(script: Script) -> None:
    status, out = script("!exit 4\nset -e\nset +e\n!exit 5\nset -e\n!exit 6\n!echo after\n")
    assert status == 6
    assert "after" not in out.splitlines()
    assert "steps.cbw:6: the script ends at its first failure (set -e)" in out


def test_quit_ends_with_the_last_failures_status_or_its_own(script: Script) -> None:
    assert script("!exit 4\nquit\n!exit 5\n")[0] == 4
    assert script("!exit 4\nquit 0\n")[0] == 0
    assert script("exit 9\n")[0] == 9


def test_backslash_joins_lines_and_numbers_are_of_the_first(script: Script) -> None:
    assert list(joined(iter(enumerate(["a \\", "b", "", "c", "d\\"], 1)))) == [(1, "a  b"), (4, "c"), (5, "d ")]
    status, out = script("!echo one \\\n  two; exit 3\n")
    assert status == 3
    assert "steps.cbw:1" in out


def test_script_that_is_not_there_is_a_usage_error(context: Context) -> None:
    with pytest.raises(UsageError, match=r"none\.cbw"):
        run_repl(context, script="none.cbw")


def test_a_script_is_read_from_stdin_and_gives_its_status(
    context: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("!echo from stdin\n!exit 3\n"))
    assert run_repl(context, script="-") == 3
    assert "from stdin\n" in capsys.readouterr().out


def test_assert_output_by_text_and_pattern(script: Script) -> None:
    status, out = script(
        "!printf 'a\\nbuilt 12 files\\n'\nassert output built 12\nassert output /^built [0-9]+ files$/\n"
    )
    assert status == 0, out
    status, out = script("!echo one\nassert output two\n")
    assert status == 1
    assert "does not hold" in out
    assert "the output was" in out
    assert "  one" in out


def test_assert_output_looks_at_the_last_command_only_asserts_not_counted(script: Script) -> None:
    text = "!echo one\n!echo two\nassert output two\nassert output two\nassert not output one\n"
    assert script(text)[0] == 0


def test_echoed_prompt_is_no_output(script: Script) -> None:
    assert script("!true\nassert output true\n")[0] == 1


def test_assert_status_and_error(script: Script) -> None:
    text = "!exit 7\nassert status 7\nassert not error\nrun biuld\nassert status 2\nassert error usage\nquit 0\n"
    status, out = script(text)
    assert status == 0, out
    assert out.count("holds:") == 4
    status, out = script("use nothing\nassert error solve\n")
    assert status == 1
    assert "the error was of kind no-session" in out


def test_fails_turns_a_failure_into_none_and_a_success_into_one(script: Script) -> None:
    status, out = script("fails !exit 3\n", strict=True)
    assert status == 0, out
    assert "failed, as expected (exit status 3)" in out
    status, out = script(
        "fails use nothing\nassert error no-session\nassert status 2\nassert output nothing\n", strict=True
    )
    assert status == 0, out
    status, out = script("fails help\n")
    assert status == 1
    assert "did not fail" in out
    assert script("fails hlep\n")[0] == 2, "a misspelt command is no failure to expect"


def test_assert_file_takes_paths_and_patterns_and_tells_what_is_there_instead(script: Script, tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("")
    assert script("assert file here.txt\nassert file h*.txt\nassert not file gone\n")[0] == 0
    status, out = script("assert file gone.txt\n")
    assert status == 1
    assert "gone.txt is not there" in out
    assert "here.txt" in out, "what is there instead is told"


NONSENSE = [
    "assert", "assert nothing x", "assert build", "assert build built", "assert file a in nowhere", "assert file",
    "assert output", "assert output /(/", "assert status x", "assert error a b", "assert not",
]  # fmt: skip


@pytest.mark.parametrize("line", NONSENSE)
def test_assert_that_makes_no_sense_is_a_usage_error(line: str, script: Script) -> None:
    status, out = script(line + "\n")
    assert status == 2
    assert "error[usage]" in out


def test_help_is_there_in_a_script_in_every_way_of_asking(script: Script) -> None:
    status, out = script("help\nhelp run\nrun --help\n")
    assert status == 0
    assert "assert" in out
    assert out.count("bring a session up to a phase") == 3


def test_results_and_errors_of_a_script_are_json_when_asked(script: Script) -> None:
    status, out = script("sessions --json\nuse nothing --json\n")
    assert status == 2
    assert '"kind": "no-session"' in out


def test_commands_of_the_command_line_only_are_refused(script: Script) -> None:
    assert script("repl\n")[0] == 2


def test_bug_in_a_command_does_not_end_the_script(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import cbw_core.session as session

    def broken(*args: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(session, "sessions", broken)
    status, out = script("sessions\n!echo after\n")
    assert status == 70
    assert "this is a bug in cbw: ZeroDivisionError: oh" in out
    assert "after" in out.splitlines()
    assert "ZeroDivisionError" in next((tmp_path / "state" / "cbw" / "bugs").iterdir()).read_text()
