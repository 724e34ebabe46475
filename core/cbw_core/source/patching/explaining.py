"""Why a patch does not fit, in words: which hunk of which file, what the file holds there, what the patch expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core.source.patching.applying import FileOutcome, Outcome
from cbw_core.source.patching.locate import split_lines
from cbw_core.source.patching.model import Hunk

_WIDTH = 160
_MOST_HUNKS = 10


@dataclass(frozen=True)
class Explanation:
    """what: one line; why: the reason; line: of the patch, the first hunk to blame; details: all hunks, with lines."""

    what: str
    why: str
    line: int
    details: str


def explain(outcome: Outcome) -> Explanation:
    """Explain an outcome that does not fit."""
    failed = [file for file in outcome.files if not file.fits]
    first = failed[0]
    blocks = [block for file in failed for block in _blocks(file, outcome.root)]
    more = len(blocks) - _MOST_HUNKS
    details = "\n\n".join(blocks[:_MOST_HUNKS]) + (f"\n\n... and {more} more" if more > 0 else "")
    what, why, line = _headline(first, outcome.root)
    return Explanation(what, why, line, details)


def _headline(file: FileOutcome, root: Path) -> tuple[str, str, int]:
    name = file.name or file.patch.new or file.patch.old or "a file"
    if file.problem:
        return (
            f"its change of {name} cannot be made",
            _sentence(file.problem + _look_alikes(file, root)),
            file.patch.line,
        )
    assert file.applied is not None
    if file.applied.already:
        return (
            f"{name} seems to have it already",
            "Its first hunk fits backwards, as in a patched file.",
            file.patch.line,
        )
    number, hunk = _failed_hunks(file)[0]
    reason, where = _reason(hunk, _lines(file))
    what = f"hunk {number} of {len(file.patch.hunks)} does not fit {name}"
    return what, _sentence(f"at line {where} of {name}, {reason}" if where else f"{name}: {reason}"), hunk.line


def _blocks(file: FileOutcome, root: Path) -> list[str]:
    name = file.name or file.patch.new or file.patch.old or "a file"
    if file.problem:
        return [f"{name} (line {file.patch.line} of the patch): {file.problem}{_look_alikes(file, root)}"]
    assert file.applied is not None
    if file.applied.already:
        return [f"{name} (line {file.patch.line} of the patch): its first hunk fits backwards"]
    return [_block(file, number, hunk) for number, hunk in _failed_hunks(file)]


def _block(file: FileOutcome, number: int, hunk: Hunk) -> str:
    lines = _lines(file)
    where = closest(lines, hunk)
    reason, _ = _reason(hunk, lines)
    out = [
        f"{file.name}, hunk {number} of {len(file.patch.hunks)} (line {hunk.line} of the patch: {hunk.header})",
        reason,
    ]
    out.append(f"what the patch expects (-) and what {file.name} holds (+) from line {where}:")
    for i, expected in enumerate(hunk.old):
        at = where - 1 + i
        holds = lines[at] if 0 <= at < len(lines) else None
        if holds == expected:
            out.append(f"  {at + 1:>5} | {_shown(expected)}")
        else:
            out.append(f"- {at + 1:>5} | {_shown(expected, ends=holds is not None and _same_words(expected, holds))}")
            end = "(the end of the file)" if holds is None else _shown(holds, ends=_same_words(expected, holds))
            out.append(f"+ {at + 1:>5} | {end}")
    return "\n".join(out)


def _failed_hunks(file: FileOutcome) -> list[tuple[int, Hunk]]:
    assert file.applied is not None
    pairs = zip(file.patch.hunks, file.applied.placed, strict=True)
    return [(number, hunk) for number, (hunk, placed) in enumerate(pairs, 1) if placed is None]


def _lines(file: FileOutcome) -> list[bytes]:
    return split_lines(file.before.content) if file.before is not None else []


def closest(lines: Sequence[bytes], hunk: Hunk) -> int:
    """The line, from 1, at which most of the hunk's old lines stand as they should; among equals the one nearest to
    where it was due."""
    old = hunk.old
    votes: dict[int, int] = {}
    places: dict[bytes, list[int]] = {}
    for i, line in enumerate(lines):
        places.setdefault(line.strip(), []).append(i)
    for offset, text in enumerate(old):
        found = places.get(text.strip(), []) if text.strip() else []
        if len(found) <= 1000:  # a line that stands everywhere tells nothing
            for i in found:
                votes[i - offset + 1] = votes.get(i - offset + 1, 0) + 1
    due = hunk.first
    starts = [start for start in votes if start >= 1]
    return min(starts, key=lambda start: (-votes[start], abs(start - due)), default=max(1, due))


def _reason(hunk: Hunk, lines: Sequence[bytes]) -> tuple[str, int]:
    """Why a hunk does not fit, and the line of the file that tells (0: none)."""
    where = closest(lines, hunk)
    pairs = [(where + i, text, _at(lines, where - 1 + i)) for i, text in enumerate(hunk.old)]
    wrong = [(line, text, holds) for line, text, holds in pairs if holds != text]
    if not wrong:
        return "the lines are there, but another hunk took them, or they are not where the file begins or ends", where
    line, text, holds = wrong[0]
    if all(h is not None and t.rstrip(b"\r\n") == h.rstrip(b"\r\n") for _, t, h in wrong):
        if any(t.endswith(b"\r\n") != (h or b"").endswith(b"\r\n") for _, t, h in wrong):
            ends = ("CRLF", "LF") if text.endswith(b"\r\n") else ("LF", "CRLF")
            return f"line ends differ: the patch has {ends[0]}, the file {ends[1]}", line
        return "the newline at the end of the file differs", line
    if all(h is not None and t.split() == h.split() for _, t, h in wrong):
        return f"only white space differs: the patch expects {_quoted(text)}, the file holds {_quoted(holds)}", line
    if holds is None:
        return f"the file ends where the patch expects {_quoted(text)}", line
    return f"the file holds {_quoted(holds)} where the patch expects {_quoted(text)}", line


def _at(lines: Sequence[bytes], at: int) -> bytes | None:
    return lines[at] if 0 <= at < len(lines) else None


def _same_words(one: bytes, other: bytes) -> bool:
    return one.split() == other.split()


def _shown(line: bytes, ends: bool = False) -> str:
    text = line.decode("utf-8", "backslashreplace")
    if ends:  # tabs, blanks and line ends are what it is about
        return repr(text)[1:-1]
    text = "".join(c if c.isprintable() or c == "\t" else "" if c in "\r\n" else repr(c)[1:-1] for c in text)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def _quoted(line: bytes | None) -> str:
    text = repr((line or b"").decode("utf-8", "backslashreplace").rstrip("\r\n"))
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def _look_alikes(file: FileOutcome, root: Path) -> str:
    """Files of the same last name, for a file that is not there."""
    if not file.problem.endswith("is not in the source"):
        return ""
    last = file.name.rpartition("/")[2]
    found = []
    for path in root.rglob("*"):
        if path.name == last and ".git" not in path.parts:
            found.append(path.relative_to(root).as_posix())
            if len(found) == 3:
                break
    return f"; it has {', '.join(sorted(found))}" if found else ""


def _sentence(text: str) -> str:
    return text + ("" if text.endswith((".", "'", '"')) else ".")
