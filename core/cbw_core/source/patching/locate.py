"""Where a hunk belongs in a file: GNU patch 2.7's search, offsets first, then up to two lines of context left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbw_core.source.patching.model import Hunk

_MOST_FUZZ = 2


@dataclass(frozen=True)
class Placed:
    """A hunk's place: `where` is the line, from 1, that its first line falls on. `offset`: from where it was due.
    `fuzz`: lines of context left out at either end (`head`, `tail`: how many in fact)."""

    where: int
    offset: int
    fuzz: int
    head: int
    tail: int


@dataclass(frozen=True)
class Applied:
    """A file's lines with its hunks in. `placed`: for each hunk its place, None where it does not fit.
    `already`: the first hunk fits backwards: the patch is in the file already, nothing was applied."""

    lines: tuple[bytes, ...]
    placed: tuple[Placed | None, ...]
    already: bool = False

    @property
    def fits(self) -> bool:
        return not self.already and all(self.placed)


def apply_hunks(lines: Sequence[bytes], hunks: Sequence[Hunk]) -> Applied:
    """Put hunks into a file's lines. Those that do not fit are left out."""
    out: list[bytes] = []
    placed: list[Placed | None] = []
    frozen = offset = 0  # lines that are done with; how far the last hunk was from where it was due
    for number, hunk in enumerate(hunks):
        found = None
        for fuzz in range(min(_MOST_FUZZ, max(hunk.leading, hunk.trailing)) + 1):
            found = _locate(lines, hunk, fuzz, frozen, offset)
            if found is not None:
                break
            if number == 0 and _locate(lines, hunk.reversed(), fuzz, 0, 0) is not None:
                return Applied(tuple(lines), (None,) * len(hunks), already=True)
        placed.append(found)
        if found is None:
            continue
        offset += found.offset
        start = min(found.where - 1 + found.head, len(lines))
        out += lines[frozen:start]
        # the context behind the last change is not done with: the next hunk may begin in it
        kept = hunk.body[found.head : len(hunk.body) - max(found.tail, hunk.trailing)]
        out += _merged(lines[start:], kept)
        frozen = start + sum(tag != "+" for tag, _ in kept)
    out += lines[frozen:]
    # a last line without newline may have come before others
    whole = [line if line.endswith(b"\n") else line + b"\n" for line in out[:-1]]
    return Applied((*whole, *out[-1:]), tuple(placed))


def _merged(lines: Sequence[bytes], body: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """The new lines of a hunk. Context is taken from the file itself."""
    out, at = [], 0
    for tag, text in body:
        if tag == "+":
            out.append(text)
        else:
            if tag == " ":
                out.append(lines[at])
            at += 1
    return out


def _locate(lines: Sequence[bytes], hunk: Hunk, fuzz: int, frozen: int, offset: int) -> Placed | None:
    old = hunk.old
    guess = hunk.first + offset
    if not old:
        return Placed(guess, 0, fuzz, 0, 0)
    context = max(hunk.leading, hunk.trailing)
    head, tail = fuzz + hunk.leading - context, fuzz + hunk.trailing - context
    last = len(lines) - (len(old) - max(tail, 0)) + 1
    if head < 0 and hunk.first <= 1:  # less context in front than behind: it was cut off by the file's beginning
        whole_file = tail >= 0 or len(old) == len(lines)
        fits = whole_file and frozen <= hunk.leading and _matches(lines, old, 1, 0, max(tail, 0))
        return Placed(1, 1 - guess, fuzz, 0, max(tail, 0)) if fits else None
    head = max(head, 0)
    if tail < 0:  # or by its end
        where = len(lines) - len(old) + 1
        fits = where > frozen and _matches(lines, old, where, head, 0)
        return Placed(where, where - guess, fuzz, head, 0) if fits else None
    for distance in range(max(last - guess, guess - frozen - 1, 0) + 1):
        for where in (guess + distance, guess - distance) if distance else (guess,):
            if max(frozen, 0) < where <= last and _matches(lines, old, where, head, tail):
                return Placed(where, where - guess, fuzz, head, tail)
    return None


def _matches(lines: Sequence[bytes], old: Sequence[bytes], where: int, head: int, tail: int) -> bool:
    start, wanted = where - 1 + head, old[head : len(old) - tail]
    if start < 0 or start + len(wanted) > len(lines):
        return False
    return all(lines[start + i] == text for i, text in enumerate(wanted))


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their ends; only a newline ends one."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
