"""The program as a process: exit statuses, streams, JSON, quick start. Nothing here builds anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cbw(world: dict[str, str], tmp_path: Path) -> Run:
    def run(*words: str, code: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run cbw; `code` is run before it in the same interpreter."""
        program = f"import sys\n{code}\nfrom cbw_workbench.cli.main import main\nsys.exit(main(sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            env={**world, **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )

    return run


def test_help_and_version_on_stdout(cbw: Run) -> None:
    for words in ((), ("--help",), ("-h",), ("help",)):
        done = cbw(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert "cbw COMMAND" in done.stdout
        assert "  debug " in done.stdout
    assert cbw("--version").stdout.startswith("cbw ")


def test_usage_error_is_status_2_on_stderr_without_a_traceback(cbw: Run) -> None:
    done = cbw("bild")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error[usage]: there is no command 'bild'\n  next: Did you mean 'build'?\n"


def test_error_with_json_is_an_object_on_stdout(cbw: Run) -> None:
    done = cbw("status", "--json")
    assert (done.returncode, done.stderr) == (2, "")
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["exit_status"]) == ("no-session", 2)
    assert error["hint"]


def test_option_before_the_command_says_where_it_belongs(cbw: Run) -> None:
    assert "Write the command first" in cbw("--json", "status").stdout
    assert "Write the command first" in cbw("-c", "host", "build").stderr


@pytest.mark.parametrize(
    "words", [["--help"], ["build", "--help"], ["bild"], ["run", "biuld"], ["build", "r", "--verify"]]
)
def test_help_and_errors_import_nothing_heavy(cbw: Run, words: list[str]) -> None:
    heavy = "rich textual rattler prompt_toolkit pexpect lief requests jinja2 ruamel asyncio cbw_core.session"
    loaded = f"[m for m in {heavy!r}.split() if m in sys.modules]"
    done = cbw(*words, code=f"import atexit; atexit.register(lambda: print('LOADED', {loaded}))")
    assert "LOADED []" in done.stdout


def test_colours_only_on_a_terminal(cbw: Run) -> None:
    assert "\x1b" not in cbw("bild").stderr
    assert "\x1b" not in cbw("sessions").stdout


def test_unexpected_exception_is_a_short_message_and_a_file(cbw: Run, world: dict[str, str]) -> None:
    code = "import cbw_core.session as s\ndef f(*a): raise ZeroDivisionError('oh')\ns.sessions = f"
    done = cbw("sessions", code=code)
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    assert "this is a bug in cbw: ZeroDivisionError: oh" in done.stderr
    (kept,) = (Path(world["XDG_STATE_HOME"]) / "cbw" / "bugs").iterdir()
    assert str(kept) in done.stderr
    assert "Traceback" in kept.read_text()
    assert "cbw sessions" in kept.read_text()
    assert json.loads(cbw("sessions", "--json", code=code).stdout)["error"]["kind"] == "bug"


def test_bug_file_that_cannot_be_written_leaves_the_traceback_in_the_message(cbw: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code = "import cbw_core.session as s\ndef f(*a): raise ZeroDivisionError('oh')\ns.sessions = f"
    done = cbw("sessions", code=code, XDG_STATE_HOME=str(tmp_path / "file"))
    assert done.returncode == 70
    assert "ZeroDivisionError: oh" in done.stderr


def test_reader_that_goes_away_is_no_error(world: dict[str, str]) -> None:
    program = f"{sys.executable} -c 'import sys; from cbw_workbench.cli.main import main; sys.exit(main(sys.argv[1:]))'"
    line = f"{program} completion fish | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], env=world, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in ("141", "0")


def test_config_shows_what_flags_make_of_it(cbw: Run, tmp_path: Path) -> None:
    data = json.loads(cbw("config", "--json", "--croot", "here", "-c", "host", "-O").stdout)
    assert (data["croot"], data["channels"], data["override_channels"]) == (str(tmp_path / "here"), ["host"], True)
    text = cbw("config", "--croot", "here").stdout
    assert str(tmp_path / "here") in text


def test_sessions_of_an_empty_croot(cbw: Run) -> None:
    assert cbw("sessions", "--json").stdout == ""
    assert "no sessions" in cbw("sessions").stdout


def test_repl_script_gives_its_status(cbw: Run, tmp_path: Path) -> None:
    (tmp_path / "steps.cbw").write_text("!echo one\n!exit 6\n!echo two\n")
    done = cbw("repl", "--script", "steps.cbw")
    assert done.returncode == 6
    assert "two" in done.stdout.splitlines()
    assert "two" not in cbw("repl", "--script", "steps.cbw", "--strict").stdout.splitlines()


def test_repl_without_a_terminal_reads_stdin(cbw: Run) -> None:
    assert cbw("repl").returncode == 0


def test_shell_without_a_terminal_says_what_to_do(cbw: Run) -> None:
    assert cbw("shell").returncode == 2
