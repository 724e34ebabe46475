"""What to say of a recipe on whose data rendering failed."""

from __future__ import annotations

from cbw_core.errors import CbwError, RecipeError
from cbw_core.recipe import load, select
from cbw_core.recipe.kinds import misfits
from cbw_core.render.parsing import template_text
from cbw_core.render.state import State, Work
from cbw_core.variants import Matrix


def misfit(work: Work, matrix: Matrix, error: Exception) -> RecipeError:
    """The first value of a wrong kind, at its place; else the error in Python's words."""
    state = State(work, {}, matrix.variants[0] if matrix.variants else {})
    try:
        text = template_text(state, strict=False, alone=True, offline=True, skip_build_id=True)
        meta = load(select(text, state.names, work.file).text, "recipe", work.file)
        found = next(misfits(meta), None) if isinstance(meta, dict) else None
    except CbwError:
        found = None
    if found:
        return RecipeError(found.message, kind="schema", place=state.place(found.path), hint=found.hint)
    return RecipeError(
        f"{work.recipe_file.name} cannot be rendered: {type(error).__name__}: {error}",
        kind="recipe",
        place=state.place(),
        hint="Look for a value of the wrong kind (a list where text belongs, an empty item).",
    )
