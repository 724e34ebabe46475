"""What a text mentions where conda-build looks for variables: found once, for all variables.

The same as the patterns of `used.finder` find for one variable after the other; those are the rule, and the tests hold
this against them. Right only for names of ASCII letters, digits and underscores: each is then a whole run of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_WORDS = re.compile(r"[0-9A-Za-z_]+")
_ITEM = re.compile(r"\s+-\s+(\S+)\s*(?:\s[\[#]|$)")
_EXPRESSION = re.compile(r"\{\s*([0-9A-Za-z_]+)(?:\(\s*?['\"]([0-9A-Za-z_]+))?")
_PIN = re.compile(r"pin_[a-z]+")
_LANGUAGE = re.compile(r"\{\s*(compiler|stdlib)\(['\"]([0-9A-Za-z]+)['\"][^\{]*?\}")
_AFTER_IN = re.compile(r"in\s*(?=([0-9A-Za-z_]+))")
_IN_SELECTOR = re.compile(r"(?<!\w)([0-9A-Za-z_]+)(?=[=\s<>!\]])")
_SELECTOR = re.compile(r"[^#\[]*#?\s\[([^\]]*\]?)")
# where each kind of statement begins
STATEMENTS = {
    "if": re.compile(r"(?:^|[^\{])\{%\s*(?:el)?if"),
    "for": re.compile(r"(?:^|[^\{])\{%\s*for"),
    "set": re.compile(r"(?:^|[^\{])\{%\s*set[^=]*="),
}


@dataclass(frozen=True)
class Mentions:
    """words: in expressions, as items of lists, in {% for %} and {% set %}. languages: ("compiler", "c").
    conditions: of {% if %}, as written: a variable counts wherever its name stands there, in other words too."""

    words: frozenset[str]
    languages: frozenset[tuple[str, str]]
    conditions: tuple[str, ...]


@lru_cache(maxsize=2048)
def mentions(text: str) -> Mentions:
    """What a recipe's text mentions, selectors aside."""
    words: set[str] = set()
    languages: set[tuple[str, str]] = set()
    conditions: list[str] = []
    for line in text.splitlines():
        item = _ITEM.match(line) if "-" in line else None
        if item:
            words.add(item[1].replace("-", "_"))
        if "{" not in line:
            continue
        words |= _in_expressions(line)
        languages.update(match.groups() for match in _LANGUAGE.finditer(line))  # type: ignore[misc]
        if "{%" in line:
            conditions += stretches(line, "if")
            words.update(word for part in stretches(line, "for") for word in _AFTER_IN.findall(part))
            words.update(word for part in stretches(line, "set") for word in _WORDS.findall(part))
    return Mentions(frozenset(words), frozenset(languages), tuple(conditions))


def _in_expressions(line: str) -> set[str]:
    """The words that a brace, or a pin function behind one, has right behind it; with }} further on."""
    last = line.rfind("}}")
    found: set[str] = set()
    for match in _EXPRESSION.finditer(line, 0, last) if last > 0 else ():
        found.add(match[1])
        if match[2] and _PIN.fullmatch(match[1]):
            found.add(match[2])
    return found


def stretches(line: str, kind: str) -> list[str]:
    """The parts of a line, free of %, that stand behind the first statement of a kind and that %} ends."""
    start = STATEMENTS[kind].search(line)
    if start is None:
        return []
    return [part for part, after in pairwise(line[start.end() :].split("%")) if after.startswith("}")]


@lru_cache(maxsize=2048)
def in_selectors(text: str) -> frozenset[str]:
    """The words that a text's selectors mention."""
    matches = (_SELECTOR.match(line) for line in text.splitlines() if "[" in line)
    return frozenset(word for match in matches if match for word in _IN_SELECTOR.findall(match[1]))
