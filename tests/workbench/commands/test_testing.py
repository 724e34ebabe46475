"""test over the real engine: of packages, of recipes, single tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.errors import BuildError, UsageError
from cbw_core.events import Recorder
from cbw_workbench.commands import Context, execute
from cbw_workbench.commands import results as r
from workbench.commands.engine_help import TINY, Recipe, phases_run, states


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
