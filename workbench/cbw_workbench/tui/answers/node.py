"""A line of a tree: what it says, the place it leads to, and what lies below."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from cbw_core.errors import Place


@dataclass(frozen=True)
class Node:
    """opened: whether its children show at first."""

    label: Text
    place: Place | None = None
    children: tuple[Node, ...] = ()
    opened: bool = False


def lines(nodes: tuple[Node, ...], depth: int = 0) -> list[str]:
    """All of them as indented text, for searching and tests."""
    found = []
    for node in nodes:
        found.append("  " * depth + node.label.plain)
        found += lines(node.children, depth + 1)
    return found
