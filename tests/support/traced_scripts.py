"""Bash scripts: each construct that the debugger has to go through, and the habits of build scripts.

All run as `bash -o errexit SCRIPT` in an empty folder with PREFIX set, unless NO_ERREXIT has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core.trace import Stop


@dataclass(frozen=True)
class Scripted:
    """A script and where it stops when it is stepped (`step`) or gone through by `next`, as words.

    A word is LINE, FUNCTION:LINE, FILE:LINE or FUNCTION:FILE:LINE, for the script's own traps EXIT:LINE (the line that
    set it); in as many parentheses as there are subshells around it. [ A B | C D ]: the two go on side by side, in any
    order.
    """

    text: str
    step: tuple[str, ...]
    next: tuple[str, ...]


def _read() -> Iterator[tuple[str, Scripted]]:
    """The scripts of traced_scripts.txt: each begins with a line `### NAME` and ends with lines `#= step STOPS` and,
    where it differs, `#= next STOPS`."""
    for part in Path(__file__).with_suffix(".txt").read_text().split("### ")[1:]:
        name, _, text = part.partition("\n")
        text, _, stops = text.partition("#= step")
        step, _, over = stops.partition("#= next")
        words = tuple(step.split())
        yield name, Scripted(text, words, tuple(over.split()) or words)
    yield "no newline at the end", Scripted("echo one\necho two", ("1", "2"), ("1", "2"))
    yield "carriage returns", Scripted("x=1\r\necho $x\r\n", ("1", "2"), ("1", "2"))


SCRIPTED = dict(_read())
NO_ERREXIT = frozenset({"trap ERR without errexit"})


def word_of(stop: Stop) -> str:
    """A stop as the word of a Scripted."""
    frame = stop.frames[0]
    place = str(frame.text_line if frame.text_line is not None else f"{Path(frame.file).name}:{frame.line}")
    if frame.function not in ("main", "source"):
        place = f"{frame.function.removeprefix('trap ')}:{place}"
    return "(" * stop.subshell + place + ")" * stop.subshell


def fits(got: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether stops came as expected, with what goes on side by side in any order."""
    at, words = 0, list(expected)
    while words:
        word = words.pop(0)
        if word != "[":
            if at >= len(got) or got[at] != word:
                return False
            at += 1
            continue
        end = words.index("]")
        branches = [part.split() for part in " ".join(words[:end]).split("|")]
        del words[: end + 1]
        count = sum(map(len, branches))
        if not _interleaved(list(got[at : at + count]), branches):
            return False
        at += count
    return at == len(got)


def _interleaved(got: list[str], branches: list[list[str]]) -> bool:
    if not got:
        return not any(branches)
    return any(
        branch and branch[0] == got[0] and _interleaved(got[1:], [*branches[:k], branch[1:], *branches[k + 1 :]])
        for k, branch in enumerate(branches)
    )


def same_names(words: Sequence[str]) -> list[str]:
    """Without the numbers of descriptors, which bash chooses."""
    return [re.sub(r"\b6[0-9]:", "fd:", word) for word in words]
