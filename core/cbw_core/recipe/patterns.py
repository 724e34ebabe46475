"""Names of packages put into regular expressions, as conda-build does, unescaped."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GROUPS = set("()[]{}|\\^$")
_REPEATS = set("*+?")


def any_of(names: Iterable[str], before: str, after: str) -> re.Pattern[str]:
    """A pattern that matches any of the names between two patterns.

    A name is a pattern itself (`libstdc++` is `libstdc+`, greedily); where one is none, all are taken as they are. One
    that could run away, with groups or many repeats, which no package has, is taken as it is, too.
    """
    listed = list(names)
    try:
        return re.compile("|".join(f"{before}{_tame(n)}{after}" for n in listed))
    except re.error:
        return re.compile("|".join(f"{before}{re.escape(n)}{after}" for n in listed))


def _tame(name: str) -> str:
    wild = _GROUPS.intersection(name) or sum(c in _REPEATS for c in name) > 2 or len(name) > 200
    return re.escape(name) if wild else name
