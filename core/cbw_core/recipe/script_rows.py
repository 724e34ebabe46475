"""What a script's key in a meta.yaml holds, line by line, as it is written: quotes, selectors and templates left be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from cbw_core.errors import CbwError
from cbw_core.recipe.editing import Draft
from cbw_core.recipe.outline import Node
from cbw_core.recipe.yamltext import load

# item: of a list; block: in a `|` scalar; single: `script: make`; flow: in brackets or folded, known as a whole
Form: TypeAlias = Literal["item", "block", "single", "flow"]
_SELECTOR = re.compile(r"\s*#[^#]*\[[^\[\]]+\][^()]*$")
_COMMENT = re.compile(r"\s+#.*$")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")


@dataclass(frozen=True)
class Row:
    """A line of a script. value: what it says, templates and all; pieces: where that stands, (line, column, text) from
    0, put together with blanks; quote: "", ' or "; length: of the scalar at `column`, with its quotes."""

    value: str
    line: int
    column: int
    length: int
    pieces: tuple[tuple[int, int, str], ...]
    quote: str = ""
    selector: str = ""

    @property
    def last(self) -> int:
        return self.pieces[-1][0]

    @property
    def is_plain(self) -> bool:
        """One line, without a template."""
        return len(self.pieces) == 1 and _TEMPLATE.search(self.value) is None

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if _TEMPLATE.search(self.value) is None:
            return None
        parts = _TEMPLATE.split(self.value)
        return re.compile("(.*?)".join(re.escape(part) for part in parts) + r"\s*", re.S)

    def likeness(self, line: str) -> int:
        """How surely the row renders to a line: 0 not at all, the more the likelier."""
        if self.value.rstrip() == line.rstrip():
            return 3
        return 2 if self._pattern is not None and self._pattern.fullmatch(line) else 0

    def spot(self, line: str, begin: int, end: int) -> tuple[int, int, int] | None:
        """(line, column, length) of the text in which characters `begin` to `end` of the rendered line stand; None
        where a template made them, they are escaped there, or they stand in several lines."""
        at = 0  # in the rendered line
        holes = iter(found.groups() if self._pattern is not None and (found := self._pattern.fullmatch(line)) else ())
        for number, (where, column, text) in enumerate(self.pieces):
            at += number > 0  # the blank that joins two lines
            inside = 0
            for part in re.split(f"({_TEMPLATE.pattern})", text):
                if _TEMPLATE.fullmatch(part):
                    hole = next(holes, None)
                    if hole is None:
                        return None
                    at, inside = at + len(hole), inside + len(part)
                    continue
                if at <= begin and end <= at + len(part) and line[at : at + len(part)] == part:
                    return where, column + inside + begin - at, end - begin
                at, inside = at + len(part), inside + len(part)
        return None


@dataclass(frozen=True)
class Item:
    """What one item of a list, or the key itself, holds. first, last: its lines; lead: what a new item beside it begins
    with ("    - "); indent: of the lines of a block."""

    form: Form
    rows: tuple[Row, ...]
    first: int
    last: int
    lead: str
    indent: str = ""


def items_of(draft: Draft, node: Node) -> Iterator[Item]:
    """The items at a key, in order."""
    if node.items:
        for item in node.items:
            line = draft.lines[item.line]
            body = line[item.indent + 1 :]
            gap = len(body) - len(body.lstrip(" \t"))
            head = line[: item.indent] if not line[: item.indent].strip() else " " * item.indent
            yield _item(draft, item, "item", f"{head}-{' ' * max(gap, 1)}")
        return
    if draft.value(node) or node.last > node.line:
        yield _item(draft, node, "single", " " * (node.indent + 2) + "- ")


def _item(draft: Draft, node: Node, form: Form, lead: str) -> Item:
    line = draft.lines[node.line].rstrip("\r\n")
    column = node.value + len(line[node.value :]) - len(line[node.value :].lstrip())
    text = line[column:]
    if _BLOCK.match(text) and text.startswith("|"):
        return _block(draft, node, lead)
    if text.startswith(("[", ">", "&", "*", "!")) or (text.startswith("{") and not text.startswith("{{")):
        row = Row(_loaded(draft, node), node.line, column, 0, ((node.line, column, ""),))
        return Item("flow", (row,), node.line, node.last, lead)
    return Item(form, (_row(draft, node, column),), node.line, node.last, lead)


def _row(draft: Draft, node: Node, column: int) -> Row:
    first = draft.lines[node.line].rstrip("\r\n")
    written = first[column:]
    quote = written[:1] if written[:1] in ("'", '"') else ""
    if node.last > node.line:
        return _long(draft, node, column, quote)
    if quote:
        end = _closing(written, quote)
        scalar_, rest = (written[: end + 1], written[end + 1 :]) if end else (written, "")
        inner = scalar_[1:-1] if end else scalar_[1:]
        value = inner.replace("''", "'") if quote == "'" else _unescaped(inner)
        pieces = ((node.line, column + 1, inner),)
    else:
        scalar_ = _COMMENT.sub("", " " + written)[1:].rstrip()
        rest, value, pieces = written[len(scalar_) :], scalar_, ((node.line, column, scalar_),)
        if value in ("~", "null"):
            value = ""
    selector = _SELECTOR.search(rest)
    return Row(value, node.line, column, len(scalar_), pieces, quote, selector[0] if selector else "")


def _long(draft: Draft, node: Node, column: int, quote: str) -> Row:
    """A plain or quoted scalar over several lines: they are joined by blanks."""
    pieces: list[tuple[int, int, str]] = []
    for number in range(node.line, node.last + 1):
        line = draft.lines[number].rstrip("\r\n")
        at = column if number == node.line else len(line) - len(line.lstrip())
        text = line[at:].rstrip() if quote else _COMMENT.sub("", " " + line[at:])[1:].rstrip()
        if quote and number == node.line:
            at, text = at + 1, text[1:]
        if quote and number == node.last:
            text = _COMMENT.sub("", text).removesuffix(quote)
        pieces.append((number, at, text))
    value = " ".join(text for _, _, text in pieces)
    return Row(value, node.line, column, 0, tuple(pieces), quote)


def _block(draft: Draft, node: Node, lead: str) -> Item:
    """A `|` scalar: its lines are the script's."""
    body = range(node.line + 1, node.last + 1)
    indents = [len(text) - len(text.lstrip()) for n in body if (text := draft.lines[n].rstrip("\r\n")).strip()]
    indent = indents[0] if indents else node.indent + 2
    rows = []
    for number in body:
        text = draft.lines[number].rstrip("\r\n")[indent:]
        selector = _SELECTOR.search(text)
        value = text[: selector.start()] if selector else text
        piece = ((number, indent, value),)
        rows.append(Row(value, number, indent, len(value), piece, "", selector[0] if selector else ""))
    return Item("block", tuple(rows), node.line, node.last, lead, " " * indent)


def _loaded(draft: Draft, node: Node) -> str:
    """A scalar in a form of its own, as YAML reads it; "" where it is none."""
    text = "".join([draft.lines[node.line][node.value :], *draft.lines[node.line + 1 : node.last + 1]])
    try:
        value = load(f"k: {text}")
    except CbwError:
        return ""
    found = value.get("k") if isinstance(value, dict) else None
    return found.rstrip("\n") if isinstance(found, str) else ""


def _closing(text: str, quote: str) -> int:
    """Where the quote that `text` begins with ends; 0 when it does not."""
    at = 1
    while at < len(text):
        if quote == '"' and text[at] == "\\":
            at += 2
            continue
        if text[at] == quote:
            if quote == "'" and text[at + 1 : at + 2] == "'":
                at += 2
                continue
            return at
        at += 1
    return 0


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        return str(load(f'k: "{text}"')["k"])
    except CbwError:
        return text


def scalar(text: str, quote: str) -> str:
    """A value as YAML writes it, in the quotes it had, plain where that reads back as the same text, else quoted."""
    if quote == "'" or (quote == '"' and "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    if quote == '"':
        return '"' + text.replace('"', '\\"') + '"'
    try:
        if text.strip() and load(f"- {text}") == [text] and "{{" not in text and "{%" not in text:
            return text
    except CbwError:
        pass
    return "'" + text.replace("'", "''") + "'"
