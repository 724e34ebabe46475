"""Recipes that need each other: the order given ones are built in, and missing packages built from recipes beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import EnvironmentFailure, MissingPackage
from cbw_core.events import Note
from cbw_workbench.commands.choosing import absolute, surroundings
from cbw_workbench.commands.command import Context
from cbw_workbench.commands.debugging import is_package, planned

if TYPE_CHECKING:
    from cbw_core.session import Plan


def in_order(context: Context, given: Sequence[str]) -> list[str]:
    """The recipes as written, each after those it needs; a Note tells when that is not the order given."""
    from cbw_core.session import in_order as ordered

    paths = {absolute(text, context): text for text in given}
    if len(paths) < 2 or any(is_package(path) for path in paths):
        return list(given)
    found = [
        paths[path]
        for path in ordered(list(paths), context.config, cancel=context.cancel, environ=surroundings(context))
    ]
    if found != list(paths.values()):
        context.sink(Note(f"built in the order of what needs what: {', '.join(found)}", "info"))
    return found


def plan_after_neighbours(
    context: Context, recipe: Path, waiting: tuple[Path, ...], build: Callable[[Path], None]
) -> Plan:
    """The recipe rendered. A package that its build or host environment lacks is built first, where a recipe for it
    lies beside this one; `waiting`: recipes that wait for this one, which are not begun again."""
    tried = {recipe, *waiting}
    while True:
        made = planned(context, recipe)
        place = _recipe_of_missing(context, recipe, made)
        if place is None or place in tried:
            return made
        tried.add(place)
        context.sink(Note(f"{recipe.name} needs what no channel has: {place} is built first", "info"))
        build(place)


def _recipe_of_missing(context: Context, recipe: Path, plan: Plan) -> Path | None:
    from cbw_core.session import check, neighbour

    try:
        check(plan, context.config, cancel=context.cancel, environ=surroundings(context))
    except MissingPackage as error:
        return neighbour(recipe, error.package)
    except EnvironmentFailure:
        return None  # the phase that makes the environment tells it, with a session to look at
    return None


def refuse_unsolved(context: Context, plan: Plan) -> None:
    """Raise the first failure of an environment of a plan's outputs, those of their tests among them (--solve-all)."""
    from cbw_core.session import solve_all

    for one in solve_all(
        plan.outputs, context.config, sink=context.sink, cancel=context.cancel, environ=surroundings(context)
    ):
        if one.error is not None:
            raise one.error


def existing(context: Context, plan: Plan) -> dict[str, str]:
    """Dist -> address, of the outputs that are in a channel already; a Note tells each."""
    from cbw_core.env import ChannelResolver

    resolver = ChannelResolver(context.config, sink=context.sink, cancel=context.cancel, environ=surroundings(context))
    try:
        found = resolver.existing(plan.outputs)
    finally:
        resolver.close()
    for dist, url in found.items():
        context.sink(Note(f"{dist} is left out: there is {url}", "info"))
    return found
