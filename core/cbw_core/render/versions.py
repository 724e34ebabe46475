"""Versions as conda orders them (conda.models.version.VersionOrder), and pins made from them.

Kept here in a page because rendering needs a version taken apart, not only compared, and must not load a solver for it.
"""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from itertools import zip_longest
from typing import Any

_ALLOWED = re.compile(r"^[\*\.\+!_0-9a-z]+$")
_RUNS = re.compile(r"([0-9]+|[*]+|[^0-9*]+)")
_OPERATOR = re.compile(r"^(=|==|!=|<=|>=|<|>|~=)(?![=<>!~])(\S+)$")
_TREE = re.compile(r".*[()|,^$]")
_TOKENS = re.compile(r"\s*\^[^$]*[$]|\s*[()|,]|[^()|,]+")

Component = tuple[Any, ...]


class VersionError(ValueError):
    """A text that is not a version or a version spec."""


@total_ordering
class Version:
    """A version's components: epoch, then the parts between dots, each a tuple of numbers and texts."""

    def __init__(self, parts: tuple[Component, ...], local: tuple[Component, ...]) -> None:
        self.parts = parts
        self.local = local

    def _compare(self, other: Version) -> int:
        for mine, theirs in ((self.parts, other.parts), (self.local, other.local)):
            for a, b in zip_longest(mine, theirs, fillvalue=()):
                for x, y in zip_longest(a, b, fillvalue=0):
                    if x == y:
                        continue
                    if isinstance(x, str) != isinstance(y, str):
                        return -1 if isinstance(x, str) else 1
                    return -1 if x < y else 1
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._compare(other) == 0

    def __lt__(self, other: Version) -> bool:
        return self._compare(other) < 0

    __hash__ = None  # type: ignore[assignment]


@lru_cache(maxsize=4096)
def parse_version(text: str) -> Version:
    """Raises VersionError with conda's reason."""
    version = text.strip().lower()
    if not version:
        raise VersionError("empty version string")
    if not _ALLOWED.match(version):
        if "-" in version and "_" not in version:
            version = version.replace("-", "_")
        if not _ALLOWED.match(version):
            raise VersionError(f"Invalid version '{text}': invalid character(s)")
    epoch, mark, rest = version.partition("!")
    if not mark:
        epoch, rest = "0", version
    elif not epoch.isdigit():
        raise VersionError(f"Invalid version '{text}': epoch must be an integer")
    elif "!" in rest:
        raise VersionError(f"Invalid version '{text}': duplicated epoch separator '!'")
    main, *locals_ = rest.split("+")
    if len(locals_) > 1:
        raise VersionError(f"Invalid version '{text}': duplicated local version separator '+'")
    if not main:
        raise VersionError(f"Invalid version '{text}': Missing version before local version separator '+'")
    if main.endswith("_"):
        pieces = main[:-1].replace("_", ".").split(".")
        pieces[-1] += "_"
    else:
        pieces = main.replace("_", ".").split(".")
    local = locals_[0].replace("_", ".").split(".") if locals_ else []
    return Version(tuple(_component(p, text) for p in [epoch, *pieces]), tuple(_component(p, text) for p in local))


def _component(piece: str, text: str) -> Component:
    runs: list[Any] = []
    for run in _RUNS.findall(piece):
        if run.isdigit():
            runs.append(int(run))
        elif run == "post":
            runs.append(float("inf"))
        else:
            runs.append("DEV" if run == "dev" else run)
    if not runs:
        raise VersionError(f"Invalid version '{text}': empty version component")
    # components start with a number, to keep numbers and texts in phase
    return tuple(runs) if piece[0].isdigit() else (0, *runs)


def check_version_spec(spec: str) -> None:
    """Raise VersionError where conda's VersionSpec refuses the text."""
    if _TREE.match(spec):
        for part in _leaves(spec):
            check_version_spec_part(part)
    else:
        check_version_spec_part(spec)


def check_version_spec_part(spec: str) -> None:
    spec = spec.strip()
    if not spec:
        raise VersionError("empty version spec")
    if spec[0] == "^" or spec[-1] == "$":
        if spec[0] != "^" or spec[-1] != "$":
            raise VersionError(f"Invalid version '{spec}': regex specs must start with '^' and end with '$'")
        try:
            re.compile(spec)
        except re.error as error:
            raise VersionError(f"Invalid version '{spec}': {error}") from None
    elif spec[0] in "=<>!~":
        match = _OPERATOR.match(spec)
        if not match:
            raise VersionError(f"Invalid version '{spec}': invalid operator")
        version = match[2]
        if version.endswith(".*"):
            if match[1] == "~=":
                raise VersionError(f"Invalid version '{spec}': invalid operator with '.*'")
            version = version[:-2]
        parse_version(version)
    elif spec == "*" or "*" in spec.rstrip("*"):
        return
    elif spec.endswith("*"):
        parse_version(spec.rstrip("*").rstrip("."))
    elif "@" not in spec:
        parse_version(spec)


def _leaves(spec: str) -> list[str]:
    """The single version specs of an expression with `,`, `|` and parentheses (conda's treeify, shapes dropped)."""
    output: list[list[str]] = []
    stack: list[str] = []

    def join(stop: str) -> None:
        while stack and stack[-1] not in stop:
            if len(output) < 2:
                raise VersionError(f"Invalid version '{spec}': cannot join single expression")
            stack.pop()
            right = output.pop()
            output[-1] = output[-1] + right

    for token in _TOKENS.findall(f"({spec})"):
        item = token.strip()
        if item == "|":
            join("(")
            stack.append("|")
        elif item == ",":
            join("|(")
            stack.append(",")
        elif item == "(":
            stack.append("(")
        elif item == ")":
            join("(")
            if not stack or stack[-1] != "(":
                raise VersionError(f"Invalid version '{spec}': expression must start with '('")
            stack.pop()
        else:
            output.append([item])
    if stack:
        raise VersionError(f"Invalid version '{spec}': unable to convert to expression tree")
    if not output:
        raise VersionError(f"Invalid version '{spec}': unable to determine version from spec")
    return output[0]


@lru_cache(maxsize=4096)
def pin(version: str, min_pin: str | None = "x.x.x.x.x.x.x", max_pin: str | None = "x") -> str:
    """A range around a version: ">=1.2.11,<1.3.0a0" (conda_build.utils.apply_pin_expressions).

    min_pin, max_pin: as many x as components of the version to keep. Raises VersionError.
    """
    counts = [len(p.split(".")) if p else 0 for p in (min_pin, max_pin)]
    flat: list[Any] = []
    nested = None
    for index, component in enumerate(parse_version(version).parts[1:]):
        # every component is a tuple; conda-build remembers the last one's index as the place without a dot
        nested = index
        flat.extend(component)
    counts[1] = min(counts[1], len(flat)) if max_pin else 0
    bounds = ["", ""]
    for which, count in enumerate(counts):
        for index, value in enumerate(flat[:count]):
            if which == 1 and index == count - 1:
                value = _next(value, str(flat[min(count, len(flat) - 1)]).isalpha())
            bounds[which] += str(value)
            if index != nested:
                bounds[which] += "."
        bounds[which] = bounds[which].removesuffix(".")
    lower, upper = bounds
    if lower:
        whole = version[:-2] if version.endswith(".*") else version.removesuffix("*")
        # a pre-release is older than its own first components
        lower = f">={version}" if parse_version(whole) < parse_version(lower) else f">={lower}"
    return ",".join(b for b in (lower, f"<{upper}" if upper else "") if b)


def _next(value: Any, alphabetic: bool) -> str:
    try:
        return f"{int(value) + 1}{'a' if alphabetic else '.0a0'}"
    except ValueError:
        if isinstance(value, str) and len(value) == 1:
            return chr(ord(value) + 1)
        raise VersionError(f"the version component {value!r} has no next one") from None
    except OverflowError:
        raise VersionError("a post-release has no next component") from None
