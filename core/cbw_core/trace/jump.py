"""Going on elsewhere: the text that is put behind a script's end for the living shell to read next."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from cbw_core.trace.commands import statement_at, top_commands
from cbw_core.trace.lines import Chunk, LineMap

_MARKER = "\n{ : __cbw_begin; } 2>/dev/null\n"


@dataclass(frozen=True)
class Jump:
    """appended: what goes behind the script's end. text: the whole text that counts from then on. chunks: (line of
    the appended text behind the marker, line of `text`, count). in_scope: run at the top level first. edited: the text
    is another one than before. line: of the text, that is gone on with."""

    appended: str
    text: str
    chunks: tuple[Chunk, ...]
    in_scope: str
    edited: bool
    line: int = 0

    def lines_from(self, marker: int) -> LineMap:
        """The lines as bash counts them once the marker was seen at line `marker`."""
        return LineMap(tuple(Chunk(c.bash + marker, c.text, c.count) for c in self.chunks))

    def passing(self, lines: LineMap, mode: str) -> str:
        """Bash code: when the script is to run on, breakpoints at the command it goes on with do not stop it there."""
        if mode != "run":
            return ""
        first, last = statement_at(self.text, self.line)
        numbers = [bash for line in range(first, last + 1) for bash in lines.to_bash(line)]
        return "\n__cbw_pass=(" + " ".join(f"[{number}]=1" for number in numbers) + ")"


def jump_to(text: str, line: int, *, flags: str, edited: bool, restore: str = "") -> Jump:
    """Go on with the command that begins at `line` of `text`; functions defined above it are defined again (an edit
    of one must count), nothing else above it runs. restore: bash code that puts the shell's state back."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    parts: list[str] = []
    chunks: list[Chunk] = []
    at = 1
    for first, last in [*_functions(text, line), (line, len(lines))]:
        part = lines[first - 1 : last]
        if part:
            chunks.append(Chunk(at, first, len(part)))
            parts += part
            at += len(part)
    # extdebug takes functrace and errtrace with it
    scope = [
        "builtin shopt -u extdebug; builtin set -ET",
        "" if "C" in flags else "builtin set +C",
        restore,
        "builtin set -e" if "e" in flags else "",
    ]
    return Jump(_MARKER + "\n".join([*parts, ""]), text, tuple(chunks), "\n".join(s for s in scope if s), edited, line)


def _functions(text: str, before: int) -> list[tuple[int, int]]:
    return [(c.first, c.last) for c in top_commands(text) if c.function and c.last < before]


def difference(old: str, new: str, name: str) -> str:
    """A unified diff of two texts of a script."""
    rows = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{name} (running)", f"{name} (edited)", lineterm=""
    )
    return "\n".join(rows)


def resume_line(old: str, new: str, at: int) -> int | None:
    """Where to go on in a new text: the line of its top-level command that stands for the one at line `at` of the old
    text, which runs (again) whole; what was put in right before it runs too. Other changes above do not count: that has
    run. None: nothing is left to run."""
    olds, news = top_commands(old), top_commands(new)
    index = next((k for k, c in enumerate(olds) if c.last >= at), None)
    if index is None:
        return None
    same = 0
    while same < min(index, len(news)) and olds[same].text == news[same].text:
        same += 1
    rest = 0
    while rest < min(len(olds) - index - 1, len(news) - same) and olds[-1 - rest].text == news[-1 - rest].text:
        rest += 1
    before, after = olds[same : len(olds) - rest], news[same : len(news) - rest]
    index -= same
    matcher = difflib.SequenceMatcher(None, [c.text for c in before], [c.text for c in after], autojunk=False)
    begin = 0  # of what was put in right before
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "insert" and a == index:
            begin = d - c
            continue
        if a <= index < b:
            if tag == "equal":
                return after[c + index - a - (begin if a == index else 0)].first
            if tag == "replace" and a == index:
                return after[c - begin].first
            if tag == "replace":
                return after[_likest(before[index].text, [n.text for n in after[c:d]], index - a) + c].first
            following = same + d - begin
            return news[following].first if following < len(news) else None
    return None


def _likest(text: str, others: list[str], at: int) -> int:
    """Which of the texts is the edited form of `text`: the one at the same place where as good as any, else the one
    most like it."""
    marks = [difflib.SequenceMatcher(None, text, other, autojunk=False).ratio() for other in others]
    at = min(at, len(others) - 1)
    best = max(range(len(others)), key=lambda k: marks[k])
    return best if marks[best] >= 0.6 and marks[best] > marks[at] else at
