"""Each match that makes a variable used, where `used` asks only whether there is one. For explaining."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cbw_core.variants.used import batch_pattern, finder, prepared, shell_pattern


@dataclass(frozen=True)
class Match:
    """A variable found in a text at `offset` (characters from its start).

    how: "selector"; "compiler", "stdlib" or "cdt" (the function that stands for it); "expression" ({{ name ... }});
    "item" (- name); "if", "for" or "set" (a {% ... %}); "script".
    """

    name: str
    how: str
    offset: int


def matches_in_text(names: tuple[str, ...], text: str, selectors_only: bool = False) -> list[Match]:
    """What `used_in_text` goes by, in the order of names and lines; implied variables are not among them."""
    found: list[Match] = []
    lines = list(_lines(text))
    for name in names:
        look = finder(name, selectors_only)
        if not look.found_in(prepared(text)):
            continue  # most are nowhere: nothing is compiled for them
        patterns = [(how, re.compile(pattern)) for how, pattern in look.patterns]
        for start, line in lines:
            if not look.wants(line):
                continue
            for how, pattern in patterns:
                found += [Match(name, how, start + _at(name, how, m)) for m in pattern.finditer(line)]
    return list(dict.fromkeys(found))


def matches_in_script(names: tuple[str, ...], text: str, *, batch: bool = False) -> list[Match]:
    """What `used_in_shell` and `used_in_batch` go by."""
    found: list[Match] = []
    for name in names:
        if name not in text:
            continue
        pattern = re.compile(batch_pattern(name) if batch else shell_pattern(name), re.M | re.S)
        found += [Match(name, "script", m.start() + m[0].rfind(name)) for m in pattern.finditer(text)]
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line.splitlines()[0] if line else ""
        start += len(line)


def _at(name: str, how: str, match: re.Match[str]) -> int:
    """Where in its line a match has the variable, or the function that stands for it."""
    if how == "selector":
        return match.end() - 1 - len(name)
    if how in ("compiler", "stdlib", "cdt"):
        return match.start() + match[0].find(how)
    word = re.compile("[-_]".join(map(re.escape, name.split("_"))))
    places = [m.start() for m in word.finditer(match[0])]
    if not places:
        return match.start()
    return match.start() + places[-1 if how in ("set", "for") else 0]
