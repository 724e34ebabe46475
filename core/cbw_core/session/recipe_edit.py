"""An item put into a list of the recipe's meta.yaml, held against what the recipe renders to before and after."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cbw_core.config import Config
from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.recipe import Edited, add_item, adds_only, read_exactly, write_exactly
from cbw_core.render.output import Output
from cbw_core.session import rendering

DataPath = tuple[str | int, ...]


def add_to_recipe(
    output: Output,
    path: DataPath,
    item: str,
    *,
    inside: DataPath | None = None,
    config: Config,
    cancel: Cancel,
    environ: Mapping[str, str],
) -> Place:
    """Put `item` at the end of the list at `path` of the recipe that `output` comes from; returns where it stands.

    inside: the same list in the output's own rendered sections, where that is another path than in the recipe.
    The edit is taken only if this output renders to what it did, with the item in that list, and every other output
    either so too or to just what it did. Raises RecipeError(kind="edit") where no place in the text does that.
    """
    file = Path(output.recipe_file)
    text = read_exactly(file)
    edits = add_item(text, path, item, file=str(file))
    inside = path if inside is None else inside
    plain = config.with_render(finalize=False)
    before = rendering.render(file, plain, sink=silent, cancel=cancel, environ=environ).all
    for edit in edits:
        after = _rendered(file, edit, plain, cancel, environ)
        if _holds(before, after, output, inside, item):
            write_exactly(file, edit.text)
            return Place(str(file), edit.line, text=edit.text.splitlines()[edit.line - 1].strip())
    where = "/".join(str(part) for part in path)
    raise RecipeError(
        f"{item} cannot be entered in {where} of {file.name} by itself",
        kind="edit",
        place=Place(str(file), edits[0].line),
        why="No place in its text leads to a recipe that differs in this item alone.",
        hint="Write it into the recipe by hand.",
    )


def _rendered(
    file: Path, edit: Edited, config: Config, cancel: Cancel, environ: Mapping[str, str]
) -> tuple[Output, ...] | None:
    """What the edited text renders to; None when it does not. It is tried beside the recipe, so that all it reads is
    there."""
    with tempfile.NamedTemporaryFile("wb", prefix=f".{file.stem}-", suffix=".yaml", dir=file.parent) as trial:
        trial.write(edit.text.encode("utf-8", "surrogateescape"))
        trial.flush()
        try:
            return rendering.render(Path(trial.name), config, sink=silent, cancel=cancel, environ=environ).all
        except CbwError:
            cancel.check()
            return None


def _holds(before: Sequence[Output], after: Sequence[Output] | None, mine: Output, path: DataPath, item: str) -> bool:
    if after is None or len(before) != len(after):
        return False
    pairs = list(zip(before, after, strict=True))
    if any(old.name != new.name or old.variant != new.variant for old, new in pairs):
        return False
    same = [n for n, (old, _) in enumerate(pairs) if (old.name, old.is_toplevel) == (mine.name, mine.is_toplevel)]
    # finalizing adds to a variant: the nearest is ours
    ours = max(same, key=lambda n: sum(before[n].variant.get(k) == v for k, v in mine.variant.items()), default=None)
    if ours is None:
        return False
    gained = [adds_only(old.meta, new.meta, path, item) for old, new in pairs]
    return gained[ours] and all(more or old.meta == new.meta for more, (old, new) in zip(gained, pairs, strict=True))
