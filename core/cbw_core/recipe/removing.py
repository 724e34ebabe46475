"""An item taken out of a list of a meta.yaml; every other line stays. The counterpart of `add_item`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe.editing import Draft, Edited, places
from cbw_core.recipe.outline import outline


def remove_item(
    text: str, path: Sequence[str | int], is_it: Callable[[str], bool], *, what: str, file: str = "meta.yaml"
) -> tuple[Edited, ...]:
    """Take the item for which `is_it` holds out of the list at `path`; its line goes, with its comment.

    is_it: told each item's text as the recipe has it, templates and all. what: the item in the words of an error.
    Returns an edit for each item that fits (branches of a template, several selectors); `line` is where it stood.
    Raises RecipeError(kind="edit") where there is none, or where the list is not written a line an item.
    """
    lines = text.splitlines(keepends=True)
    root, depths = outline(lines)
    draft = Draft(lines, depths, "\n", file)
    found: dict[str, Edited] = {}
    where = "/".join(str(part) for part in path)
    near = root
    for node, rest in places(draft, root, tuple(path)):
        if rest:
            continue
        near = node
        for item in node.items:
            if item.last == item.line and is_it(draft.value(item)):
                edited = Edited("".join([*lines[: item.line], *lines[item.line + 1 :]]), item.line + 1)
                found.setdefault(edited.text, edited)
    if found:
        return tuple(found.values())
    number = max(near.line, 0)
    raise RecipeError(
        f"{what} cannot be taken out of {Path(file).name} by itself",
        kind="edit",
        place=Place(file, number + 1, text=lines[number].strip() if number < len(lines) else None),
        why=f"No line of its own in {where} asks for it.",
        hint="Take it out of the recipe by hand.",
    )
