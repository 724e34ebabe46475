"""A tree whose lines lead to places: moving over it shows them beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual.binding import Binding
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from cbw_workbench.tui.answers.node import Node
from cbw_workbench.tui.messages import OpenPlace

Path_ = tuple[str, ...]


class PlaceTree(Tree[Node]):
    """Enter and space open and close a line, left goes to the line above it, right opens; n and N go on in a search."""

    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("left,h", "leave", "Close", show=False),
        Binding("right", "enter", "Open", show=False),
        Binding("n", "next_match(1)", "Next", show=False),
        Binding("N", "next_match(-1)", "Before", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes)
        self.show_root = False
        self.guide_depth = 2
        self._sought = ""

    def show(self, nodes: Sequence[Node]) -> None:
        """Show other nodes; what was open and where the cursor was stays, where it is there again."""
        open_before = {path for path, node in self._walk() if node.is_expanded}
        known = {path for path, _ in self._walk()}
        at = self._path(self.cursor_node) if self.cursor_node else ()
        self.clear()
        for node in nodes:
            self._add(self.root, node)
        here: TreeNode[Node] | None = None
        for path, tree_node in self._walk():
            if path in known:
                tree_node.expand() if path in open_before else tree_node.collapse()
            if path == at:
                here = tree_node
        self.root.expand()
        first = self.root.children[0] if self.root.children else None
        self.call_after_refresh(self.move_cursor, here or first)

    def _add(self, above: TreeNode[Node], node: Node) -> None:
        if not node.children:
            above.add_leaf(node.label, node)
            return
        branch = above.add(node.label, node, expand=node.opened)
        for child in node.children:
            self._add(branch, child)

    def _walk(self) -> list[tuple[Path_, TreeNode[Node]]]:
        found: list[tuple[Path_, TreeNode[Node]]] = []

        def walk(node: TreeNode[Node], path: Path_) -> None:
            for child in node.children:
                here = (*path, _plain(child))
                found.append((here, child))
                walk(child, here)

        walk(self.root, ())
        return found

    def _path(self, node: TreeNode[Node]) -> Path_:
        above = [] if node.parent is None else list(self._path(node.parent))
        return () if node is self.root else (*above, _plain(node))

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Node]) -> None:
        event.stop()
        node: Node | None = event.node.data
        if node is not None and node.place is not None and Path(node.place.file).is_file():
            self.post_message(OpenPlace(node.place.file, node.place.line))

    def action_leave(self) -> None:
        node = self.cursor_node
        if node is None:
            return
        if node.is_expanded and node.children:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def action_enter(self) -> None:
        node = self.cursor_node
        if node is not None and node.children and not node.is_expanded:
            node.expand()
        else:
            self.action_cursor_down()

    # -- search ---------------------------------------------------------------------------------------------------

    def search(self, text: str) -> int:
        """Go to the first line with the text, opening what is above it; how many there are."""
        self._sought = text
        found = self._found()
        if found:
            self._go(found[0])
        return len(found)

    def action_next_match(self, by: int) -> None:
        found = self._found()
        if found:
            here = next((i for i, node in enumerate(found) if node is self.cursor_node), -1 if by > 0 else 0)
            self._go(found[(here + by) % len(found)])

    def _found(self) -> list[TreeNode[Node]]:
        sought = self._sought
        fold = sought == sought.lower()
        return [n for _, n in self._walk() if sought and sought in (_plain(n).lower() if fold else _plain(n))]

    def _go(self, node: TreeNode[Node]) -> None:
        above = node.parent
        while above is not None:
            above.expand()
            above = above.parent
        self.call_after_refresh(self.move_cursor, node)


def _plain(node: TreeNode[Node]) -> str:
    return node.label.plain if isinstance(node.label, Text) else str(node.label)
