"""The commands over the real engine: small noarch recipes without dependencies, and no channel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_workbench.commands import Context, execute
from cbw_workbench.commands import results as r
from workbench.commands.engine_help import TINY, Recipe, phases_run, states


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


def test_purge_as_a_recipe_says_what_it_is_here(context: Context) -> None:
    with pytest.raises(UsageError) as caught:
        execute("build purge-all", context)
    assert "cbw purge-all" in (caught.value.hint or "")


def test_log_shows_that_of_a_phase_and_refuses_one_that_has_not_run(context: Context, tiny: Path) -> None:
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


def test_flags_of_one_line_do_not_stay(context: Context, tiny: Path, tmp_path: Path) -> None:
    execute(["debug", "--croot", "elsewhere", str(tiny)], context)
    assert context.session is not None
    assert context.session.root.parent == tmp_path / "elsewhere"
    assert context.config.croot != tmp_path / "elsewhere"
