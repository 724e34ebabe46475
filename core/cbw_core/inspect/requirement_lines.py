"""The line of meta.yaml that asks for a package in an environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, Place
from cbw_core.recipe import read_text
from cbw_core.recipe.outline import Node, outline
from cbw_core.render.output import Output

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_FUNCTION = re.compile(r"\b(compiler|stdlib)\s*\(\s*['\"](\w+)['\"]")


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
        nodes = list(_sections(self._root, self._output, section, self._lines))
        found: list[tuple[bool, int]] = []
        for node in nodes:
            for number in range(max(node.line, 0), min(node.last, len(self._lines) - 1) + 1):
                line = self._lines[number]
                if self.asks(line, name):
                    found.append((re.search(r"#\s*\[", line) is not None, number))
        if found:
            return self._at(min(found)[1], name)
        return self._at(nodes[0].line, "") if nodes and nodes[0].line >= 0 else None

    def asks(self, line: str, name: str) -> bool:
        """Whether a line of requirements is about a package, by its name or as compiler('c')."""
        text = _COMMENT.sub("", line)
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text):
            return True
        return any(name == self._package(kind, language) for kind, language in _FUNCTION.findall(text))

    def _package(self, kind: str, language: str) -> str:
        """What compiler('c') and stdlib('c') are to this variant (conda_build.jinja_context)."""
        key = f"{language}_{kind}"
        default = {"c_compiler": "gcc", "cxx_compiler": "gxx", "fortran_compiler": "gfortran"}.get(key, "")
        value = self._output.variant.get(key) or default
        return f"{value}_{self._output.host_subdir}"

    def _at(self, number: int, name: str) -> Place:
        line = self._lines[number]
        column = line.find(name) if name else -1
        if column < 0:
            column = len(line) - len(line.lstrip(" -"))
        return Place(self._output.recipe_file, number + 1, column + 1, line.strip())


def _sections(root: Node, output: Output, section: str, lines: Sequence[str]) -> Iterator[Node]:
    """The nodes of the text that hold an environment's requirements."""
    for owner in _owners(root, output, lines):
        if section == "test":
            for test in owner.keys("test"):
                yield from test.keys("requires")
            continue
        for requirements in owner.keys("requirements"):
            children = requirements.keys(section)
            yield from children
            if not requirements.children or requirements.items:
                yield requirements  # in braces, or one list for all
    if output.is_output:
        return


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
