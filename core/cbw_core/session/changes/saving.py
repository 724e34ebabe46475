"""Changes made to environments, written into the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from cbw_core.errors import Place, UsageError
from cbw_core.inspect.asking import asks
from cbw_core.inspect.environments import name_of
from cbw_core.inspect.requirement_lines import written_requirements
from cbw_core.process import Cancel
from cbw_core.session.changes import live
from cbw_core.session.changes.live import Change
from cbw_core.session.changes.recipe_edit import DataPath, add_to_recipe, remove_from_recipe
from cbw_core.session.folder import SessionFolder


def check_saving(session: SessionFolder, change: Change) -> None:
    """Raise what would keep a change from being written into the recipe: RecipeError(kind="edit") where the text has no
    place for it, UsageError for a change that recipes have no words for."""
    for _ in _places(session, change, try_only=True):
        pass


def save_change(session: SessionFolder, change: Change) -> Iterator[Place]:
    """Write a change into the recipe, and forget it in the session; gives the lines. The environment is as before, and
    render is stale: the recipe is another one now."""
    yield from _places(session, change, try_only=False)
    found = live.read(session)
    names = {name_of(spec) for spec in change.specs}
    kept = []
    for one in found.changes:
        if one.env == change.env and one.op == change.op:
            one = replace(one, specs=tuple(spec for spec in one.specs if name_of(spec) not in names))
        if one.specs or one.op == "use":
            kept.append(one)
    with session.working():
        live.write(session, replace(found, changes=tuple(kept)))


def _places(session: SessionFolder, change: Change, *, try_only: bool) -> Iterator[Place]:
    output = session.output
    if session.is_package or change.op == "use":
        raise UsageError(
            "the session of a package has no recipe to write into"
            if session.is_package
            else "a recipe has no words for an explicit file",
            kind="edit",
            hint="Leave out --save.",
        )
    path, inside = paths(session, change.env)
    for spec in change.specs:
        name = name_of(spec)

        def reads_as(text: str, name: str = name) -> bool:
            return name_of(text) == name

        def is_it(text: str, name: str = name) -> bool:
            return name_of(text) == name or asks(output, text, name)

        if change.op == "add":
            edit = partial(add_to_recipe, output, path, spec)
        else:
            edit = partial(remove_from_recipe, output, path, is_it, what=name)
        yield edit(
            inside=inside,
            reads_as=reads_as,
            try_only=try_only,
            config=session.config,
            cancel=Cancel(),
            environ=session.environ,
        )


def paths(session: SessionFolder, name: str) -> tuple[DataPath, DataPath]:
    """Where the recipe lists what an environment needs: (in its text, in the output's own sections)."""
    output = session.output
    section = name
    if name == "host" and output.merges_build_and_host and not written_requirements(output, "host"):
        section = "build"  # the one that the recipe has: another would part the two
    inside: DataPath = ("test", "requires") if name == "test" else ("requirements", section)
    return (("outputs", output.name, *inside) if output.is_output else inside), inside
