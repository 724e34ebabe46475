"""The commands over the real engine: small noarch recipes without dependencies, and no channel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.errors import BuildError, Interrupted, RecipeError, UsageError
from cbw_core.events import LogLine, PhaseStarted, Recorder
from cbw_core.process import Cancel
from cbw_core.session.model import State
from cbw_workbench.commands import Context, Result, execute
from cbw_workbench.commands import results as r
from cbw_workbench.views import to_json
from cbw_workbench.views.texts import plain_text

Recipe = Callable[..., Path]

TINY = """
package:
  name: tiny
  version: "1.0"
build:
  noarch: generic
  script: echo making && mkdir -p $PREFIX/share && echo hi > $PREFIX/share/tiny.txt
test:
  commands:
    - test -f $PREFIX/share/tiny.txt
"""
SKIPPED = TINY.replace("noarch: generic", "skip: true").replace("tiny", "left-out")
FAILING = TINY.replace("echo making", "false").replace("tiny", "failing")
SLOW = TINY.replace("echo making", "echo holding && sleep 100").replace("tiny", "slow")
TWO = """
package:
  name: two
  version: "1.0"
outputs:
  - name: two-a
    build:
      noarch: generic
    script: build-a.sh
  - name: two-b
    build:
      noarch: generic
    script: build-b.sh
"""


@pytest.fixture
def tiny(recipe: Recipe) -> Path:
    return recipe("tiny", TINY)


@pytest.fixture
def two(recipe: Recipe) -> Path:
    scripts = {f"build-{x}.sh": f"mkdir -p $PREFIX/share\necho {x} > $PREFIX/share/{x}\n" for x in "ab"}
    return recipe("two", TWO, **scripts)


def states(context: Context) -> dict[str, str]:
    assert context.session is not None
    return {p.phase.value: p.state.value for p in context.session.status().phases}


def phases_run(context: Context) -> list[str]:
    assert isinstance(context.sink, Recorder)
    found = [e.phase for e in context.sink.events if isinstance(e, PhaseStarted)]
    context.sink.events.clear()
    return found


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


def test_commands_work_on_the_last_session_and_on_that_of_a_recipe(
    context: Context, tiny: Path, recipe: Recipe
) -> None:
    other = recipe("other", TINY.replace("tiny", "other"))
    execute(["debug", str(tiny)], context)
    first = context.session
    execute(["debug", str(other)], context)
    fresh = replace(context, session=None)
    assert first is not None
    value = execute("status", fresh).value
    assert isinstance(value, r.StatusReport)
    assert value.session.output == "other-1.0-0"
    execute(["status", str(tiny)], fresh)
    assert fresh.session is not None
    assert fresh.session.root == first.root
    execute(["status", "--session", first.root.name], fresh)
    assert fresh.session.root == first.root
    with pytest.raises(UsageError):
        execute(["status", str(recipe("never", TINY))], fresh)


def test_run_rerun_step_rewind(context: Context, tiny: Path) -> None:
    execute(["debug", str(tiny)], context)
    phases_run(context)
    execute("step", context)
    assert phases_run(context) == ["build"]
    execute("run package", context)
    assert phases_run(context) == ["post", "package"]
    value = execute("run package", context).value
    assert isinstance(value, r.PhaseReport)
    assert phases_run(context) == []
    assert value.note == "package is done already"
    execute("rerun build", context)
    assert phases_run(context) == ["build"]
    execute("rewind build", context)
    assert states(context)["build"] == "pending"
    execute("run test", context)
    value = execute("step", context).value
    assert isinstance(value, r.PhaseReport)
    assert value.note == "all phases are done"


def test_build_makes_a_tested_package_and_says_where(context: Context, tiny: Path) -> None:
    value = execute(["build", str(tiny)], context).value
    assert isinstance(value, r.BuildReport)
    assert value.packages == (str(context.config.croot / "noarch" / "tiny-1.0-0.conda"),)
    assert Path(value.packages[0]).is_file()
    assert states(context)["test"] == "done"


@pytest.mark.parametrize(("flag", "last"), [("--no-test", "package"), ("-b", "build"), ("--source", "source")])
def test_build_up_to_a_phase(flag: str, last: str, context: Context, tiny: Path) -> None:
    execute(["build", str(tiny), flag], context)
    assert phases_run(context)[-1] == last


def test_build_of_two_outputs_in_order(context: Context, two: Path) -> None:
    value = execute(["build", str(two)], context).value
    assert isinstance(value, r.BuildReport)
    assert [Path(p).name for p in value.packages] == ["two-a-1.0-0.conda", "two-b-1.0-0.conda"]


def test_failure_keeps_the_session_current_and_names_phase_and_line(context: Context, recipe: Recipe) -> None:
    with pytest.raises(BuildError) as caught:
        execute(["build", str(recipe("failing", FAILING))], context)
    assert caught.value.phase == "build"
    assert caught.value.place is not None
    assert states(context)["build"] == "failed"


def test_keep_going_builds_the_others_and_reports_the_failure(context: Context, recipe: Recipe, tiny: Path) -> None:
    failing = recipe("failing", FAILING)
    result = execute(["build", "-k", str(failing), str(tiny)], context)
    assert isinstance(result.value, r.BuildReport)
    assert result.status == 1
    assert [e.phase for e in result.value.errors] == ["build"]
    assert len(result.value.packages) == 1


def test_skipped_recipe_is_told_with_its_reason(context: Context, recipe: Recipe) -> None:
    skipped = recipe("skipped", SKIPPED)
    result = execute(["build", str(skipped)], context)
    assert isinstance(result.value, r.BuildReport)
    assert result.status == 0
    assert "build/skip" in result.value.skipped[0]
    with pytest.raises(UsageError) as caught:
        execute(["debug", str(skipped)], context)
    assert caught.value.kind == "skipped"
    assert "build/skip" in (caught.value.why or "")


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


def test_test_of_a_package_and_of_a_recipe(context: Context, tiny: Path) -> None:
    execute(["build", "--no-test", str(tiny)], context)
    package = context.config.croot / "noarch" / "tiny-1.0-0.conda"
    phases_run(context)
    execute(["test", str(package)], context)
    assert phases_run(context) == ["test"]
    execute(["test", str(tiny)], context)
    assert phases_run(context) == ["test"], "what --no-test left out is not lost"
    assert states(context)["test"] == "done"
    assert states(context)["package"] == "done"


def test_test_of_a_recipe_does_not_take_other_channels_than_its_sessions(context: Context, tiny: Path) -> None:
    execute(["build", "--no-test", str(tiny)], context)
    with pytest.raises(UsageError, match="keeps the channels"):
        execute(["test", "-c", "./other", str(tiny)], context)
    execute(["test", "-O", str(tiny)], context)


def test_purge_as_a_recipe_says_what_it_is_here(context: Context) -> None:
    with pytest.raises(UsageError) as caught:
        execute("build purge-all", context)
    assert "cbw purge-all" in (caught.value.hint or "")


def test_build_of_a_package_says_that_it_is_to_be_tested(context: Context, tiny: Path) -> None:
    execute(["build", "--no-test", str(tiny)], context)
    package = context.config.croot / "noarch" / "tiny-1.0-0.conda"
    with pytest.raises(UsageError) as caught:
        execute(["build", str(package)], context)
    assert "cbw test" in (caught.value.hint or "")
    assert execute(["build", "-t", str(package)], context).status == 0


def test_render_tells_each_recipe_in_the_order_given(context: Context, tiny: Path, recipe: Recipe) -> None:
    broken = recipe("broken", "package:\n  name: [\n")
    result = execute(["render", "--no-finalize", str(broken), str(tiny), "nowhere"], context)
    assert result.status == 2
    first, second, third = to_json(result.value)
    assert first["error"]["file"].endswith("broken/meta.yaml")
    assert second["error"] is None
    assert second["outputs"][0]["dist"] == "tiny-1.0-0"
    assert third["recipe"] == "nowhere"
    assert third["error"]["message"]


def test_bug_in_rendering_one_recipe_is_an_error_object(
    context: Context, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cbw_core.render as render

    real = render.render_recipe

    def broken(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == "bug":
            raise KeyError("oh")
        return real(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "render_recipe", broken)
    result = execute(["render", "--no-finalize", "bug", str(tiny)], context)
    first, second = to_json(result.value)
    assert (first["error"]["kind"], second["error"]) == ("bug", None)
    assert "Traceback" not in str(first)
    assert result.status == 70


def test_render_output_and_file(context: Context, tiny: Path, tmp_path: Path) -> None:
    result = execute(["render", "--no-finalize", "--output", str(tiny)], context)
    assert plain_text(result.value) == f"{context.config.croot}/noarch/tiny-1.0-0.conda\n"
    execute(["render", "--no-finalize", "-f", "out.yaml", str(tiny)], context)
    from ruamel.yaml import YAML

    (document,) = YAML(typ="safe").load_all(tmp_path / "out.yaml")
    assert document["package"] == {"name": "tiny", "version": "1.0"}


def test_check_solves_and_builds_nothing(context: Context, tiny: Path, recipe: Recipe) -> None:
    needs = recipe("needs", TINY + "requirements:\n  host:\n    - no-such-package\n")
    assert execute(["build", "--check", str(tiny), str(needs)], context).status == 0
    assert execute(["build", "--check", str(recipe("broken", "package: [\n"))], context).status == 2
    assert phases_run(context) == []


def test_recipe_that_is_wrong_is_a_recipe_error(context: Context, recipe: Recipe) -> None:
    broken = recipe("broken", "package:\n  name: [\n")
    for verb in ("debug", "build"):
        with pytest.raises(RecipeError) as caught:
            execute([verb, str(broken)], context)
        assert caught.value.phase == "render"


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


def test_log_of_a_phase(context: Context, tiny: Path) -> None:
    execute(["debug", str(tiny)], context)
    with pytest.raises(UsageError, match="build has no log"):
        execute("log build", context)
    execute("run build", context)
    value = execute("log build", context).value
    assert isinstance(value, r.LogText)
    assert (value.phase, Path(value.path).read_text()) == ("build", value.text)
    tail = execute("log build --tail 1", context).value
    assert isinstance(tail, r.LogText)
    assert tail.text == value.text.splitlines(keepends=True)[-1]
    execute("log --tail 0", context)


def test_sessions_use_and_purge(context: Context, tiny: Path) -> None:
    prompt = replace(context, face="repl")
    execute(["build", str(tiny)], prompt)
    execute(["debug", str(tiny)], prompt)
    value = execute("sessions", prompt).value
    assert isinstance(value, r.SessionList)
    assert len(value.sessions) == 2
    older = Path(value.sessions[1].root)
    execute(["use", older.name], prompt)
    assert prompt.session is not None
    assert prompt.session.root == older
    purged = execute("purge", prompt).value
    assert isinstance(purged, r.Purged)
    assert len(purged.paths) == 2
    assert prompt.session is None, "the current session was among them"
    assert (context.config.croot / "noarch" / "tiny-1.0-0.conda").is_file()
    execute("purge-all", prompt)
    assert not (context.config.croot / "noarch").exists()


def test_cancelled_build_is_interrupted_and_the_session_stays(context: Context, recipe: Recipe) -> None:
    cancel = Cancel()

    def sink(event: object) -> None:
        if isinstance(event, LogLine) and event.text == "holding":
            threading.Thread(target=cancel.request).start()

    own = replace(context, cancel=cancel, sink=sink)
    with pytest.raises(Interrupted):
        execute(["build", str(recipe("slow", SLOW))], own)
    assert own.session is not None
    assert own.session.status()["build"].state is State.INTERRUPTED


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


def test_flags_of_one_line_do_not_stay(context: Context, tiny: Path, tmp_path: Path) -> None:
    execute(["debug", "--croot", "elsewhere", str(tiny)], context)
    assert context.session is not None
    assert context.session.root.parent == tmp_path / "elsewhere"
    assert context.config.croot != tmp_path / "elsewhere"


def test_tests_are_listed_run_alone_and_listed_with_how_they_ended(context: Context, recipe: Recipe) -> None:
    folder = recipe("tiny", TINY + "    - test -f $PREFIX/share/absent\n")
    with pytest.raises(BuildError):
        execute(["build", str(folder)], context)
    listed = execute(["test", "--list", str(folder)], context).value
    assert isinstance(listed, r.TestList)
    assert [(t.number, t.outcome) for t in listed.tests] == [(1, "passed"), (2, "failed")]
    assert listed.tests[1].place.endswith("meta.yaml:11:7")
    assert execute("test --only 1", context).status == 0
    with pytest.raises(BuildError, match="absent"):
        execute("test --only 2", context)
    assert context.session is not None
    package = context.session.package
    of_package = execute(["test", "-l", str(package)], context).value
    assert [t.text for t in of_package.tests] == [t.text for t in listed.tests]
    with pytest.raises(UsageError, match="cannot be had at once"):
        execute("test --only 2 --list", context)


def test_a_shell_in_the_test_environment_says_first_which_test_failed(context: Context, recipe: Recipe) -> None:
    folder = recipe("tiny", TINY + "    - false\n")
    with pytest.raises(BuildError):
        execute(["build", str(folder)], context)
    opened: list[object] = []
    context.run_in_terminal = lambda work: opened.append(work) or 0
    execute(["test", "--shell", str(folder)], context)
    assert len(opened) == 1
    assert isinstance(context.sink, Recorder)
    assert "test 2 failed" in context.sink.notes("hint")[-1]
