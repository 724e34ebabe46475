"""Line selectors: `- zlib  # [win]` keeps the line where the expression holds.

The rules (what a selector is, what becomes of comments and of unknown names) are those of
conda_build.metadata.select_lines and eval_selector. A text is split once, an expression compiled once, and a selector
is evaluated once for each set of names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe.expression import ExpressionError, UnknownName, evaluate

_BRACKETS = re.compile(r"\[([^\[\]]+)\]")


@dataclass(frozen=True, eq=False)
class Namespace:
    """The names selectors and templates see, and what each selector and text came to. Make a new one when a name
    changes."""

    names: Mapping[str, Any]
    results: dict[str, bool] = field(default_factory=dict, repr=False)
    selected: dict[str, Selected] = field(default_factory=dict, repr=False)

    def holds(self, selector: str) -> bool:
        """Whether a selector holds. Raises ExpressionError."""
        result = self.results.get(selector)
        if result is None:
            result = self.results[selector] = _holds(selector, self.names)
        return result


def _holds(selector: str, names: Mapping[str, Any]) -> bool:
    text = selector
    for _ in range(200):
        try:
            return bool(evaluate(text, names))
        except UnknownName as unknown:
            # conda-build puts False in place of the name, in the text, and tries again
            text = text.replace(unknown.name, "False")
    raise ExpressionError("names too many unknown variables")


@dataclass(frozen=True)
class Selected:
    """A text after selection. `lines[i]` is the line number (from 1) in the original text of line i (from 0)."""

    text: str
    lines: Sequence[int]

    def original(self, line: int) -> int:
        """The line number in the original text of line number `line` (both from 1)."""
        if not self.lines:
            return line
        return self.lines[min(max(line, 1), len(self.lines)) - 1]


@dataclass(frozen=True, eq=False)
class _Split:
    """A text split into (selector or None, line) and its distinct selectors; results by what each came to."""

    parts: tuple[tuple[str | None, str], ...]
    selectors: tuple[str, ...]
    by_truth: dict[tuple[bool, ...], Selected] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def _split(text: str) -> _Split:
    parts: list[tuple[str | None, str]] = []
    selectors: dict[str, None] = {}
    for raw in text.splitlines():
        line = raw.rstrip()
        if not line or line.lstrip().startswith("#"):
            parts.append((None, ""))
            continue
        found = selector_in(line) if "[" in line and "]" in line else None
        if found:
            kept, selector = found
            # the whole line may be quoted, to make YAML happy
            quote = line[-1] if line[-1] in "'\"" else ""
            selectors[selector] = None
            parts.append((selector, (kept + quote).rstrip()))
        else:
            parts.append((None, line))
    return _Split(tuple(parts), tuple(selectors))


def selector_in(line: str) -> tuple[str, str] | None:
    """(what stands before the selector, the selector) of a line without trailing blanks, or None.

    A selector is a pair of brackets at the end of the line, or the last pair within its comment with no parenthesis
    behind (a Markdown link is none). The same as conda_build.metadata.sel_pat, found in one pass: on a long line full
    of brackets that pattern takes time by the cube of its length.
    """
    last = commented = None
    after = max(line.rfind("("), line.rfind(")"))
    for match in _BRACKETS.finditer(line):
        if match.start() == 0:
            continue
        if match.end() == len(line):
            last = match
        if match.end() > after:
            commented = match
    ends: list[tuple[int, str]] = []
    if commented:
        comment = line.find("#", 1)
        if 0 < comment < commented.start():
            ends.append((_before(line, comment), commented[1]))
    if last:
        ends.append((_before(line, last.start()), last[1]))
    if not ends:
        return None
    end, selector = min(ends, key=lambda found: found[0])
    return line[:end], selector


def _before(line: str, at: int) -> int:
    """The end of what stands before `at`, blanks left out; at least one character."""
    return max(1, len(line[:at].rstrip()))


def select(text: str, namespace: Namespace, file: str = "meta.yaml") -> Selected:
    """The lines of `text` whose selectors hold; comments become empty lines.

    Raises RecipeError(kind="selector") with the place of a selector that is not an expression or fails.
    """
    known = namespace.selected.get(text)
    if known is None:
        known = namespace.selected[text] = _select(text, namespace, file)
    return known


def _select(text: str, namespace: Namespace, file: str) -> Selected:
    split = _split(text)
    truth: list[bool] = []
    for selector in split.selectors:
        try:
            truth.append(namespace.holds(selector))
        except ExpressionError as error:
            raise _error(text, split, selector, error, file) from None
    key = tuple(truth)
    selected = split.by_truth.get(key)
    if selected is None:
        dropped = {s for s, holds in zip(split.selectors, truth, strict=True) if not holds}
        if dropped:
            chosen = [(n, line) for n, (s, line) in enumerate(split.parts, 1) if s not in dropped]
            selected = Selected("\n".join([line for _, line in chosen]) + "\n", tuple([n for n, _ in chosen]))
        else:
            whole = "\n".join([line for _, line in split.parts])
            selected = Selected(whole + "\n", range(1, len(split.parts) + 1))
        if len(split.by_truth) < 256:
            split.by_truth[key] = selected
    return selected


def selectors_of(text: str) -> tuple[tuple[int, str], ...]:
    """The selectors of a text with their line numbers."""
    return tuple((n, s) for n, (s, _) in enumerate(_split(text).parts, 1) if s is not None)


def _error(text: str, split: _Split, selector: str, error: ExpressionError, file: str) -> RecipeError:
    number = next(n for n, (s, _) in enumerate(split.parts, 1) if s == selector)
    line = text.splitlines()[number - 1]
    column = line.rfind(f"[{selector}]") + 2 + (error.column - 1 if error.column else 0)
    shown = selector if len(selector) <= 80 else f"{selector[:77]}..."
    return RecipeError(
        f"the selector [{shown}] cannot be evaluated: {error}",
        kind="selector",
        place=Place(file, number, column, line.strip()[:200]),
        why="a selector is a Python expression over the variables of the variant and platform",
        hint="Write, for example, # [linux], # [py<310] or # [not win and target_platform == build_platform].",
    )
