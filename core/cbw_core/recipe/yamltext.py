"""YAML texts to plain values, as conda-build's three loaders give them, with positions where asked.

- RECIPE: the rendered meta.yaml. YAML 1.1, but numbers stay text (conda_build.metadata.StringifyNumbersLoader).
- SAFE:   YAML 1.1 whole (yaml.safe_load), for parts that conda-build reads again.
- PLAIN:  every scalar is text (yaml.BaseLoader), for conda_build_config.yaml.

PyYAML's parser (libyaml where it has it, as conda-build's) gives the events; the values are built here, since none of
its constructors has these rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe.scalars import BOOLS, implicit

Schema = Literal["recipe", "safe", "plain"]
Path = tuple[str | int, ...]

MAX_NODES = 200_000
MAX_DEPTH = 60

_TAG = "tag:yaml.org,2002:"
_KINDS = {"AliasEvent": "alias", "ScalarEvent": "scalar", "SequenceStartEvent": "seq", "MappingStartEvent": "map"}


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
    with _events(text) as events:
        from yaml import events as of

        return _Builder(schema, of).document(events)


def copy(value: Any) -> Any:
    """A deep copy of plain data; aliases become copies."""
    kind = type(value)
    if kind is dict:
        return {k: v if type(v) is str else copy(v) for k, v in value.items()}
    if kind is list:
        return [v if type(v) is str else copy(v) for v in value]
    return value


@dataclass(frozen=True)
class Position:
    """Where a node stands: lines and columns from 1."""

    line: int
    column: int


def positions(text: str) -> dict[Path, Position]:
    """The place of every key (or list item) of a text, by its path: ("source", 0, "sha256"). Empty when not YAML."""
    from yaml import events as of

    found: dict[Path, Position] = {}
    stack: list[_Frame] = []
    try:
        for event in _listed(text):
            kind = _KINDS.get(type(event).__name__)
            if kind is None:
                if isinstance(event, of.CollectionEndEvent):
                    stack.pop()
                continue
            at = Position(event.start_mark.line + 1, event.start_mark.column + 1)
            path: Path = ()
            if stack:
                frame = stack[-1]
                if frame.mapping and frame.key is None:
                    frame.key = str(event.value) if kind == "scalar" else "?"
                    found.setdefault((*frame.path, frame.key), at)
                    if kind in ("scalar", "alias"):
                        continue
                path = (*frame.path, frame.key if frame.mapping and frame.key is not None else frame.index)
                if not frame.mapping:
                    found.setdefault(path, at)
                    frame.index += 1
                frame.key = None
            if kind in ("seq", "map"):
                stack.append(_Frame(path, kind == "map"))
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


def _listed(text: str) -> Iterator[Any]:
    with _events(text) as events:
        yield from events


@contextmanager
def _events(text: str) -> Iterator[Iterator[Any]]:
    """PyYAML's events of a text. Raises _YamlError for what is wrong with it, while they are read."""
    import yaml

    loader = None
    try:
        loader = _loader()(text)
        yield iter(loader.get_event, None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = error.problem or error.context or "cannot be read"
        raise _YamlError(words, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        if error.encoding == "?":  # libyaml counts bytes
            before = text.encode("utf-8", "surrogatepass")[: error.position].decode("utf-8", "ignore")
        column = len(before) - before.rfind("\n")
        raise _YamlError(
            f"the character #x{error.character:04x} is not allowed", before.count("\n") + 1, column
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _YamlError((str(error) or type(error).__name__).splitlines()[0], 1, 1) from None
    finally:
        if loader is not None:
            loader.dispose()


@lru_cache(maxsize=1)
def _loader() -> Any:
    import yaml

    return getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _told(error: _YamlError, text: str, file: str) -> RecipeError:
    lines = text.splitlines()
    shown = lines[error.line - 1].strip() if 0 < error.line <= len(lines) else None
    hint = "Check the indentation and quotes of this line and of the one before."
    if shown and re.search(r"\{\{|\{ ", shown):
        hint = "Quote values that begin with a brace."
    if shown and "\t" in lines[error.line - 1]:
        hint = "Use spaces in place of tabs."
    return RecipeError(
        f"{file.rsplit('/', 1)[-1] if '/' in file else file} is not valid YAML: {error}",
        kind="yaml",
        place=Place(file, error.line, error.column, shown),
        hint=hint,
    )


@dataclass
class _Builder:
    """Builds values from the parser's events. `size` counts nodes with aliases written out, against YAML bombs."""

    schema: Schema
    of: Any  # yaml.events
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    size: int = 0

    def document(self, events: Iterator[Any]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, self.of.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _error("there is more than one document; a recipe is one", event)
                value = self.node(next(events), events, 0)
        return value

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Any:
        kind = type(event)
        if kind is self.of.AliasEvent:
            if event.anchor not in self.anchors:
                raise _error(f"found undefined alias {event.anchor!r}", event)
            value, size = self.anchors[event.anchor]
            self._count(size, event)
            return value
        before = self.size
        self._count(1, event)
        if depth > MAX_DEPTH:
            raise _error("is nested too deeply", event)
        if kind is self.of.ScalarEvent:
            value = self._scalar(event)
        elif kind is self.of.SequenceStartEvent:
            value = self._sequence(event, events, depth + 1)
        else:
            value = self._mapping(event, events, depth + 1)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.size - before)
        return value

    def _sequence(self, event: Any, events: Iterator[Any], depth: int) -> list[Any]:
        self._known(event, "seq")
        items: list[Any] = []
        end = self.of.SequenceEndEvent
        for inner in events:
            if type(inner) is end:
                break
            items.append(self.node(inner, events, depth))
        return items

    def _mapping(self, event: Any, events: Iterator[Any], depth: int) -> dict[Any, Any]:
        self._known(event, "map")
        merges: list[dict[Any, Any]] = []
        own: dict[Any, Any] = {}
        end = self.of.MappingEndEvent
        for inner in events:
            if type(inner) is end:
                break
            key = self.node(inner, events, depth)
            merge = key == "<<" and self.schema != "plain" and type(inner) is self.of.ScalarEvent and inner.implicit[0]
            value = self.node(next(events), events, depth)
            if merge:
                merges[:0] = self._merged(value, inner)
                continue
            if type(key) is not str and isinstance(key, (dict, list)):
                raise _error("found a mapping or list where a key should be (is a {{ ... }} not quoted?)", inner)
            own[key] = value
        if not merges:
            return own
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
        tag = event.tag
        if not tag or tag == "!":
            return implicit(text, numbers=self.schema == "safe") if event.implicit[0] else text
        kind = str(tag).removeprefix(_TAG)
        if kind in ("str", "python/str", "python/unicode"):
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
