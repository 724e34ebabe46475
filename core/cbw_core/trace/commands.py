"""The commands of a bash script with their lines, by tree-sitter: what one can go back to, and where a line belongs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# Nodes that bash runs as one command; what stands inside them (substitutions) has lines of its own
_LEAVES = frozenset(
    {"command", "variable_assignment", "variable_assignments", "declaration_command", "unset_command", "test_command"}
)
# Nodes whose first line bash runs as a command, beside those inside: `for i in …`, `for ((…))`, `case x in`
_HEADS = frozenset({"for_statement", "c_style_for_statement", "case_statement"})


@dataclass(frozen=True)
class TopCommand:
    """A command at the top level of a script: lines `first` to `last` (from 1) and its text. Commands that share a
    line are one. `function`: the name, where it defines one."""

    first: int
    last: int
    text: str
    function: str = ""


@lru_cache(maxsize=32)
def top_commands(text: str) -> tuple[TopCommand, ...]:
    """The commands of a script in order. What tree-sitter cannot read is one command from its line on."""
    found: list[tuple[int, int, str]] = []
    for node in _tree(text).root_node.children:
        if not node.is_named or node.type == "comment":
            continue
        first, last = node.start_point.row + 1, _last(node)
        name = node.child_by_field_name("name") if node.type == "function_definition" else None
        function = name.text.decode(errors="replace") if name is not None else ""
        if found and found[-1][1] >= first:
            before = found.pop()
            found.append((before[0], max(before[1], last), before[2] if before[2] == function else ""))
        else:
            found.append((first, last, function))
    lines = text.split("\n")
    return tuple(TopCommand(a, b, "\n".join(lines[a - 1 : b]), f) for a, b, f in found)


@lru_cache(maxsize=32)
def statements(text: str) -> tuple[tuple[int, int], ...]:
    """(first, last) line of each command, innermost ones included, in the order they stand. Of a redirected command
    with a here-document the document's lines belong to it."""
    found: list[tuple[int, int]] = []
    for node in nodes(text):
        if node.type in _LEAVES:
            parent = node.parent
            whole = parent if parent is not None and parent.type == "redirected_statement" else node
            found.append((node.start_point.row + 1, _last(whole)))
        elif node.type in _HEADS:
            found.append((node.start_point.row + 1, node.start_point.row + 1))
        elif node.type == "compound_statement" and node.children[0].type == "((":
            found.append((node.start_point.row + 1, _last(node)))
    return tuple(sorted(set(found)))


def nodes(text: str) -> Iterator[Any]:
    """The nodes of a script's tree, each before what is in it."""
    todo = [_tree(text).root_node]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children))


def span_of(node: Any) -> tuple[int, int]:
    """Its first and last line."""
    return node.start_point.row + 1, _last(node)


def statement_at(text: str, line: int) -> tuple[int, int]:
    """The lines of the innermost command that covers a line; the line itself where none does."""
    return _innermost(text).get(line, (line, line))


@lru_cache(maxsize=32)
def _innermost(text: str) -> dict[int, tuple[int, int]]:
    """For each line that a command covers the lines of the shortest one, of equal ones the last."""
    found: dict[int, tuple[int, int]] = {}
    for first, last in sorted(statements(text), key=lambda span: (span[0] - span[1], span[0])):
        for line in range(first, last + 1):
            found[line] = (first, last)
    return found


def next_statement(text: str, line: int) -> int | None:
    """The first line, from `line` on, that a command begins at or covers; None behind the last one."""
    if any(a <= line <= b for a, b in statements(text)):
        return line
    return next((a for a, _ in statements(text) if a >= line), None)


def top_command_at(text: str, line: int) -> TopCommand | None:
    """The top-level command that covers a line, else the next one; None behind the last."""
    commands = top_commands(text)
    at = bisect_left(commands, line, key=lambda command: command.last)
    return commands[at] if at < len(commands) else None


@lru_cache(maxsize=32)
def background_lines(text: str) -> frozenset[int]:
    """The lines on which something is sent to the background (`&`)."""
    found: set[int] = set()
    todo = [_tree(text).root_node]
    while todo:
        node = todo.pop()
        if node.type == "&" and not node.is_named and node.parent.type != "binary_expression":
            found.add(node.start_point.row + 1)
        todo.extend(node.children)
    return frozenset(found)


def _tree(text: str) -> Any:
    import tree_sitter
    import tree_sitter_bash

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
    return parser.parse(text.encode("utf-8", "surrogateescape"))


def _last(node: Any) -> int:
    """Its last line: a node that ends at the beginning of a line ended on the one before."""
    row, column = node.end_point
    return int(row if column == 0 and row > node.start_point.row else row + 1)
