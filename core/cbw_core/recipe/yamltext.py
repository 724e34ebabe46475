"""YAML texts to plain values, as conda-build's three loaders give them, with positions where asked.

- RECIPE: the rendered meta.yaml. YAML 1.1, but numbers stay text (conda_build.metadata.StringifyNumbersLoader).
- SAFE:   YAML 1.1 whole (yaml.safe_load), for parts that conda-build reads again.
- PLAIN:  every scalar is text (yaml.BaseLoader), for conda_build_config.yaml.

ruamel.yaml scans and parses; the values are built here, since none of its constructors has these rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe.scalars import BOOLS, implicit

Schema = Literal["recipe", "safe", "plain"]
Path = tuple[str | int, ...]

MAX_NODES = 500_000
MAX_DEPTH = 60

_TAG = "tag:yaml.org,2002:"


def load(text: str, schema: Schema = "recipe", file: str = "meta.yaml") -> Any:
    """The one document of `text` as dicts, lists, strings (and numbers, booleans, None, as the schema has them).

    The result is the caller's own. Raises RecipeError(kind="yaml") with line and column in `text`.
    """
    try:
        return copy(_load(text, schema))
    except _YamlError as error:
        raise _told(error, text, file) from None


@lru_cache(maxsize=1024)
def _load(text: str, schema: Schema) -> Any:
    return _Builder(schema).document(_events(text))


def copy(value: Any) -> Any:
    """A deep copy of plain data; aliases become copies."""
    if isinstance(value, dict):
        return {k: copy(v) for k, v in value.items()}
    if isinstance(value, list):
        return [copy(v) for v in value]
    return value


@dataclass(frozen=True)
class Position:
    """Where a node stands: lines and columns from 1."""

    line: int
    column: int


def positions(text: str) -> dict[Path, Position]:
    """The place of every key (or list item) of a text, by its path: ("source", 0, "sha256"). Empty when not YAML."""
    found: dict[Path, Position] = {}
    stack: list[_Frame] = []
    try:
        for event in _events(text):
            name = type(event).__name__
            if name in ("MappingEndEvent", "SequenceEndEvent"):
                stack.pop()
                continue
            if name not in ("ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"):
                continue
            at = Position(event.start_mark.line + 1, event.start_mark.column + 1)
            path: Path = ()
            if stack:
                frame = stack[-1]
                if frame.mapping and frame.key is None:
                    frame.key = str(getattr(event, "value", "")) if name == "ScalarEvent" else "?"
                    found.setdefault((*frame.path, frame.key), at)
                    if name == "ScalarEvent" or name == "AliasEvent":
                        continue
                path = (*frame.path, frame.key if frame.mapping and frame.key is not None else frame.index)
                if not frame.mapping:
                    found.setdefault(path, at)
                    frame.index += 1
                frame.key = None
            if name in ("MappingStartEvent", "SequenceStartEvent"):
                stack.append(_Frame(path, name == "MappingStartEvent"))
    except (_YamlError, IndexError):
        pass  # what was found up to the fault still helps to point at it
    return found


@dataclass
class _Frame:
    path: Path
    mapping: bool
    key: str | None = None
    index: int = 0


class _YamlError(Exception):
    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    try:
        yield from yaml.parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = error.problem or error.context or "cannot be read"
        raise _YamlError(words, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except YAMLError as error:
        position = getattr(error, "position", None)
        before = text[:position] if isinstance(position, int) else ""
        column = len(before) - before.rfind("\n")
        raise _YamlError(str(error).splitlines()[0], before.count("\n") + 1, column) from None
    except (ValueError, RecursionError) as error:
        raise _YamlError(str(error) or type(error).__name__, 1, 1) from None


def _told(error: _YamlError, text: str, file: str) -> RecipeError:
    lines = text.splitlines()
    shown = lines[error.line - 1].strip() if 0 < error.line <= len(lines) else None
    hint = "Check the indentation and quotes of this line and of the one before."
    if shown and re.search(r"\{\{|\{ ", shown):
        hint = "Quote values that begin with a brace."
    if shown and "\t" in lines[error.line - 1]:
        hint = "Use spaces in place of tabs."
    return RecipeError(
        f"{file.rsplit('/', 1)[-1]} is not valid YAML: {error}",
        kind="yaml",
        place=Place(file, error.line, error.column, shown),
        hint=hint,
    )


@dataclass
class _Builder:
    """Builds values from the parser's events. `size` counts nodes with aliases written out, against YAML bombs."""

    schema: Schema
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    size: int = 0

    def document(self, events: Iterator[Any]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise _error("there is more than one document; a recipe is one", event)
                value = self.node(next(events), events, 0)
        return value

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Any:
        name = type(event).__name__
        if name == "AliasEvent":
            if event.anchor not in self.anchors:
                raise _error(f"found undefined alias {event.anchor!r}", event)
            value, size = self.anchors[event.anchor]
            self._count(size, event)
            return value
        self._count(1, event)
        before = self.size
        if depth > MAX_DEPTH:
            raise _error("is nested too deeply", event)
        anchor = event.anchor
        value = self._value(name, event, events, depth)
        if anchor:
            self.anchors[anchor] = (value, self.size - before + 1)
        return value

    def _value(self, name: str, event: Any, events: Iterator[Any], depth: int) -> Any:
        if name == "ScalarEvent":
            return self._scalar(event)
        items: list[Any] = []
        self._known(event, "seq" if name == "SequenceStartEvent" else "map")
        if name == "SequenceStartEvent":
            for inner in events:
                if type(inner).__name__ == "SequenceEndEvent":
                    break
                items.append(self.node(inner, events, depth + 1))
            return items
        merges: list[dict[Any, Any]] = []
        own: dict[Any, Any] = {}
        for inner in events:
            if type(inner).__name__ == "MappingEndEvent":
                break
            merge = self.schema != "plain" and getattr(inner, "value", None) == "<<" and inner.implicit[0]
            key = self.node(inner, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            if merge:
                merges[:0] = self._merged(value, inner)
                continue
            if isinstance(key, (dict, list)):
                raise _error("found a mapping or list where a key should be (is a {{ ... }} not quoted?)", inner)
            own[key] = value
        result: dict[Any, Any] = {}
        for merged in merges:
            result.update(merged)
        result.update(own)
        return result

    def _merged(self, value: Any, event: Any) -> list[dict[Any, Any]]:
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(v, dict) for v in values):
            raise _error("<< needs a mapping or a list of mappings", event)
        return list(reversed(values))

    def _count(self, size: int, event: Any) -> None:
        self.size += size
        if self.size > MAX_NODES:
            raise _error(f"has more than {MAX_NODES:,} nodes when its aliases are written out", event)

    def _known(self, event: Any, kind: str) -> None:
        if event.tag and self.schema != "plain" and str(event.tag) not in (f"{_TAG}{kind}", "!"):
            raise _error(f"the tag {event.tag} is not supported", event)

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if self.schema == "plain":
            return text
        tag = str(event.tag) if event.tag and str(event.tag) != "!" else None
        if tag is None:
            return implicit(text, numbers=self.schema == "safe") if event.implicit[0] else text
        kind = tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool" and text in BOOLS:
            return BOOLS[text]
        if kind in ("int", "float") and self.schema == "safe":
            try:
                return int(text.replace("_", ""), 0) if kind == "int" else float(text.replace("_", ""))
            except ValueError:
                raise _error(f"{text!r} is not of type {kind}", event) from None
        raise _error(f"the tag {tag} is not supported", event)


def _error(message: str, event: Any) -> _YamlError:
    return _YamlError(message, event.start_mark.line + 1, event.start_mark.column + 1)
