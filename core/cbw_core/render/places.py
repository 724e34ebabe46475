"""From a place in the data of a rendered recipe back to the line of meta.yaml it was written on.

An index in the rendered recipe is not one in the text (selectors drop lines, loops make some), so the recipe is
rendered once more with its lines marked, when an error or another room asks. With nothing to render it by, the text
itself is read, its templates blanked out.
"""

from __future__ import annotations

import re
from pathlib import Path

from cbw_core.errors import CbwError, Place
from cbw_core.recipe import Position, Selected, Template, line_map, positions, read_text, select
from cbw_core.render.context import names_for
from cbw_core.render.state import State
from cbw_core.render.texts import single_output_text

_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.S)
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.S)
_SELECTOR_COMMENT = re.compile(r"\s#.*$")

DataPath = tuple[str | int, ...]
# where each path stands in the rendered text, the line in the file of each of its lines, and the text
Mapped = tuple[dict[DataPath, Position], tuple[int, ...], str]


def place_of(state: State, path: DataPath) -> Place:
    """The place in the recipe's text that a path of a state's sections was written at; the file where not found.

    The longest beginning of `path` that is found counts: a missing ("package", "name") is told at `package:`.
    """
    file = state.work.file
    if state.is_output_safely():
        path = _in_outputs(state, path)
    found, numbers, _ = _known(state)
    at = _longest(found, path)
    if at is None:
        return _raw_place(file, state.work.text, path)
    line = numbers[at.line - 1] if at.line <= len(numbers) else None
    return _place(file, state.work.text, line, at.column)


def quick_place(state: State, path: DataPath) -> Place:
    """As place_of, for a key that is there: where selectors leave one such key in the text, or in the output's block,
    nothing is rendered."""
    work = state.work
    selected = select(work.text, state.names, work.file)
    key = re.compile(rf"(?:^|[\s{{,])(['\"]?{re.escape(str(path[-1]))}['\"]?)\s*:(?=\s|$)", re.M)
    found = list(key.finditer(selected.text))
    if len(found) > 1 and state.is_output_safely():
        block = single_output_text(state)
        start = selected.text.find(block) if selected.text.count(block) == 1 else -1
        found = [match for match in found if start >= 0 and start <= match.start() < start + len(block)]
    if len(found) != 1:
        return place_of(state, path)
    at = found[0].start(1)
    line = selected.original(selected.text.count("\n", 0, at) + 1)
    return _place(work.file, work.text, line, at - selected.text.rfind("\n", 0, at))


def exact_place(state: State, path: DataPath) -> Place | None:
    """The place of a path of the recipe's data (an output's begin with "outputs"); None where it has none."""
    found, numbers, _ = _known(state)
    at = found.get(path)
    if at is None or at.line > len(numbers):
        return None
    return _place(state.work.file, state.work.text, numbers[at.line - 1], at.column)


def mapped_text(state: State) -> str:
    """The rendered text that paths are looked up in; pins on other packages are bare names in it."""
    return _known(state)[2]


def _known(state: State) -> Mapped:
    key = ("lines", state.work.key_of(state.variant), state.host_subdir)
    known: Mapped | None = state.work.loaded.get(key)
    if known is None:
        # an error met while looking for a place has none of its own
        state.work.loaded[key] = ({}, (), "")
        known = state.work.loaded[key] = _mapped(state)
    return known


def _in_outputs(state: State, path: DataPath) -> DataPath:
    """A path of an output's own sections as a path of the recipe."""
    for index, output in enumerate(state.meta.get("outputs") or []):
        if isinstance(output, dict) and output.get("name") == (state.meta.get("package") or {}).get("name"):
            if path[:1] == ("package",):
                return ("outputs", index, *path[1:])
            return path if path[:1] in (("source",), ("extra",), ("outputs",)) else ("outputs", index, *path)
    return path


def _mapped(state: State) -> Mapped:
    template = Template(select(state.work.text, state.names, state.work.file), state.work.file)
    try:
        names = names_for(state, strict=False, alone=True, offline=True, skip_build_id=True)
    except CbwError:
        names = dict(state.names.names)
    text, numbers = line_map(template, names, namespace=state.names)
    try:
        selected = select(text, state.names, state.work.file)
    except CbwError:
        selected = Selected(text, tuple(range(1, len(numbers) + 1)))
    lines = tuple(numbers[n - 1] for n in selected.lines if n <= len(numbers))
    return positions(selected.text), lines, selected.text


def _longest(found: dict[DataPath, Position], path: DataPath) -> Position | None:
    for length in range(len(path), 0, -1):
        at = found.get(path[:length])
        if at:
            return at
    return None


def _place(file: str, text: str, line: int | None, column: int | None) -> Place:
    lines = text.splitlines()
    if line is None or not 0 < line <= len(lines):
        return Place(file)
    shown = lines[line - 1]
    indent = len(shown) - len(shown.lstrip()) + 1
    return Place(file, line, min(column or indent, len(shown) or 1), shown.strip() or None)


def _raw_place(file: str, text: str, path: DataPath) -> Place:
    at = _longest(positions(_blanked(text)), path)
    return _place(file, text, at.line, at.column) if at else Place(file)


def _blanked(text: str) -> str:
    """A recipe's text as YAML: expressions become words as long, statements and selectors disappear."""

    def spaces(match: re.Match[str]) -> str:
        return "".join(c if c == "\n" else " " for c in match.group())

    text = _STATEMENT.sub(spaces, text)
    text = _EXPRESSION.sub(lambda m: "".join(c if c == "\n" else "x" for c in m.group()), text)
    return "\n".join(_SELECTOR_COMMENT.sub("", line) for line in text.splitlines())


def line_of(recipe_file: str | Path, section_path: DataPath) -> Place:
    """The place in a meta.yaml's raw text that a path leads to: ("source", 0, "sha256"), ("test", "commands", 1).

    Every line counts, whatever its selector says. A source given as one mapping is its item 0. Where the path is not
    found, the nearest that is; else the file.
    """
    path = Path(recipe_file)
    try:
        text = read_text(path)
    except CbwError:
        return Place(str(path))
    found = positions(_blanked(text))
    at = found.get(section_path)
    if at is None and len(section_path) > 1 and section_path[0] == "source" and isinstance(section_path[1], int):
        at = _longest(found, ("source", *section_path[2:]))
        whole = _longest(found, section_path)
        at = whole if whole and ("source", section_path[1]) in found else at
    if at is None:
        at = _longest(found, section_path)
    return _place(str(path), text, at.line, at.column) if at else Place(str(path))
