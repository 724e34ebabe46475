"""Where a command stands that bash gives another line for.

bash counts the lines of `$( … )` over several lines as its first one, or on from the last one; those of a function's
beginning as those of the function defined in it; and in a trap it names the command that the trap interrupted.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from cbw_core.trace.commands import next_statement, nodes, span_of, statement_at, statements

_READ = 1_000_000  # bytes of a file that is looked into
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})


def line_of(text: str, line: int, function: str, command: str, subshell: int) -> int:
    """The line, of the text, of the command that runs; `line` is the one that bash gives."""
    rows = text.splitlines()
    if 0 < line <= len(rows) and _plain(command) in _plain(rows[line - 1]):
        return line
    if function not in ("main", "source") and (begins := _beginning(text, function, line)) is not None:
        return begins
    if subshell and (inside := _inside(text, line, command)) is not None:
        return inside
    return statement_at(text, line)[0]


def text_of(path: Path) -> str:
    """The text of a file of commands other than the script; empty where it cannot be read, or is none."""
    try:
        if not path.is_file() or path.stat().st_size > _READ:
            return ""
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # it is gone, or not ours to read: its lines are as bash gives them
        return ""


def command_at(text: str, line: int) -> str:
    """The text of the command at a line; empty where there is none."""
    first, last = statement_at(text, line)
    return "\n".join(text.splitlines()[first - 1 : last]).strip()


def substitution_at(text: str, line: int) -> int | None:
    """The first line of the command that has a line in a `$( … )` over several lines; None where it is in none."""
    found = [(a, b) for a, b in _substitutions(text) if a < line <= b]
    return statement_at(text, min(found)[0])[0] if found else None


def stop_line(text: str, line: int) -> int | None:
    """Where a breakpoint on a line stops: there, at the next line with a command, or at the beginning of the command
    around a `$( … )`, whose lines bash does not count. None: behind the last command."""
    found = next_statement(text, line)
    return None if found is None else substitution_at(text, found) or found


def _inside(text: str, line: int, command: str) -> int | None:
    wanted = _plain(command)
    here = [(first, plain) for first, plain in _leaves(text) if plain == wanted]
    if not here or any(first == statement_at(text, line)[0] for first, _ in here):
        return None
    within = [first for first, _ in here if any(a <= first <= b for a, b in _substitutions(text))]
    return min(within, key=lambda first: (abs(first - line), first), default=None)


def _beginning(text: str, function: str, line: int) -> int | None:
    """The first line of a function, where bash gives another one for its beginning: that of a function defined in it,
    or of the one defined before."""
    outer = [span for name, span in _functions(text) if name == function]
    around = next((span for span in outer if span[0] <= line <= span[1]), None)
    if around is None:
        return outer[0][0] if outer else None
    inner = next((span for name, span in _functions(text) if name != function and span[0] == line != around[0]), None)
    if inner is None:
        return None
    own = [a for a, b in statements(text) if a <= line <= b and not inner[0] <= a <= b <= inner[1]]
    return None if own else around[0]


@lru_cache(maxsize=32)
def _substitutions(text: str) -> tuple[tuple[int, int], ...]:
    """(first, last) line of the substitutions that have several lines."""
    spans = (span_of(node) for node in nodes(text) if node.type in _SUBSTITUTIONS)
    return tuple((a, b) for a, b in spans if b > a)


@lru_cache(maxsize=32)
def _leaves(text: str) -> tuple[tuple[int, str], ...]:
    """(first line, text without spaces) of what bash names as a command."""
    found = []
    for node in nodes(text):
        if node.type in ("for_statement", "case_statement"):
            source = node.text.decode(errors="replace")
            head = re.split(r"[\s;]+do\b" if node.type == "for_statement" else r"(?<=\sin)\s", source, maxsplit=1)[0]
            found.append((span_of(node)[0], _plain(head)))
        elif node.type in ("redirected_statement", "command", "variable_assignment", "declaration_command",
                           "unset_command", "test_command", "compound_statement"):  # fmt: skip
            found.append((span_of(node)[0], _plain(node.text.decode(errors="replace"))))
    return tuple(found)


@lru_cache(maxsize=32)
def _functions(text: str) -> tuple[tuple[str, tuple[int, int]], ...]:
    found = []
    for node in nodes(text):
        if node.type == "function_definition" and (name := node.child_by_field_name("name")) is not None:
            found.append((name.text.decode(errors="replace"), span_of(node)))
    return tuple(found)


def _plain(command: str) -> str:
    return re.sub(r"\\\n|\s+", "", command).replace("1>&", ">&")
