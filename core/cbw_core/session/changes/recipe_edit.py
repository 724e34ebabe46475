"""An item put into, or taken out of, a list of the recipe's meta.yaml, held against what that renders to before and
after."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.recipe import Edited, add_item, adds_only, read_exactly, remove_item, write_exactly
from cbw_core.render.output import Output
from cbw_core.session import rendering

DataPath = tuple[str | int, ...]


def add_to_recipe(
    output: Output,
    path: DataPath,
    item: str,
    *,
    inside: DataPath | None = None,
    reads_as: Callable[[str], bool] | None = None,
    try_only: bool = False,
    config: Config,
    cancel: Cancel,
    environ: Mapping[str, str],
) -> Place:
    """Put `item` at the end of the list at `path` of the recipe that `output` comes from; returns where it stands.

    inside: the same list in the output's own rendered sections, where that is another path than in the recipe.
    reads_as: whether a rendered item is this one, where rendering changes it (`zlib` gets the variant's version).
    try_only: write nothing.
    The edit is taken only if this output renders to what it did, with the item in that list, and every other output
    either so too or to just what it did. Raises RecipeError(kind="edit") where no place in the text does that.
    """
    file = Path(output.recipe_file)
    text = read_exactly(file)
    edits = add_item(text, path, item, file=str(file))
    is_it = (lambda text: text == item) if reads_as is None else reads_as
    inside = path if inside is None else inside
    held = _Held(output, inside, is_it, config.with_render(finalize=False), cancel, environ)
    for edit in edits:
        if held.adds(edit):
            place = Place(str(file), edit.line, text=edit.text.splitlines()[edit.line - 1].strip())
            return _written(file, edit, place, try_only)
    where = "/".join(str(part) for part in path)
    raise _refused(
        f"{item} cannot be entered in {where} of {file.name} by itself", file, edits[0].line, "Write it into"
    )


def remove_from_recipe(
    output: Output,
    path: DataPath,
    is_it: Callable[[str], bool],
    *,
    what: str,
    inside: DataPath,
    reads_as: Callable[[str], bool],
    try_only: bool = False,
    config: Config,
    cancel: Cancel,
    environ: Mapping[str, str],
) -> Place:
    """Take the item for which `is_it` holds (of its text in the recipe) out of the list at `path`; returns where it
    stood. what: the item, for messages; the rest, and what is raised, as for add_to_recipe."""
    file = Path(output.recipe_file)
    text = read_exactly(file)
    edits = remove_item(text, path, is_it, what=what, file=str(file))
    held = _Held(output, inside, reads_as, config.with_render(finalize=False), cancel, environ)
    for edit in edits:
        if held.removes(edit):
            place = Place(str(file), edit.line, text=text.splitlines()[edit.line - 1].strip())
            return _written(file, edit, place, try_only)
    where = "/".join(str(part) for part in path)
    raise _refused(
        f"{what} cannot be taken out of {where} of {file.name} by itself", file, edits[0].line, "Take it out of"
    )


def _written(file: Path, edit: Edited, place: Place, try_only: bool) -> Place:
    if not try_only:
        write_exactly(file, edit.text)
    return place


def _refused(message: str, file: Path, line: int, verb: str) -> RecipeError:
    return RecipeError(
        message,
        kind="edit",
        place=Place(str(file), line),
        why="No place in its text leads to a recipe that differs in this item alone.",
        hint=f"{verb} the recipe by hand.",
    )


class _Held:
    """Edited texts held against what the recipe renders to as it is."""

    def __init__(
        self,
        mine: Output,
        path: DataPath,
        is_it: Callable[[str], bool],
        config: Config,
        cancel: Cancel,
        environ: Mapping[str, str],
    ) -> None:
        self._mine, self._path, self._is_it = mine, path, is_it
        self._config, self._cancel, self._environ = config, cancel, environ
        self._file = Path(mine.recipe_file)
        self._before = rendering.render(self._file, config, sink=silent, cancel=cancel, environ=environ).all

    def adds(self, edit: Edited) -> bool:
        after = self._rendered(edit)
        return after is not None and _holds(self._before, after, self._mine, self._path, self._is_it)

    def removes(self, edit: Edited) -> bool:
        after = self._rendered(edit)
        return after is not None and _holds(after, self._before, self._mine, self._path, self._is_it)

    def _rendered(self, edit: Edited) -> tuple[Output, ...] | None:
        return rendered_with(self._file, edit, self._config, self._cancel, self._environ)


def rendered_with(
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


def _holds(
    before: Sequence[Output], after: Sequence[Output], mine: Output, path: DataPath, is_it: Callable[[str], bool]
) -> bool:
    """Whether `after` has one such item more in the list, in my output, and nothing else anywhere."""
    if len(before) != len(after):
        return False
    pairs = list(zip(before, after, strict=True))
    if any(old.name != new.name or old.variant != new.variant for old, new in pairs):
        return False
    same = [n for n, (old, _) in enumerate(pairs) if (old.name, old.is_toplevel) == (mine.name, mine.is_toplevel)]
    # finalizing adds to a variant: the nearest is ours
    ours = max(same, key=lambda n: sum(before[n].variant.get(k) == v for k, v in mine.variant.items()), default=None)
    if ours is None:
        return False
    metas = [(_own(old), _own(new)) for old, new in pairs]
    gained = [_gains(old, new, path, is_it) for old, new in metas]
    return gained[ours] and all(more or old == new for more, (old, new) in zip(gained, metas, strict=True))


def _own(output: Output) -> dict[str, Any]:
    """An output's sections without the list of all outputs, which each of them carries."""
    return {key: value for key, value in output.meta.items() if key != "outputs"}


def _gains(before: Mapping[str, Any], after: Mapping[str, Any], path: DataPath, is_it: Callable[[str], bool]) -> bool:
    found: Any = after
    for key in path:
        if isinstance(found, Mapping):
            found = found.get(key) if isinstance(key, str) else found if key == 0 else None
        elif isinstance(found, (list, tuple)) and isinstance(key, int) and key < len(found):
            found = found[key]
        else:
            found = None
    items = found if isinstance(found, (list, tuple)) else [] if found is None else [found]
    return any(adds_only(before, after, path, item) for item in items if isinstance(item, str) and is_it(item))
