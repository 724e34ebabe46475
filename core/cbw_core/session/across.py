"""From recipe to recipe: the order in which several are built, and a missing package whose recipe lies beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core import env
from cbw_core.config import Config
from cbw_core.errors import CbwError, RecipeError
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.recipe import find_recipe
from cbw_core.session import rendering, solving
from cbw_core.session.planning import Plan


@dataclass(frozen=True)
class _Recipe:
    """What a recipe makes, needs to be built, and needs to be installed and tested: names of packages."""

    folder: Path
    makes: frozenset[str] = frozenset()
    to_build: frozenset[str] = frozenset()
    to_run: frozenset[str] = frozenset()


def in_order(
    recipes: Sequence[Path], config: Config, *, cancel: Cancel | None = None, environ: Mapping[str, str]
) -> list[Path]:
    """Recipes (folders or meta.yaml files), each after those whose packages it needs; else in the order given.

    They are rendered without solving. One that cannot be rendered keeps its place: it says why when its turn comes.
    Of a circle, the first comes first that needs none of the others to be built.
    """
    if len(recipes) < 2:
        return list(recipes)
    plain = config.with_render(finalize=False)
    left = [_read(recipe, plain, cancel or Cancel(), environ) for recipe in recipes]
    order = []
    while left:
        ready = (
            next((r for r in left if not _waits(r, r.to_build | r.to_run, left)), None)
            or next((r for r in left if not _waits(r, r.to_build, left)), None)
            or left[0]
        )
        left.remove(ready)
        order.append(ready.folder)
    return order


def _read(recipe: Path, config: Config, cancel: Cancel, environ: Mapping[str, str]) -> _Recipe:
    try:
        found = rendering.render(recipe, config, sink=silent, cancel=cancel, environ=environ)
    except RecipeError:
        return _Recipe(recipe)
    outputs = [*found.outputs, *found.toplevel]
    reqs = [output.requirements for output in outputs]
    return _Recipe(
        recipe,
        frozenset(output.name for output in found.outputs),
        _names(spec for r in reqs for spec in (*r.build, *r.host)),
        _names([*(spec for r in reqs for spec in r.run), *(spec for o in outputs for spec in o.test_requires)]),
    )


def _names(specs: Iterable[str]) -> frozenset[str]:
    return frozenset(spec.split()[0] for spec in specs if spec.strip())


def _waits(recipe: _Recipe, needs: frozenset[str], left: Sequence[_Recipe]) -> bool:
    return any(other is not recipe and needs & other.makes - recipe.makes for other in left)


def neighbour(recipe: Path, package: str) -> Path | None:
    """The folder of a recipe for `package` near `recipe`, as conda_build.build.build_tree looks for it: NAME or
    NAME-feedstock, beside the recipe's folder or one level higher. None when there is none."""
    folder = find_recipe(recipe).parent
    for name in (package, f"{package}-feedstock"):
        for place in (folder.parent / name, folder.parent.parent / name):
            try:
                if find_recipe(place).is_file() and place != folder:
                    return place
            except CbwError:
                continue
    return None


def check(plan: Plan, config: Config, *, cancel: Cancel | None = None, environ: Mapping[str, str]) -> None:
    """Raise what keeps the environments of a plan from being made, before a session is: an EnvironmentFailure,
    MissingPackage where a channel lacks a package."""
    for output in plan.outputs:
        if not output.unsatisfied:
            continue
        resolver = env.ChannelResolver(config, cancel=cancel, environ=environ)
        try:
            for name in ("build", "host"):
                solving.solve(output, name, plan.outputs, resolver)
        finally:
            resolver.close()
