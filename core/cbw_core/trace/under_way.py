"""Where a recorded script is while it runs: what the shell wrote down last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbw_core.trace.timeline import Row, rows_of

if TYPE_CHECKING:
    from cbw_core.trace.run import Run

_TAIL = 16_384


@dataclass(frozen=True)
class UnderWay:
    """A command that was begun and not followed by another yet. since: seconds since 1970."""

    file: str
    line: int
    command: str
    since: float


def under_way(run: Run) -> UnderWay | None:
    """The command that a running script began last; None where it is not recorded, stands, or has begun none."""
    if run.state != "running" or not run.record:
        return None
    row = _last_row(run)
    if row is None:
        return None
    if row.file != str(run.target.script):
        return UnderWay(row.file, row.line, row.command, row.time)
    line = run.text_line(row.line) or 0
    place = run.target.place(run.text, line) if line else None
    at = (place.file, place.line or line) if place is not None else (run.target.file or row.file, line)
    return UnderWay(*at, row.command, row.time)


def _last_row(run: Run) -> Row | None:
    """Of the record's end; what is half written, or cut off before, is left out."""
    try:
        with (run.folder / "record").open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _TAIL))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return None  # nothing was recorded yet, or it is over
    whole = text.partition("\0")[2] if size > _TAIL else text
    rows = rows_of(whole)
    return rows[-1] if rows else None
