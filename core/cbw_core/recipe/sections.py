"""Parts of a recipe's text, cut out by pattern as conda-build cuts them.

conda-build decides which variables a recipe uses by looking at its text, not at its data; what a part is, is therefore
decided by these patterns (conda_build.metadata: extract_*_text, output_re, numpy_*_re) and must not be improved.
All functions are text -> text. Blanks in front are matched within their line only (_BLANKS below): beyond it, as there,
only the blank lines around a part would differ, and the time taken grows by the square of their number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_BLANK = r"[^\S\n]"
_BLANKS = rf"{_BLANK}*"
_OUTPUT = re.compile(r"^\ +-\ +(?:name|type):.+?(?=^\w|\Z|^\ +-\ +(?:name|type))", re.M | re.S)


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a text: from where `start` matches to where `end` does behind it, or the text ends.

    The same as a pattern  start.*?(?=end|\\Z),  which takes ten times as long, as it looks for the end everywhere.
    """

    start: re.Pattern[str]
    end: re.Pattern[str]

    def of(self, text: str, least: int = 0) -> str:
        """The part; empty where there is none. least: characters it has behind its start."""
        start = self.start.search(text)
        if start is None or start.end() + least > len(text):
            return ""
        end = self.end.search(text, start.end() + least)
        return text[start.start() : end.start() if end else len(text)]


def _between(start: str, end: str) -> _Part:
    return _Part(re.compile(start, re.M), re.compile(end, re.M))


_REQUIREMENTS_OF_OUTPUT = _between(
    rf"^{_BLANKS}requirements:", rf"^(?:{_BLANKS}(?:test:|extra:|about:|-\s+name:)|outputs:)"
)
_REQUIREMENTS_OF_TOP = _between(r"^requirements:", r"^(?:test|extra|about|outputs):")
_OUTPUTS = _between(r"^outputs:", r"^(?:test|extra|about):")
_PACKAGE_AND_BUILD = _between(r"\A", r"^(?:requirements|test|extra|about|outputs):")
_ALL_REQUIREMENTS = _between(r"requirements:", rf"^(?:\w|(?:{_BLANK}+|{_BLANKS}\n{_BLANKS})-\s(?=name|type))")

_NUMPY_XX = re.compile(r"(numpy\s*x\.x)|pin_compatible\([\'\"]numpy.*max_pin=[\'\"]x\.x[\'\"]")
_NUMPY_PIN = re.compile(r"pin_\w+\([\'\"]numpy[\'\"]")
_NUMPY_PIN_X = re.compile(r"pin_\w+\([\'\"]numpy[\'\"].*((?<=x_pin=[\'\"])[x\.]*(?=[\'\"]))")
_COMPILER = re.compile(r"\{\{\s*compiler\(.*\)\s*\}\}")
_PIN_SUBPACKAGE = re.compile(r"{{\s*pin_subpackage\(.*\)\s*}}")
_PKG_HASH = re.compile(r"h\{\{\s*PKG_HASH\s*\}\}")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_FIRST_KEY = re.compile(r"\ +-\ +")
_PLAIN_SCRIPT = re.compile(r"(\ *(?:-\ +)?)script:\ +([\w/.+-]+\.(?:sh|bat))\s*$")
_SCRIPT_KEY = re.compile(r"(\ *(?:-\ +)?)['\"]?script['\"]?\s*:")
_VCS = {vcs: re.compile(rf"{vcs.upper()}_[^\.\s\'\"]+") for vcs in ("git", "svn", "hg")}


@lru_cache(maxsize=2048)
def _part(part: _Part, text: str) -> str:
    return part.of(text)


def outputs_text(text: str) -> str:
    return _part(_OUTPUTS, text)


def package_and_build_text(text: str) -> str:
    return _part(_PACKAGE_AND_BUILD, text)


def before_package(text: str) -> str:
    """What stands before the last "package:"."""
    before, found, _ = text.rpartition("package:")
    return before if found else ""


def top_requirements(text: str) -> str:
    return _part(_REQUIREMENTS_OF_TOP, text)


def output_requirements(text: str) -> str:
    return _part(_REQUIREMENTS_OF_OUTPUT, text)


@lru_cache(maxsize=1024)
def output_blocks(text: str) -> tuple[str, ...]:
    """The blocks of the outputs section, one for each `- name:` or `- type:`."""
    return tuple(_OUTPUT.findall(text))


@lru_cache(maxsize=1024)
def may_name_script(block: str) -> bool:
    """Whether an output's block can have a `script` of its own, not one of its `build`: told by indentation, so not
    where other YAML than plain lines is used."""
    if "script" not in block:
        return False
    first = _FIRST_KEY.match(block)
    if first is None or any(mark in _TEMPLATE.sub("", block) for mark in ("{", "<<", "? ", "\t")):
        return True
    keys = map(_SCRIPT_KEY.match, block.splitlines())
    return any(key and len(key[1]) == len(first[0]) for key in keys)


@lru_cache(maxsize=1024)
def plain_script(block: str) -> str | None:
    """The `script` of an output's block, selectors applied, where it is written in full on a line of its own; None
    where the block has to be rendered to know it."""
    first = _FIRST_KEY.match(block)
    if first is None or "{%" in block or any(mark in _TEMPLATE.sub("", block) for mark in ("{", "<<", "? ", "\t")):
        return None
    lines = [line for line in block.splitlines() if (key := _SCRIPT_KEY.match(line)) and len(key[1]) == len(first[0])]
    found = _PLAIN_SCRIPT.match(lines[0]) if len(lines) == 1 else None
    return found[2] if found else None


@lru_cache(maxsize=2048)
def first_requirements(text: str) -> str:
    """From "requirements:" to the next section or output, wherever it stands."""
    return _ALL_REQUIREMENTS.of(text, 1)


@lru_cache(maxsize=2048)
def pins_numpy_xx(requirements: str) -> bool:
    """`numpy x.x`, or pin_compatible("numpy", max_pin="x.x"): numpy's version goes into the build string."""
    return bool(_NUMPY_XX.search(requirements))


@lru_cache(maxsize=2048)
def numpy_pin_compatible(requirements: str) -> tuple[bool, bool]:
    """(is there a pin function for numpy, is its pin other than x.x)."""
    if not _NUMPY_PIN.search(requirements):
        return False, True
    match = _NUMPY_PIN_X.search(requirements)
    return True, match[1].count("x") != 2 if match else True


@lru_cache(maxsize=2048)
def uses_compiler(requirements: str) -> bool:
    return bool(_COMPILER.search(requirements))


@lru_cache(maxsize=2048)
def pins_subpackage(requirements: str) -> bool:
    return bool(_PIN_SUBPACKAGE.search(requirements))


@lru_cache(maxsize=2048)
def hashes_own_string(text: str) -> bool:
    """Whether the text sets a build string that holds h{{ PKG_HASH }}."""
    return "string:" in text and bool(_PKG_HASH.search(text))


@lru_cache(maxsize=256)
def vcs_used(text: str) -> tuple[str, ...]:
    """The version control systems whose variables (GIT_..., HG_...) the text names."""
    return tuple(vcs for vcs, pattern in _VCS.items() if pattern.search(text))
