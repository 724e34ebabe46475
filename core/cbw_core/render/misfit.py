"""What to say of a recipe on whose data rendering failed."""

from __future__ import annotations

from pathlib import Path

from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.recipe import load, positions, read_recipe, select
from cbw_core.recipe.kinds import misfits
from cbw_core.render.parsing import template_text
from cbw_core.render.state import State
from cbw_core.render.work import Work
from cbw_core.variants import Matrix


def misfit(work: Work, matrix: Matrix, error: Exception) -> RecipeError:
    """The first value of a wrong kind, at its place; else the error in Python's words."""
    mixed = _mixed(matrix)
    if mixed:
        return mixed
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


def _mixed(matrix: Matrix) -> RecipeError | None:
    """The first key of the variants that has mappings or lists beside other values: they cannot be combined."""
    for key in sorted({key for variant in matrix.variants for key in variant} - {"zip_keys"}):
        values = [variant[key] for variant in matrix.variants if key in variant]
        inner = (item for value in values if isinstance(value, list) for item in value)
        if len({isinstance(value, dict) for value in values}) < 2 and not any(
            isinstance(i, dict | list) for i in inner
        ):
            continue
        source = matrix.source_of(key) or "the variants"
        message = f"in {source.rsplit('/', 1)[-1]}: {key} has a mapping or a list among its values"
        hint = f"Give {key} texts for values, or one mapping alone."
        return RecipeError(message, kind="variant", place=_key_in(source, key, matrix), hint=hint)
    return None


def _key_in(source: str, key: str, matrix: Matrix) -> Place | None:
    if source not in matrix.files:
        return None
    at = positions(read_recipe(Path(source))).get((key,))
    return Place(source, at.line, at.column, key) if at else Place(source)
