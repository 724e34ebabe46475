"""Text put into a meta.yaml where a person would have written it; every other byte stays.

A recipe is text before it is data: comments, selectors and templates must outlive an edit, so lists are found in the
text as it is written (`outline`) and one line is put in. Where a path can mean several places of the text (branches of
a template, two sections with selectors, a list made by a loop), there are several edits, the likeliest first: render
each and take the first that `adds_only` what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.recipe.outline import Node, outline
from cbw_core.recipe.yamltext import load

DataPath = tuple[str | int, ...]

# Where a new key goes among its neighbours: before the first of those that come after it here
_ORDER = {
    "": ("package", "source", "build", "requirements", "test", "outputs", "about", "extra"),
    "requirements": ("build", "host", "run", "run_constrained"),
}
_SELECTOR = re.compile(r"\s+#.*$")


@dataclass(frozen=True)
class Edited:
    """A recipe's new text, and the line (from 1) on which the new item stands."""

    text: str
    line: int


def add_item(text: str, path: Sequence[str | int], item: str, *, file: str = "meta.yaml") -> tuple[Edited, ...]:
    """Put `item` at the end of the list at `path`: ("source", 0, "patches"), ("outputs", "a", "requirements", "host").

    path: keys and places in lists; an output may be told by its name; a source given as one mapping is its own item 0.
    item: the value, quoted where YAML needs it; a selector may follow it ("zlib  # [linux]").
    Missing sections are made, a single value becomes a list. Returns the possible edits, the likeliest first.
    Raises RecipeError(kind="edit") where there is no place for it in this text.
    """
    if not item.strip() or re.search(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", item):
        raise RecipeError(f"{item!r} cannot be one item of a list in {Path(file).name}", kind="edit", place=Place(file))
    lines = text.splitlines(keepends=True)
    root, depths = outline(lines)
    draft = Draft(lines, depths, _line_end(lines), file)
    found: dict[str, Edited] = {}
    failure: RecipeError | None = None
    for node, rest in places(draft, root, tuple(path)):
        try:
            edited = _add(draft, node, rest, item)
            found.setdefault(edited.text, edited)
        except RecipeError as error:
            failure = failure or error
    if not found:
        where = "/".join(str(part) for part in path)
        raise failure or draft.refused(root, f"there is no {where} in {Path(file).name}")
    return tuple(found.values())


def adds_only(before: Any, after: Any, path: Sequence[str | int], item: str) -> bool:
    """Whether rendered data `after` is `before` with `item` in the list at `path` (keys and numbers only)."""
    if not path:
        old, new = _as_list(before), _as_list(after)
        if item not in new or len(new) != len(old) + 1:
            return False
        at = len(new) - 1 - new[::-1].index(item)
        return new[:at] + new[at + 1 :] == old
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        old, new = _as_list(before), _as_list(after)
        others = len(old) == len(new) > key and all(
            a == b for n, (a, b) in enumerate(zip(old, new, strict=True)) if n != key
        )
        return others and adds_only(old[key], new[key], rest, item)
    one, two = before or {}, after or {}
    if not isinstance(one, dict) or not isinstance(two, dict):
        return False
    others = {k: v for k, v in one.items() if k != key} == {k: v for k, v in two.items() if k != key}
    return others and adds_only(one.get(key), two.get(key), rest, item)


@dataclass(frozen=True)
class Draft:
    """The text being edited."""

    lines: list[str]
    depths: list[int]
    end: str
    file: str

    def refused(self, node: Node, why: str) -> RecipeError:
        number = max(node.line, 0)
        text = self.lines[number].strip() if number < len(self.lines) else None
        return RecipeError(
            f"the item cannot be put into {Path(self.file).name} by itself",
            kind="edit",
            place=Place(self.file, number + 1, text=text),
            why=why,
            hint="Write it into the recipe by hand.",
        )

    def value(self, node: Node) -> str:
        """What stands behind a key or a dash on its line, without its comment."""
        return _SELECTOR.sub("", " " + self.lines[node.line].rstrip()[node.value :]).strip()

    def after(self, node: Node, depth: int) -> int:
        """The line behind all of a node, and behind the template blocks that it ends in."""
        line = node.last + 1
        while line < len(self.lines) and self.depths[line] > depth:
            line += 1
        # a line that closes such a block has its outer depth already
        if line < len(self.lines) and node.depth > depth and re.match(r"\s*\{%[-+]?\s*end", self.lines[line]):
            line += 1
        return line

    def with_lines(self, at: int, new: Sequence[str], item: int, *, instead: int = 0) -> Edited:
        """`new` lines put in at line `at` (in place of `instead` lines); new[item] has the item."""
        before, after = self.lines[:at], self.lines[at + instead :]
        if before and not before[-1].endswith(("\n", "\r")):
            before = [*before[:-1], before[-1] + self.end]
        return Edited("".join([*before, *(line + self.end for line in new), *after]), at + item + 1)


def places(draft: Draft, node: Node, path: DataPath) -> Iterator[tuple[Node, DataPath]]:
    """Nodes of the text that a path may lead to, with what of the path is not there."""
    if not path:
        yield node, ()
        return
    key = path[0]
    if isinstance(key, str) and node.key != "outputs":
        found = node.keys(key)
        if not found:
            yield node, path
        for child in found:
            yield from places(draft, child, path[1:])
        return
    items = node.items
    if not items and key == 0:  # one mapping in place of a list
        yield from places(draft, node, path[1:])
        return
    for item in sorted(items, key=lambda item: _unlike(draft, items, item, key)):
        yield from places(draft, item, path[1:])


def _unlike(draft: Draft, items: Sequence[Node], item: Node, key: str | int) -> int:
    """0 for the item that a path names, more the less likely it is meant."""
    if isinstance(key, int):
        return abs(items.index(item) - key)
    names = [draft.value(child).strip("'\"") for child in item.keys("name")]
    return 0 if key in names else 1 if any("{{" in name for name in names) else 2


def _add(draft: Draft, node: Node, rest: DataPath, item: str) -> Edited:
    if rest:
        return _add_keys(draft, node, rest, item)
    value = draft.value(node)
    if value.startswith("["):
        return _add_to_flow(draft, node, item)
    if node.items:
        last = node.items[-1]
        lead = draft.lines[last.line][: last.indent + 1]
        gap = _gap(draft.lines[last.line][last.indent + 1 :])
        if not lead.strip(" \t-"):
            lead = " " * last.indent + "-"
        return draft.with_lines(draft.after(last, node.items[0].depth), [f"{lead}{gap}{_scalar(item)}"], 0)
    if node.children or (value.startswith(("{", "|", ">", "&", "*", "!")) and not value.startswith("{{")):
        raise draft.refused(node, "what stands there is neither a list nor a single value")
    line = draft.lines[node.line].rstrip("\r\n")
    indent = " " * (node.indent + 2)
    if not value:
        return draft.with_lines(node.line + 1, [f"{indent}- {_scalar(item)}"], 0)
    if node.last != node.line:
        raise draft.refused(node, "its value goes over several lines")
    new = [line[: node.value].rstrip(), f"{indent}- {line[node.value :].strip()}", f"{indent}- {_scalar(item)}"]
    return draft.with_lines(node.line, new, 2, instead=1)


def _add_keys(draft: Draft, node: Node, rest: DataPath, item: str) -> Edited:
    """Write the sections that are missing, with the item in the last."""
    keys = [key for key in rest if isinstance(key, str)]
    if len(keys) != len(rest) or not keys:
        where = "/".join(str(part) for part in rest)
        raise draft.refused(node, f"there is no {where} in it")
    if node.line >= 0 and draft.value(node) and not any(child.line == node.line for child in node.children):
        raise draft.refused(node, "the section is written in braces or made by a template")
    if node.items:
        raise draft.refused(node, "a list stands where a section should be")
    root = node.line < 0
    indent = 0 if root else node.children[0].indent if node.children else node.indent + 2
    new = [f"{' ' * (indent + 2 * n)}{key}:" for n, key in enumerate(keys)]
    new.append(f"{' ' * (indent + 2 * len(keys))}- {_scalar(item)}")
    order = _ORDER.get("" if root else node.key or "", ())
    later = order[order.index(keys[0]) + 1 :] if keys[0] in order else ()
    follower = next((child for child in node.children if child.key in later and child.depth == 0), None)
    if follower is not None:
        return draft.with_lines(_above(draft, follower.line), [*new, ""] if root else new, len(keys))
    at = draft.after(node.children[-1], node.children[0].depth) if node.children else node.line + 1
    return draft.with_lines(at, ["", *new] if root and at else new, len(keys) + (1 if root and at else 0))


def _above(draft: Draft, line: int) -> int:
    """The first line of the comments right above a line."""
    while line and draft.lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _add_to_flow(draft: Draft, node: Node, item: str) -> Edited:
    """[a, b] -> [a, b, item], the list on one line or over several."""
    value, _, comment = item.partition("  #")
    if comment:
        raise draft.refused(node, "a list in brackets has no room for a selector of its own")
    end = _end_of_flow(draft, node)
    if end is None:
        raise draft.refused(node, "the list in brackets has no end that can be told")
    (number, column), (last, behind), mark = end
    lines = list(draft.lines)
    text = _scalar(value.strip(), flow=True)
    if number > last and not lines[number][:column].strip():  # the bracket has a line of its own
        before = lines[last]
        indent = before[: len(before) - len(before.lstrip())] if last > node.line else " " * (node.indent + 2)
        comma = "" if mark in ",[" else ","
        lines[last] = before[:behind] + comma + before[behind:]
        lines.insert(number, f"{indent}{text}{',' if mark == ',' else ''}{draft.end}")
        return Edited("".join(lines), number + 1)
    line = lines[number]
    before = line[:column].rstrip() if line[:column].strip() else line[:column]
    lines[number] = before + {"[": "", ",": " "}.get(mark, ", ") + text + line[column:]
    return Edited("".join(lines), number + 1)


def _end_of_flow(draft: Draft, node: Node) -> tuple[tuple[int, int], tuple[int, int], str] | None:
    """(line and column of the closing bracket, those behind the last character before it, that character)."""
    depth, quote, last, behind = 0, "", "", (node.line, node.value)
    for number in range(node.line, node.last + 1):
        line = draft.lines[number]
        column = node.value if number == node.line else 0
        while column < len(line):
            char = line[column]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "#" and (column == 0 or line[column - 1].isspace()):
                break
            elif char in "[{":
                depth += 1
            elif char in "]}":
                depth -= 1
                if depth == 0:
                    return (number, column), behind, last
            if not char.isspace():
                last, behind = char, (number, column + 1)
            column += 1
    return None


def _scalar(item: str, *, flow: bool = False) -> str:
    """A value as YAML writes it: plain where that reads back as the same text, else in quotes."""
    value, mark, selector = item.partition("  # [")
    value = value.strip()
    if "{{" in value and not flow and not value.startswith(("{", "'", '"')):
        return item
    written = f"- [{value}]" if flow else f"- {value}"
    expected = [[value]] if flow else [value]
    try:
        plain = load(written, "safe") == expected
    except CbwError:
        plain = False
    if not plain:
        value = "'" + value.replace("'", "''") + "'"
    return f"{value}{mark}{selector}"


def _gap(after_dash: str) -> str:
    found = re.match(r"[ \t]+", after_dash)
    return found[0] if found and after_dash.strip() else " "


def _line_end(lines: Sequence[str]) -> str:
    return "\r\n" if lines and lines[0].endswith("\r\n") else "\n"


def _as_list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
