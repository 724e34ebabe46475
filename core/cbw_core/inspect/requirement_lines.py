"""The line of meta.yaml that asks for a package in an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, Place
from cbw_core.inspect.asking import asks, word_in
from cbw_core.recipe import read_text
from cbw_core.recipe.outline import Node, outline
from cbw_core.render.output import Output

_COMMENT = re.compile(r"(?:^|\s)#.*$")


@dataclass(frozen=True)
class Line:
    """A line that asks for a package: its text, and where in it the package is named."""

    text: str
    place: Place


class RequirementLines:
    """Lines of a recipe's requirements, looked up by package. Reads the file once; without one it finds nothing."""

    def __init__(self, output: Output) -> None:
        self._output = output
        try:
            text = read_text(Path(output.recipe_file)) if output.recipe_file else ""
        except CbwError:
            text = ""
        self._lines = text.splitlines()
        self._root, _ = outline(text.splitlines(keepends=True))

    def place(self, section: str, name: str) -> Place | None:
        """Where `section` ("build", "host", "run", "test") asks for the package `name`; the section's own line where no
        line can be told. Every line counts, whatever its selector says; those with a selector come last."""
        owners = _owners(self._root, self._output, self._lines)
        nodes = [node for owner in owners for node in _of_owner(owner, section)]
        found = [
            (re.search(r"#\s*\[", self._lines[number]) is not None, number) for number in self._asking(nodes, name)
        ]
        if found:
            return self._at(min(found)[1], name)
        return self._at(nodes[0].line, "") if nodes and nodes[0].line >= 0 else None

    def best(self, sections: Sequence[str], name: str, spec: str) -> Line | None:
        """Of the lines in some sections that ask for a package the one that fits a requirement best: of this output
        rather than of another, of the first section, the text alike."""
        version = spec.partition(" ")[2].split()[:1]
        own = _owners(self._root, self._output, self._lines)
        others = [self._root, *(item for node in self._root.keys("outputs") for item in node.items)]
        found = []
        for owner in (*own, *(node for node in others if node not in own)):
            for rank, section in enumerate(sections):
                for number in self._asking(_of_owner(owner, section), name):
                    text = self._lines[number]
                    alike = spec in text, any(v.removesuffix(".*") in text for v in version)
                    found.append((owner not in own, rank, not alike[0], not alike[1], number))
        if not found:
            return None
        number = min(found)[-1]
        return Line(self._lines[number], self._at(number, name))

    def _asking(self, nodes: Iterable[Node], name: str) -> Iterator[int]:
        for node in nodes:
            for number in range(max(node.line, 0), min(node.last, len(self._lines) - 1) + 1):
                if asks(self._output, self._lines[number], name):
                    yield number

    def _at(self, number: int, name: str) -> Place:
        line = self._lines[number]
        word = word_in(line, name) if name else None
        column = word[0] if word else len(line) - len(line.lstrip(" -"))
        return Place(self._output.recipe_file, number + 1, column + 1, line.strip())


def _of_owner(owner: Node, section: str) -> Iterator[Node]:
    """The nodes below the root, or an output, that hold an environment's requirements."""
    if section == "test":
        for test in owner.keys("test"):
            yield from test.keys("requires")
        return
    for requirements in owner.keys("requirements"):
        yield from requirements.keys(section)
        if not requirements.children or requirements.items:
            yield requirements  # in braces, or one list for all


def _owners(root: Node, output: Output, lines: Sequence[str]) -> list[Node]:
    """The root, or the item of `outputs:` that makes this output."""
    if not output.is_output:
        return [root]
    items = [item for node in root.keys("outputs") for item in node.items]
    named = [i for i in items if any(_value(lines, key) == output.name for key in i.keys("name"))]
    if named:
        return named
    rows = output.top.get("outputs") or []
    index = next((n for n, row in enumerate(rows) if isinstance(row, dict) and row.get("name") == output.name), None)
    return [items[index]] if index is not None and len(items) == len(rows) else items


def _value(lines: Sequence[str], node: Node) -> str:
    return _COMMENT.sub("", lines[node.line][node.value :]).strip().strip("'\"")


def written_requirements(output: Output, section: str) -> tuple[str, ...]:
    """The recipe's own requirements of "build" or "host", rendered but not pinned: what a final output's
    `requirements` no longer tell."""
    top: Mapping[str, Any] = output.top or {}
    if output.is_output:
        rows = [row for row in top.get("outputs") or [] if isinstance(row, dict)]
        owner = next((row for row in rows if row.get("name") == output.name), {})
    else:
        owner = dict(top)
    found = owner.get("requirements") or {}
    if not isinstance(found, dict):  # one list for host and run (conda_build.metadata.expand_dependencies)
        return _texts(found) if section == "host" else ()
    return _texts(found.get(section))


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(item) for item in items if item)
