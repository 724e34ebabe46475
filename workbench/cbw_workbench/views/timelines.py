"""Timelines of build scripts as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cbw_core.trace.timeline import Pair, Part, Timeline
from cbw_workbench.commands.tracing import Recorded, TimelineDiff, TimelineReport


def timelines_view(value: TimelineReport) -> RenderableType:
    parts: list[RenderableType] = []
    for one in value.recorded:
        parts += _recorded(one)
    if not value.recorded:
        parts.append(Text("no build script ran: nothing was recorded"))
    parts += [Text(path) for path in value.packages]
    return Group(*parts)


def _recorded(one: Recorded) -> Iterator[RenderableType]:
    made = one.timeline
    yield Text(f"{one.output}: {made.name}, {made.seconds:.2f} s{_how(made)}", style="bold")
    yield _parts(made.commands)
    if one.slowest:
        yield Text("slowest lines", style="bold")
        yield _parts(one.slowest)
    if made.limited:
        yield Text("very many commands ran: behind the first ones only those at the top level are told", style="dim")


def _how(made: Timeline) -> str:
    if made.so_far:
        return " so far"
    if made.status is None:
        return "; interrupted"
    return f"; it failed with status {made.status}" if made.status else ""


def _parts(parts: Sequence[Part]) -> Table:
    texts = any(part.text > 1 for part in parts)
    table = _table(*(("text",) if texts else ()), "line", "seconds", "runs", "files")
    for part in parts:
        table.add_row(
            *((str(part.text),) if texts else ()),
            _line(part),
            f"{part.seconds:.3f}",
            str(part.runs),
            str(part.files or ""),
            _first(part),
        )
    return table


def timeline_diff_view(value: TimelineDiff) -> RenderableType:
    before, after = value.seconds
    title = Text(f"{before:.2f} s, {after:.2f} s ({after - before:+.2f} s)", style="bold")
    return Group(title, _pairs(value.commands), Text("lines", style="bold"), _pairs(value.lines))


def _pairs(pairs: Sequence[Pair]) -> Table:
    table = _table("line", "before", "after", "seconds more")
    for pair in pairs:
        part = pair.after or pair.before
        assert part is not None
        sides = [f"{side.seconds:.3f}" if side else "-" for side in (pair.before, pair.after)]
        table.add_row(_line(part), *sides, f"{pair.seconds:+.3f}", _first(part))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("command", overflow="fold")
    return table


def _line(part: Part) -> str:
    if not part.line:
        return ""
    return f"{part.line}-{part.last}" if part.last > part.line else str(part.line)


def _first(part: Part) -> Text:
    first, _, rest = part.command.partition("\n")
    return Text(first + (" …" if rest else ""))
