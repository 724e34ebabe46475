"""debug over the real engine: where it stops, which output, which folder; shells there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.errors import Interrupted, UsageError
from cbw_core.events import Recorder
from cbw_workbench.commands import Context, Result, execute
from cbw_workbench.commands import results as r
from cbw_workbench.views.texts import plain_text
from workbench.commands.engine_help import TINY, Recipe, phases_run, states


def test_debug_stops_before_build_and_reads_as_conda_debug(context: Context, tiny: Path) -> None:
    result = execute(["debug", str(tiny)], context)
    assert states(context)["env"] == "done"
    assert states(context)["build"] == "pending"
    ready = result.value
    assert isinstance(ready, r.DebugReady)
    work = Path(ready.session.paths["work"])
    assert ready.source_tree == str(work)
    assert ready.activation == f"cd {work} && source {work}/build_env_setup.sh"
    assert ready.script == "conda_build.sh"
    assert (work / ready.script).is_file()


def test_activation_line_survives_a_folder_with_a_space(context: Context, tiny: Path, tmp_path: Path) -> None:
    import subprocess

    ready = execute(["debug", str(tiny), "-p", "my session"], context).value
    assert isinstance(ready, r.DebugReady)
    line = ready.activation + " && pwd"
    done = subprocess.run(["bash", "--norc", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path}/my session/work\n"


def test_activate_string_only_is_that_line_alone(context: Context, tiny: Path) -> None:
    text = plain_text(execute(["debug", "-a", str(tiny)], context).value) or ""
    assert text.count("\n") == 1
    assert text.startswith("cd ")


def test_output_id_is_matched_against_exactly_what_the_list_shows(context: Context, two: Path) -> None:
    with pytest.raises(UsageError) as caught:
        execute(["debug", str(two)], context)
    names = (caught.value.details or "").split()
    assert names == ["two-a-1.0-0.conda", "two-b-1.0-0.conda", "TOPLEVEL"]
    for name, output in zip(names, ("two-a-1.0-0", "two-b-1.0-0", "TOPLEVEL"), strict=True):
        execute(["debug", str(two), "--output-id", name], context)
        assert context.session is not None
        assert context.session.status().output == output


def test_picker_is_offered_where_there_is_somebody_to_ask(context: Context, two: Path) -> None:
    asked: list[list[str]] = []

    def ask(title: str, entries: object) -> int:
        asked.append(list(entries))  # type: ignore[call-overload]
        return 1

    asking = replace(context, ask=ask)
    execute(["debug", str(two), "-o", "two-*"], asking)
    assert asked == [["two-a-1.0-0.conda", "two-b-1.0-0.conda"]]
    assert asking.session is not None
    assert asking.session.status().output == "two-b-1.0-0"
    with pytest.raises(Interrupted):
        execute(["debug", str(two)], replace(context, ask=lambda title, entries: None))


def test_path_used_again_holds_nothing_of_the_earlier_run_and_a_strangers_folder_is_refused(
    context: Context, tiny: Path, tmp_path: Path
) -> None:
    execute(["debug", str(tiny), "-p", "mine"], context)
    stray = tmp_path / "mine" / "work" / "stray.txt"
    stray.write_text("")
    execute(["debug", str(tiny), "-p", "mine"], context)
    assert (tmp_path / "mine" / "work" / "conda_build.sh").is_file()
    assert not stray.exists()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.tex").write_text("")
    with pytest.raises(UsageError):
        execute(["debug", str(tiny), "-p", "theirs"], context)
    assert (tmp_path / "theirs" / "thesis.tex").exists()


def test_debug_of_a_package_makes_the_test_environment_and_runs_nothing(context: Context, tiny: Path) -> None:
    execute(["build", "--no-test", str(tiny)], context)
    package = context.config.croot / "noarch" / "tiny-1.0-0.conda"
    phases_run(context)
    ready = execute(["debug", str(package)], context).value
    assert isinstance(ready, r.DebugReady)
    assert phases_run(context) == []
    assert ready.mode == "package"
    assert ready.script == "conda_test_runner.sh"
    prefix = Path(ready.session.paths["test_prefix"])
    assert (prefix / "share" / "tiny.txt").is_file()
    assert "conda_test_env_vars.sh" in ready.activation
    with pytest.raises(UsageError, match="--output-id"):
        execute(["debug", str(package), "-o", "x"], context)


def test_shell_command_has_the_environment_and_keeps_its_status(context: Context, tiny: Path) -> None:
    execute(["debug", str(tiny)], context)
    assert context.session is not None
    repl = replace(context, face="repl")
    result = execute("shell -c 'echo prefix=$PREFIX; exit 5'", repl)
    assert result.status == 5
    assert isinstance(context.sink, Recorder)
    assert f"prefix={context.session.layout.host_prefix}" in context.sink.log()
    with pytest.raises(UsageError) as caught:
        execute("shell --phase test", context)
    assert "cbw run test" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="terminal"):
        execute("shell", context)
    before = context.session.layout.env_file.read_bytes()
    assert execute("shell", replace(context, run_in_terminal=lambda work: 3)).status == 3
    assert context.session.layout.env_file.read_bytes() == before


def test_debug_opens_the_screen_where_there_is_one(context: Context, tiny: Path, recipe: Recipe) -> None:
    opened: list[str] = []

    def screen(own: Context, session: object) -> int:
        opened.append(str(states(own)["env"]))
        return 4

    terminal = replace(context, open_screen=screen)
    assert execute(["debug", str(tiny)], terminal) == Result(status=4)
    for flag in ("--plain", "-a", "--json"):
        execute(["debug", flag, str(tiny)], terminal)
    assert opened == ["done"]
    unsatisfiable = recipe("broken-source", TINY + "source:\n  path: not-there\n")
    execute(["debug", str(unsatisfiable)], terminal)
    assert opened == ["done", "pending"], "a failed phase is what the screen is for"
