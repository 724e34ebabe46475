"""A recorded run that stood still now and then, and went on with other texts: what it took without the stops."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from cbw_core.trace.changes import Changed
from cbw_core.trace.model import FileMade
from cbw_core.trace.timeline import Row, Timeline

BY_HAND = "(while the script stood)"


@dataclass(frozen=True)
class Pause:
    """A stop. began, ended: seconds since 1970; line: of the script's text, where it stood; before: the process that
    stood before a command that it had said it would run; None behind a command."""

    began: float
    ended: float
    line: int
    before: int | None = None


def running_clock(pauses: Sequence[Pause]) -> Callable[[float], float]:
    """The time of a clock that stands still in pauses, which come in their order and do not overlap. Times go in and
    come out as seconds since 1970."""
    begins = [pause.began for pause in pauses]
    stood = list(accumulate((pause.ended - pause.began for pause in pauses), initial=0.0))

    def clock(time: float) -> float:
        count = bisect_left(begins, time)  # pauses that had begun
        if not count:
            return time
        last = pauses[count - 1]
        return time - stood[count - 1] - (min(time, last.ended) - last.began)

    return clock


def held_back(rows: Sequence[Row], pauses: Sequence[Pause]) -> list[Row]:
    """The rows, those of commands that a stop stood before at the time of the stop: what is there by then was made by
    others."""
    times = [row.time for row in rows]
    held = list(rows)
    for pause in pauses:
        at = bisect_right(times, pause.began) - 1
        if at >= 0 and rows[at].pid == pause.before:
            held[at] = replace(rows[at], time=pause.began)
    return held


def by_hand(changed: Sequence[Changed], pauses: Sequence[Pause]) -> tuple[tuple[Changed, ...], tuple[FileMade, ...]]:
    """(what the script made or changed, what was made or changed while it stood)."""
    script, hand = [], []
    begins = [pause.began for pause in pauses]
    for one in changed:
        count = bisect_right(begins, one.time)
        pause = pauses[count - 1] if count else None
        if pause is None or one.time >= pause.ended:
            script.append(one)
        else:
            hand.append(FileMade(one.path, pause.line, BY_HAND, changed=not one.made))
    return tuple(script), tuple(hand)


def of_text(rows: Sequence[Row], script: str, text_line: Callable[[int], int | None]) -> list[Row]:
    """Rows of a text that was read in later. Those of functions that an older text defined count for the line that
    called them, as those of other files do."""
    return [row if row.file != script or text_line(row.line) else replace(row, file="") for row in rows]


def joined(parts: Sequence[Timeline], *, so_far: bool, limited: bool) -> Timeline:
    """The timelines of a run's texts, in their order, as one. A file belongs to the last one that changed it."""
    last = parts[-1]
    texts = [
        replace(
            part,
            commands=tuple(replace(row, text=number) for row in part.commands),
            lines=tuple(replace(row, text=number) for row in part.lines),
            files=tuple(replace(row, text=number) for row in part.files),
        )
        for number, part in enumerate(parts, 1)
    ]
    files = {row.path: row for part in texts for row in part.files}
    return replace(
        last,
        began=parts[0].began,
        seconds=round(sum(part.seconds for part in parts), 6),
        commands=tuple(row for part in texts for row in part.commands),
        lines=tuple(row for part in texts for row in part.lines),
        files=tuple(sorted(files.values(), key=lambda row: (row.text, row.line, row.path))),
        so_far=so_far,
        limited=limited,
        memory=max((part.memory for part in parts if part.memory is not None), default=None),
    )
