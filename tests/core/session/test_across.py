"""Outputs told apart by their variants, and recipes that need each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import MissingPackage
from cbw_core.session import Phase, build_recipe, check, in_order, neighbour, plan

Write = Callable[..., Path]


def text(name: str, **needs: str) -> str:
    reqs = "".join(f"  {kind}:\n    - {spec}\n" for kind, spec in needs.items())
    return f"package:\n  name: {name}\n  version: 1\n" + (f"requirements:\n{reqs}" if reqs else "")


def test_outputs_that_only_their_version_tells_apart_are_all_built(
    recipe: Write, config: Config, world: Mapping[str, str]
) -> None:
    meta = (
        "package:\n  name: top\n  version: {{ v }}\n"
        "outputs:\n  - name: tool\n    build:\n      noarch: generic\n    files:\n      - nothing\n"
    )
    folder = recipe("top", meta, **{"conda_build_config.yaml": "v:\n  - '1'\n  - '2'\n"})
    made = build_recipe(plan(folder, config, environ=world), config, until=Phase.PACKAGE, environ=world)
    assert sorted(Path(s.status().paths["package"]).name[:6] for s in made) == ["tool-1", "tool-2"]
    head = made[0].head
    assert [s.output for s in head.group()] == [o.dist for o in head.rendering.outputs]


def test_recipes_come_after_those_they_need_else_as_given(
    recipe: Write, config: Config, world: Mapping[str, str]
) -> None:
    app = recipe("app", text("app", host="lib"))
    lib = recipe("lib", text("lib", run="data >=1"))
    data, other = recipe("data", text("data")), recipe("other", text("other"))
    given = [other, app, lib, data]
    assert in_order(given, config, environ=world) == [other, data, lib, app]


def test_of_a_circle_the_one_that_can_be_built_comes_first(
    recipe: Write, config: Config, world: Mapping[str, str]
) -> None:
    one, two = recipe("one", text("one", host="two")), recipe("two", text("two", run="one"))
    assert in_order([one, two], config, environ=world) == [two, one]


def test_a_recipe_that_cannot_be_rendered_keeps_its_place(
    recipe: Write, config: Config, world: Mapping[str, str]
) -> None:
    broken, fine = recipe("broken", "package: [\n"), recipe("fine", text("fine"))
    assert in_order([broken, fine], config, environ=world) == [broken, fine]


@pytest.mark.parametrize("place", ["lib", "lib-feedstock/recipe", "../lib"])
def test_a_neighbour_is_found_by_the_name_of_its_folder(recipe: Write, place: str) -> None:
    app, lib = recipe("app", text("app")), recipe(place, text("lib"))
    found = neighbour(app, "lib")
    assert found is not None and lib.resolve().is_relative_to(found.resolve())
    assert neighbour(app, "app") is None and neighbour(app, "nowhere") is None


def test_what_an_environment_lacks_is_told_before_a_session_is_made(
    recipe: Write, config: Config, world: Mapping[str, str]
) -> None:
    folder = recipe("app", text("app", build="lib >=2"))
    with pytest.raises(MissingPackage) as caught:
        check(plan(folder, config, environ=world), config, environ=world)
    assert caught.value.package == "lib"
    assert caught.value.place is not None and caught.value.place.line == 6
