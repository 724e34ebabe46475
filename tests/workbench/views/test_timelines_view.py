"""Timelines as a person sees them, and as JSON."""

from __future__ import annotations

import io
import json

from rich.console import Console

from cbw_core.trace import Pair, Part, Timeline
from cbw_workbench.commands.tracing import Recorded, TimelineDiff, TimelineReport
from cbw_workbench.views import draw
from cbw_workbench.views.json_form import json_lines

SLOW = Part(3, 3, "make", 9.0, 1, 2, memory=212_000_000)
QUICK = Part(4, 4, "true", 0.001, 1, 0)
OLD = Part(3, 3, "make", 8.0, 1, 2)
MADE = Timeline(
    "build.sh", "build.sh", 0.0, 9.001, 0, (SLOW, QUICK), (SLOW, QUICK), (), memory=212_000_000, memory_every=0.05
)


def _text(value: object) -> str:
    out = io.StringIO()
    Console(file=out, width=120, no_color=True).print(draw(value))
    return out.getvalue()


def test_memory_is_shown_where_somebody_looked() -> None:
    report = TimelineReport((Recorded("/s", "zlib-1-0", MADE, (SLOW,)),))
    title, head, make, true, *_ = _text(report).splitlines()
    assert title.strip() == "zlib-1-0: build.sh, 9.00 s, memory 212.0 MB (a look each 0.05 s)"
    assert "memory" in head
    assert make.split()[:4] == ["3", "9.000", "212.0", "MB"]
    assert true.split()[:3] == ["4", "0.001", "-"]
    (line,) = json_lines(report)
    rows = json.loads(line)["recorded"][0]["timeline"]["commands"]
    assert [row["memory"] for row in rows] == [212_000_000, None]


def test_a_timeline_without_memory_has_no_column_for_it() -> None:
    old = Timeline("build.sh", None, 0.0, 8.0, 0, (OLD,), (OLD,), ())
    assert "memory" not in _text(TimelineReport((Recorded("/s", "zlib-1-0", old, (OLD,)),)))
    pair = Pair(OLD, OLD, 0.0)
    assert "memory" not in _text(TimelineDiff("/a", "/b", (8.0, 8.0), (None, None), (pair,), (pair,)))


def test_two_runs_have_their_memory_side_by_side() -> None:
    pairs = (Pair(OLD, SLOW, 1.0), Pair(None, QUICK, 0.001))
    text = _text(TimelineDiff("/a", "/b", (8.0, 9.001), (None, 212_000_000), pairs, ()))
    assert "memory before  memory after" in text
    assert "-      212.0 MB  make" in text
    both = _text(TimelineDiff("/a", "/b", (9.0, 9.0), (100_000_000, 212_000_000), (Pair(SLOW, SLOW, 0.0),), ()))
    assert "memory 100.0 MB, 212.0 MB" in both
