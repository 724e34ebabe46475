"""What each command of a recorded script took and made: pure functions over the record and two lists of files."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Any

from cbw_core.process.memory import Look, peak
from cbw_core.trace.changes import Changed
from cbw_core.trace.commands import background_lines, statement_at, top_command_at
from cbw_core.trace.model import FileMade


@dataclass(frozen=True)
class Row:
    """A command about to run. time: seconds since 1970; depth: 2 at the top level, one more in each function or
    sourced file; line, file: as bash counts."""

    time: float
    pid: int
    depth: int
    line: int
    file: str
    command: str


@dataclass(frozen=True)
class Part:
    """A command or line of the script. line, last: from 1; 0 is what runs before the script's own text (activation).
    seconds: with all that it calls. runs: how often it began (for a line: commands begun there). files: how many it
    made or changed. text: whose line it is: 1 the script as it began, 2 what it went on with after an edit, ...
    memory: bytes, the largest sum over the script's processes seen while it ran (`cbw_core.process.memory`); None: it
    was over before anybody looked, or the timeline is of a time when nobody did."""

    line: int
    last: int
    command: str
    seconds: float
    runs: int
    files: int
    text: int = 1
    memory: int | None = None


@dataclass(frozen=True)
class Timeline:
    """A script's run. name, file: of the script; began: seconds since 1970; status: its exit status, None when it was
    interrupted (or runs: so_far). commands: at the top level, in the order they began; lines: in the script's order.
    seconds are without stops. memory: bytes, the largest sum over its processes seen; memory_every: seconds between two
    looks, on the average. limited: of commands inside others only the first ones were recorded, for there were
    very many."""

    name: str
    file: str | None
    began: float
    seconds: float
    status: int | None
    commands: tuple[Part, ...]
    lines: tuple[Part, ...]
    files: tuple[FileMade, ...]
    so_far: bool = False
    limited: bool = False
    memory: int | None = None
    memory_every: float | None = None


@dataclass(frozen=True)
class Pair:
    """A command of two runs; None on the side that has none of that text. seconds: how much longer the second took."""

    before: Part | None
    after: Part | None
    seconds: float


@dataclass(frozen=True)
class _Span:
    begin: float
    end: float
    line: int
    command: str


def rows_of(record: str) -> tuple[Row, ...]:
    """The record's rows (docs/trace-protocol.md) in the order of time; half a row at its end is left out."""
    rows = []
    for text in record.split("\0")[:-1]:
        time, pid, depth, line, file, command = text.split("\t", 5)
        rows.append(Row(float(time.replace(",", ".")), int(pid), int(depth), int(line), file, command))
    return tuple(sorted(rows, key=lambda row: row.time))


def timeline_of(
    rows: Sequence[Row],
    text: str,
    *,
    script: str,
    text_line: Callable[[int], int | None],
    name: str,
    file: str | None,
    began: float,
    ended: float,
    status: int | None,
    changed: Sequence[Changed] = (),
    step: float = 0.01,
    looks: Sequence[Look] = (),
) -> Timeline:
    """script: the file bash ran, whose lines `text_line` turns into those of `text`; rows of other files count for the
    line that led there. step: seconds that the clock which stamps files may lag behind."""
    line_of = _line_of(text, script, text_line)
    spans = _top_spans(rows, text, line_of, began, ended)
    segments, unsure = _segments(rows, line_of, began, ended), _unsure(rows, spans, text, ended)
    files = _blamed(changed, segments, unsure, text.split("\n"), step)
    own: dict[int, list[_Span]] = {}
    for span in spans:
        own.setdefault(span.line, []).append(span)
    at = [one.line for one in files]  # in order
    commands = []
    for line, parts in own.items():
        top = top_command_at(text, line) if line else None
        last = top.last if top else line
        made = bisect_right(at, last) - bisect_left(at, line)
        seconds = sum(span.end - span.begin for span in parts)
        commands.append(
            Part(
                line, last, top.text if top else "(activation)", round(seconds, 6), len(parts), made,
                memory=_largest([(span.begin, span.end) for span in parts], looks),
            )
        )  # fmt: skip
    inside = [look for look in looks if began <= look.time <= ended]
    return Timeline(
        name, file, began, round(ended - began, 6), status, tuple(commands),
        _lines(rows, text, line_of, ended, files, looks), files, memory=peak(inside, began, ended),
        memory_every=round((ended - began) / len(inside), 6) if inside else None,
    )  # fmt: skip


def _largest(times: Sequence[tuple[float, float]], looks: Sequence[Look]) -> int | None:
    """The most memory seen in any of these times."""
    found = (peak(looks, begin, end) for begin, end in times) if looks else ()
    return max((one for one in found if one is not None), default=None)


def slowest(parts: Sequence[Part], count: int) -> tuple[Part, ...]:
    """The parts that took longest, the slowest first."""
    return tuple(sorted(parts, key=lambda part: -part.seconds)[:count])


def compare(before: Sequence[Part], after: Sequence[Part]) -> tuple[Pair, ...]:
    """The commands of two runs, matched by their text in the order of the second."""
    pairs: list[Pair] = []
    matcher = SequenceMatcher(None, [p.command for p in before], [p.command for p in after], autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            pairs += [_pair(x, y) for x, y in zip(before[a:b], after[c:d], strict=True)]
        else:
            pairs += [*(_pair(x, None) for x in before[a:b]), *(_pair(None, y) for y in after[c:d])]
    return tuple(pairs)


def _pair(before: Part | None, after: Part | None) -> Pair:
    seconds = (after.seconds if after else 0.0) - (before.seconds if before else 0.0)
    return Pair(before, after, round(seconds, 6))


def to_json(timeline: Timeline) -> dict[str, Any]:
    return asdict(timeline)


def from_json(data: Mapping[str, Any]) -> Timeline:
    rows = {key: tuple(Part(**row) for row in data[key]) for key in ("commands", "lines")}
    return Timeline(**{**data, **rows, "files": tuple(FileMade(**row) for row in data["files"])})


# -- where time goes ------------------------------------------------------------------------------------------------


def _line_of(text: str, script: str, text_line: Callable[[int], int | None]) -> Callable[[Row], int | None]:
    """The first line, in the text, of the command of a row; 0 before the text, None in another file."""
    known: dict[int, int | None] = {}
    count = len(text.removesuffix("\n").split("\n"))

    def line_of(row: Row) -> int | None:
        if row.file != script:
            return None
        if row.line not in known:
            line = text_line(row.line)
            known[row.line] = statement_at(text, line)[0] if line else 0
            if line and line > count:  # a command of a trap, whose lines bash counts on
                known[row.line] = None
        return known[row.line]

    return line_of


def _top_spans(
    rows: Sequence[Row], text: str, line_of: Callable[[Row], int | None], began: float, ended: float
) -> list[_Span]:
    """Which top-level command ran when. A row of an earlier command (a background job, a trap) begins none."""
    begins: list[tuple[float, int]] = []
    for row in rows:
        line = line_of(row)
        if row.depth != 2 or line is None:
            continue
        top = top_command_at(text, line) if line else None
        first = top.first if top is not None else 0
        if not begins or first > begins[-1][1]:
            begins.append((row.time if begins else began, first))
    begins = begins or [(began, 0)]  # a script without a command
    ends = [time for time, _ in begins[1:]] + [ended]
    return [_Span(time, end, first, "") for (time, first), end in zip(begins, ends, strict=True)]


def _lines(
    rows: Sequence[Row],
    text: str,
    line_of: Callable[[Row], int | None],
    ended: float,
    files: Sequence[FileMade],
    looks: Sequence[Look],
) -> tuple[Part, ...]:
    """Each line with the time from its commands' beginning to the next one of the same level. A line that is running
    already (recursion, the members of a pipeline) does not count twice."""
    times: dict[int, list[tuple[float, float]]] = {}
    runs: dict[int, int] = {}
    first_seen: dict[int, int] = {}
    going: list[tuple[Row, int, bool]] = []  # counted: no other row of its line was running

    def close(row: Row, line: int, counted: bool, end: float) -> None:
        if counted:
            times.setdefault(line, []).append((row.time, end))

    for number, row in enumerate(rows):
        is_new = first_seen.setdefault(row.pid, number) == number
        line = line_of(row)
        left = []
        for one in going:
            if _ends(one[0], row, is_new, first_seen):
                close(*one, row.time)
            else:
                left.append(one)
        going = left
        if line:
            runs[line] = runs.get(line, 0) + 1
            going.append((row, line, all(other != line for _, other, _ in going)))
    for one in going:
        close(*one, ended)
    source = text.split("\n")
    made = Counter(one.line for one in files)
    return tuple(
        Part(
            n, statement_at(text, n)[1], source[n - 1].strip(), round(sum(b - a for a, b in times.get(n, ())), 6),
            runs[n], made[n], memory=_largest(times.get(n, ()), looks),
        )
        for n in sorted(runs)
    )  # fmt: skip


def _ends(row: Row, later: Row, is_new: bool, first_seen: Mapping[int, int]) -> bool:
    """Whether a command is over when a later one begins: in its own process, in one that stands behind it in the
    script (a subshell, of which its parent says nothing), or in the parent that waited for it."""
    if later.depth > row.depth:
        return False
    if later.pid == row.pid:
        return True
    if is_new:
        return (later.file, later.line) != (row.file, row.line)
    return first_seen[later.pid] < first_seen[row.pid]


# -- who made what --------------------------------------------------------------------------------------------------


def _segments(rows: Sequence[Row], line_of: Callable[[Row], int | None], began: float, ended: float) -> list[_Span]:
    """From each command to the next, the line of the script that is being run."""
    found: list[_Span] = [_Span(began, ended, 0, "(activation)")]
    calls: list[tuple[Row, int]] = []  # the script's rows that may have led to where we are
    for row in rows:
        line = line_of(row)
        calls = [one for one in calls if one[0].depth < row.depth]
        if line is not None:
            calls.append((row, line))
        if not calls:
            continue
        caller, at = calls[-1]
        last = found.pop()
        found += [
            _Span(last.begin, row.time, last.line, last.command),
            _Span(row.time, ended, at, caller.command if at else "(activation)"),
        ]
    return found


def _unsure(rows: Sequence[Row], spans: Sequence[_Span], text: str, ended: float) -> list[tuple[float, float]]:
    """When something ran in the background: from the command that begins it to the end of the next `wait`."""
    found: list[tuple[float, float]] = []
    for line in background_lines(text):
        top = top_command_at(text, line)
        begin = next((span.begin for span in spans if top is not None and span.line >= top.first), None)
        if begin is None:
            continue
        waited = (n for n, r in enumerate(rows) if r.time >= begin and re.match(r"wait(\s|$)", r.command))
        number = next(waited, None)
        after = rows[number + 1].time if number is not None and number + 1 < len(rows) else ended
        found.append((begin, after))
    return found


def _blamed(
    changed: Sequence[Changed],
    segments: Sequence[_Span],
    unsure: Sequence[tuple[float, float]],
    lines: Sequence[str],
    step: float,
) -> tuple[FileMade, ...]:
    """The line of each file: the one that ran when its time stamp was set. Where several did within a step of that
    clock, one that names the file, else one that writes with `>`, else the one that had most of the step. None that
    began when the file had been seen."""
    begins, ends = [span.begin for span in segments], [span.end for span in segments]
    found = []
    for one in changed:
        begin, end = one.time, one.time + step
        last = bisect_right(begins, end)
        if one.there is not None and one.there < end:
            end, last = one.there, bisect_left(begins, one.there)
        near = segments[bisect_left(ends, begin) : last]
        near = near or [segments[max(last - 1, 0)]]
        name = re.compile(rf"(?<![\w.-]){re.escape(PurePath(one.path).name)}(?![\w.-])")
        said = [(span, f"{span.command}\n{lines[span.line - 1] if span.line else ''}") for span in near]
        likely = [s for s, words in said if name.search(words)] or [s for s, words in said if ">" in words] or near
        best = max(likely, key=lambda span: min(span.end, end) - max(span.begin, begin))
        alone = len({span.line for span in near}) == 1
        sure = one.exact and alone and not any(a <= end and begin <= b for a, b in unsure)
        command = best.command.strip().split("\n")[0]
        found.append(FileMade(one.path, best.line, command, changed=not one.made, sure=sure))
    return tuple(sorted(found, key=lambda one: (one.line, one.path)))
