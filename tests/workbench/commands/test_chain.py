"""`cbw build` over recipes that need each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import EnvironmentFailure
from cbw_core.events import Note, Recorder
from cbw_workbench.commands import Context, execute
from cbw_workbench.commands.results import BuildReport

Recipe = Callable[..., Path]


def recipe_text(name: str, **needs: str) -> str:
    reqs = "".join(f"  {kind}:\n    - {spec}\n" for kind, spec in needs.items())
    script = f"mkdir -p $PREFIX/share && echo {name} > $PREFIX/share/{name}"
    if "host" in needs:
        script += f" && test -f $PREFIX/share/{needs['host'].split()[0]}"
    build = f"build:\n  noarch: generic\n  script: {script}\n"
    return f"package:\n  name: {name}\n  version: '1'\n{build}" + (f"requirements:\n{reqs}" if reqs else "")


def built(context: Context) -> list[str]:
    return sorted(file.name.rpartition("-1-")[0] for file in context.config.croot.glob("noarch/*.conda"))


def notes(context: Context) -> str:
    assert isinstance(context.sink, Recorder)
    return "\n".join(event.text for event in context.sink.events if isinstance(event, Note))


def test_recipes_are_built_in_the_order_of_what_needs_what(context: Context, recipe: Recipe) -> None:
    app, lib = recipe("first/app", recipe_text("app", host="lib")), recipe("second/lib", recipe_text("lib"))
    result = execute(["build", "--no-test", str(app), str(lib)], context)
    assert result.status == 0 and built(context) == ["app", "lib"]
    assert f"built in the order of what needs what: {lib}, {app}" in notes(context)


def test_a_package_that_no_channel_has_is_built_from_the_recipe_beside(context: Context, recipe: Recipe) -> None:
    app = recipe("app", recipe_text("app", host="lib"))
    recipe("lib-feedstock/recipe", recipe_text("lib", host="base"))
    recipe("base", recipe_text("base"))
    result = execute(["build", "--no-test", str(app)], context)
    assert result.status == 0 and built(context) == ["app", "base", "lib"]
    assert isinstance(result.value, BuildReport)
    assert [Path(p).name.split("-")[0] for p in result.value.packages] == ["base", "lib", "app"]
    assert "lib-feedstock is built first" in notes(context)


def test_recipes_that_wait_for_each_other_end_with_what_is_missing(context: Context, recipe: Recipe) -> None:
    one = recipe("one", recipe_text("one", host="two"))
    recipe("two", recipe_text("two", host="one"))
    with pytest.raises(EnvironmentFailure, match="there is no package one"):
        execute(["build", "--no-test", str(one)], context)
    assert built(context) == []


def test_a_neighbour_of_another_version_is_built_once_and_then_told(context: Context, recipe: Recipe) -> None:
    app = recipe("app", recipe_text("app", host="lib >=2"))
    recipe("lib", recipe_text("lib"))
    with pytest.raises(EnvironmentFailure, match="no package lib"):
        execute(["build", "--no-test", str(app)], context)
    assert built(context) == ["lib"]


def test_skip_existing_leaves_out_what_is_built_already(context: Context, recipe: Recipe) -> None:
    one = recipe("one", recipe_text("one"))
    assert execute(["build", "--no-test", str(one)], context).status == 0
    (package,) = context.config.croot.glob("noarch/*.conda")
    before = package.stat().st_mtime_ns
    result = execute(["build", "--no-test", "--skip-existing", str(one)], context)
    assert result.status == 0 and package.stat().st_mtime_ns == before
    assert f"is left out: there is {package.as_uri()}" in notes(context)
    (one / "meta.yaml").write_text(recipe_text("one").replace("'1'", "'2'"))
    execute(["build", "--no-test", "--skip-existing", str(one)], context)
    assert len(list(context.config.croot.glob("noarch/*.conda"))) == 2
