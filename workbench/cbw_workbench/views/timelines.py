"""Timelines of build scripts as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cbw_core.trace.timeline import Pair, Part, Timeline
from cbw_workbench.commands.tracing import Recorded, TimelineDiff, TimelineReport
from cbw_workbench.views.states import size_text


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
    yield Text(f"{one.output}: {made.name}, {made.seconds:.2f} s{_memory(made)}{_how(made)}", style="bold")
    yield _parts(made.commands)
    if one.slowest:
        yield Text("slowest lines", style="bold")
        yield _parts(one.slowest)
    if made.limited:
        yield Text("very many commands ran: behind the first ones only those at the top level are told", style="dim")


def _memory(made: Timeline) -> str:
    if made.memory is None:
        return ""
    return f", memory {size_text(made.memory)} (a look each {made.memory_every or 0:.2f} s)"


def _how(made: Timeline) -> str:
    if made.so_far:
        return " so far"
    if made.status is None:
        return "; interrupted"
    return f"; it failed with status {made.status}" if made.status else ""


def _parts(parts: Sequence[Part]) -> Table:
    texts = any(part.text > 1 for part in parts)
    seen = any(part.memory is not None for part in parts)
    columns = ("line", "seconds", *(("memory",) if seen else ()), "runs", "files")
    table = _table(*(("text",) if texts else ()), *columns)
    for part in parts:
        table.add_row(
            *((str(part.text),) if texts else ()),
            _line(part),
            f"{part.seconds:.3f}",
            *((_size(part),) if seen else ()),
            str(part.runs),
            str(part.files or ""),
            _first(part),
        )
    return table


def timeline_diff_view(value: TimelineDiff) -> RenderableType:
    before, after = value.seconds
    title = Text(f"{before:.2f} s, {after:.2f} s ({after - before:+.2f} s)", style="bold")
    sizes = [size_text(size) for size in value.memory if size is not None]
    if len(sizes) == 2:
        title.append(f"; memory {sizes[0]}, {sizes[1]}")
    return Group(title, _pairs(value.commands), Text("lines", style="bold"), _pairs(value.lines))


def _pairs(pairs: Sequence[Pair]) -> Table:
    seen = any(side is not None and side.memory is not None for pair in pairs for side in (pair.before, pair.after))
    table = _table("line", "before", "after", "seconds more", *(("memory before", "memory after") if seen else ()))
    for pair in pairs:
        part = pair.after or pair.before
        assert part is not None
        sides = [f"{side.seconds:.3f}" if side else "-" for side in (pair.before, pair.after)]
        sizes = [_size(side) for side in (pair.before, pair.after)] if seen else []
        table.add_row(_line(part), *sides, f"{pair.seconds:+.3f}", *sizes, _first(part))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("command", overflow="fold")
    return table


def _size(part: Part | None) -> str:
    return size_text(part.memory) if part is not None and part.memory is not None else "-"


def _line(part: Part) -> str:
    if not part.line:
        return ""
    return f"{part.line}-{part.last}" if part.last > part.line else str(part.line)


def _first(part: Part) -> Text:
    first, _, rest = part.command.partition("\n")
    return Text(first + (" …" if rest else ""))
