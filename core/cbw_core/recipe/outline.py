"""The outline of a meta.yaml as it is written: keys and list items with their lines, templates and selectors left be.

A recipe with templates is not YAML, so the outline is read by indentation. Lines of `{% ... %}`, comments and block
scalars are stepped over; what several branches of a template or several selectors write stands in it several times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_KEY = re.compile(r"""(?P<quote>['"]?)(?P<key>[^\s'"#{}\[\],&*!|>%@`-][^'"#{}\[\],]*?)(?P=quote)\s*:(?=\s|$)""")
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPENS = re.compile(r"\{%[-+]?\s*(?:if|for|macro|filter|call|block|raw)\b|\{%[-+]?\s*set\s+\w+\s*[-+]?%\}")
_CLOSES = re.compile(r"\{%[-+]?\s*end\w+")
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.S)


@dataclass
class Node:
    """A key of a mapping (`key`) or an item of a list (key None).

    line: from 0; indent: the column of its key or dash, from 0; value: where the text behind it begins (column);
    last: the last line that belongs to it; depth: how many template blocks it stands in.
    """

    line: int
    indent: int
    value: int
    depth: int
    key: str | None = None
    last: int = 0
    children: list[Node] = field(default_factory=list)

    def keys(self, name: str) -> list[Node]:
        return [child for child in self.children if child.key == name]

    @property
    def items(self) -> list[Node]:
        return [child for child in self.children if child.key is None]


def outline(lines: list[str]) -> tuple[Node, list[int]]:
    """(the root, whose children are the sections; for every line how many template blocks it stands in)."""
    root = Node(-1, -1, 0, 0, last=max(len(lines) - 1, 0))
    stack = [root]
    depths = _depths(lines)
    texts = _without_statements(lines)
    block: int | None = None  # the indent of the key whose block scalar we are in
    for number, line in enumerate(texts):
        body = line.strip()
        indent = len(line) - len(line.lstrip())
        if not body:
            continue
        if block is not None and indent > block:
            _stretch(stack, number)
            continue
        block = None
        if body.startswith("#"):
            continue
        found = list(_nodes(line, number, depths[number]))
        if not found:  # a scalar or a flow list that goes on
            _stretch(stack, number)
            continue
        for node in found:
            _close(stack, node)
            stack[-1].children.append(node)
            stack.append(node)
        _stretch(stack, number)
        if _BLOCK.match(line[found[-1].value :].lstrip()):
            block = found[-1].indent
    return root, depths


def _nodes(line: str, number: int, depth: int) -> Iterator[Node]:
    """The dashes and the key that a line begins with."""
    column = len(line) - len(line.lstrip())
    while line[column : column + 1] == "-" and line[column + 1 : column + 2] in ("", " ", "\t"):
        after = column + 1
        yield Node(number, column, after, depth, last=number)
        column = after + len(line[after:]) - len(line[after:].lstrip())
    found = _KEY.match(line, column)
    if found:
        yield Node(number, column, found.end(), depth, key=found["key"], last=number)


def _close(stack: list[Node], node: Node) -> None:
    """Leave what ends where `node` begins. A list may stand as far left as the key it belongs to."""
    while len(stack) > 1:
        top = stack[-1]
        ended = top.indent > node.indent or (
            top.indent == node.indent and not (top.key is not None and node.key is None)
        )
        if not ended:
            return
        stack.pop()


def _stretch(stack: list[Node], number: int) -> None:
    for node in stack[1:]:
        node.last = number


def _depths(lines: list[str]) -> list[int]:
    """How many template blocks each line stands in, at its beginning."""
    depth, found = 0, []
    for line in lines:
        code = _COMMENT.sub("", line) if line.lstrip().startswith("#") else line
        opened, closed = len(_OPENS.findall(code)), len(_CLOSES.findall(code))
        found.append(depth - (closed if closed > opened else 0))
        depth += opened - closed
    return found


def _without_statements(lines: list[str]) -> list[str]:
    """The lines with template statements blanked out, also those over several lines."""

    def spaces(match: re.Match[str]) -> str:
        return "".join(c if c == "\n" else " " for c in match[0])

    # \n alone parts the lines here: what else ends a line in them is blanked
    joined = "\n".join(re.sub(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", line) for line in lines)
    return _STATEMENT.sub(spaces, joined).split("\n")
