"""Which variables a text uses, found in its text by pattern (conda_build.variants.find_used_variables_*).

The patterns decide hashes, so they are conda-build's, including what they miss. Each is compiled once, and only for
variables whose name is in the text at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from cbw_core.variants.mentions import STATEMENTS, in_selectors, mentions, stretches

# what a line must hold for a pattern to match: most are never compiled
_NEEDED = {
    "selector": "[",
    "compiler": "compiler",
    "stdlib": "stdlib",
    "cdt": "cdt(",
    "expression": "}}",
    "item": "-",
    "if": "{%",
    "for": "{%",
    "set": "{%",
}
_WORD = re.compile(r"[0-9A-Za-z_]+")
_LANGUAGE_KEY = re.compile(r"(.*?)_(compiler|stdlib)(_version)?$")


@dataclass(frozen=True)
class Finder:
    """How one variable is looked for: in lines that hold its name (- and _ alike, where `dashed`) or `also`.

    patterns: (what a match is called, the pattern); see `uses` for the names.
    """

    name: str
    also: str | None
    dashed: bool
    patterns: tuple[tuple[str, str], ...]

    def found_in(self, lines: _Lines) -> bool:
        candidates = list(self._candidates(lines))
        for how, pattern in self.patterns:
            needed = _NEEDED[how]
            possible = [line for line in candidates if needed in line]
            if any(_holds(self.name, how, pattern, line) for line in possible):
                return True
        return False

    def _candidates(self, lines: _Lines) -> Iterable[str]:
        if self.dashed:
            pairs = zip(lines.plain, lines.underscored, strict=True)
            return (line for line, under in pairs if self.name in under)
        return (line for line in lines.plain if self.wants(line))

    def wants(self, line: str) -> bool:
        """Whether a line is looked at at all."""
        if self.dashed:
            return self.name in line.replace("-", "_")
        return self.name in line or (self.also is not None and self.also in line)


# On longer lines some of conda-build's patterns take time by the cube of the length.
_LONG = 250


def _holds(name: str, how: str, pattern: str, line: str) -> bool:
    """Whether a pattern of `finder` has a match in a line."""
    if len(line) <= _LONG or "%" in name:
        return _compiled(pattern).search(line) is not None
    if how == "expression":
        head = _compiled(rf"\{{\s*(?:pin_[a-z]+\(\s*?['\"])?{re.escape(name)}(?![_0-9a-zA-Z])").search(line)
        return head is not None and line.rfind("}}") >= head.end()
    if how in STATEMENTS:
        return _in_statement(name, how, line)
    return _compiled(pattern).search(line) is not None


def _in_statement(name: str, how: str, line: str) -> bool:
    """As the patterns for {% if %}, {% for %} and {% set %}, in one pass: the name stands behind the statement's word,
    in a stretch without % that %} ends."""
    v = re.escape(name)
    word = {"if": v, "for": rf"in\s*{v}(?![a-zA-Z_0-9])", "set": rf"(?<![a-zA-Z_0-9]){v}(?![a-zA-Z_0-9])"}[how]
    return any(_compiled(word).search(stretch) for stretch in stretches(line, how))


@dataclass(frozen=True)
class _Lines:
    plain: tuple[str, ...]
    underscored: tuple[str, ...]
    whole: str


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=1024)
def prepared(text: str) -> _Lines:
    """A text as `Finder.found_in` takes it."""
    plain = tuple(text.splitlines())
    underscored = tuple(line.replace("-", "_") for line in plain)
    return _Lines(plain, underscored, "\n".join((*plain, *underscored)))


@lru_cache(maxsize=8192)
def finder(name: str, selectors_only: bool) -> Finder:
    v = re.escape(name)
    patterns: list[tuple[str, str]] = []
    also: str | None = None
    dashed = True
    target = _LANGUAGE_KEY.match(name)
    if target and not selectors_only:
        language, kind = target[1], target[2]
        patterns.append((kind, rf"\{{\s*{kind}\([\'\"]{re.escape(language)}[\"\'][^\{{]*?\}}"))
        also, dashed = language, False
    elif name.startswith("cdt_"):
        patterns.append(("cdt", r"\{{\s*cdt\("))
        also, dashed = "cdt(", False
    if selectors_only:
        patterns.insert(0, ("selector", rf"^[^#\[]*?\#?\s\[[^\]]*?(?<![_\w\d]){v}[=\s<>!\]]"))
    else:
        requirement = "[-_]".join(map(re.escape, name.split("_")))
        patterns += [
            ("expression", rf"\{{\s*(?:pin_[a-z]+\(\s*?['\"])?{v}(?:[^_0-9a-zA-Z].*?)?\}}\}}"),
            ("item", rf"^\s+\-\s+{requirement}\s*(?:\s[\[#]|$)"),
            ("if", r"(?:^|[^\{])\{%\s*(?:el)?if\s*.*" + v + r"\s*(?:[^%]*?)?%\}"),
            ("for", r"(?:^|[^\{])\{%\s*for\s*.*\s*in\s*" + v + r"(?![a-zA-Z_0-9])(?:[^%]*?)?%\}"),
            (
                "set",
                r"(?:^|[^\{])\{%\s*set\s*.*\s*=\s*.*(?<![a-zA-Z_0-9])" + v + r"(?![a-zA-Z_0-9])(?:[^%]*?)?%\}",
            ),
        ]
    return Finder(name, also, dashed, tuple(patterns))


@dataclass(frozen=True)
class _Names:
    """Names by how they are looked for: by what a text mentions, where that is the same; each by its patterns."""

    words: frozenset[str]
    languages: tuple[tuple[str, tuple[str, str]], ...]
    others: tuple[Finder, ...]


@lru_cache(maxsize=256)
def _sorted_out(names: tuple[str, ...], selectors_only: bool) -> _Names:
    words: list[str] = []
    languages: list[tuple[str, tuple[str, str]]] = []
    others: list[Finder] = []
    for name in names:
        target = None if selectors_only else _LANGUAGE_KEY.match(name)
        if not _WORD.fullmatch(name) or name.startswith("cdt_"):
            others.append(finder(name, selectors_only))
        elif target is None:
            words.append(name)
        # an item with dashes counts only in a line that has the language as it is written in the name
        elif target[1] and "_" not in target[1]:
            words.append(name)
            languages.append((name, (target[2], target[1])))
        else:
            others.append(finder(name, selectors_only))
    return _Names(frozenset(words), tuple(languages), tuple(others))


@lru_cache(maxsize=4096)
def used_in_text(names: tuple[str, ...], text: str, selectors_only: bool = False) -> frozenset[str]:
    """The variables among `names` that a recipe's text uses; in its selectors alone, where asked."""
    known = _sorted_out(names, selectors_only)
    if selectors_only:
        used = set(known.words & in_selectors(text))
    else:
        found = mentions(text)
        used = set(known.words & found.words)
        used.update(name for name, language in known.languages if language in found.languages)
        if found.conditions:
            used.update(name for name in known.words if any(name in part for part in found.conditions))
    used.update(look.name for look in known.others if look.found_in(prepared(text)))
    if "CONDA_BUILD_SYSROOT" in names and used.intersection(("c_stdlib", "c_compiler", "cxx_compiler")):
        used.add("CONDA_BUILD_SYSROOT")
    return frozenset(used)


@lru_cache(maxsize=1024)
def used_in_shell(names: tuple[str, ...], text: str) -> frozenset[str]:
    """The variables that a shell script uses."""
    return _used(names, text, shell_pattern)


@lru_cache(maxsize=1024)
def used_in_batch(names: tuple[str, ...], text: str) -> frozenset[str]:
    """The variables that a Windows batch file uses."""
    return _used(names, text, batch_pattern)


def shell_pattern(name: str) -> str:
    """What finds $NAME and ${NAME} in a build.sh (conda_build.variants.find_used_variables_in_shell_script)."""
    # conda-build's begins with ^[^$]*?, which can begin at the line of its $ only, and takes long to find that out
    return rf"(^[^$\n]*\$\{{?\s*{re.escape(name)}\s*[\s|\}}])"


def batch_pattern(name: str) -> str:
    """What finds %NAME% in a bld.bat (conda_build.variants.find_used_variables_in_batch_script)."""
    return rf"\%{re.escape(name)}\%"


def _used(names: tuple[str, ...], text: str, pattern: Callable[[str], str]) -> frozenset[str]:
    return frozenset(n for n in names if n in text and re.search(pattern(n), text, re.M | re.S))
