"""Stops, backtraces, variables and breakpoints as text."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cbw_core.trace.cost import Cost
from cbw_core.trace.model import Evaluated, Reloaded, Stop, Variable
from cbw_workbench.commands.results import KeptReport
from cbw_workbench.commands.stops import (
    Blame,
    BreakpointList,
    FunctionList,
    SnapshotList,
    SourceLine,
    StopReport,
    VariableList,
    WhereReport,
)
from cbw_workbench.views.states import size_text

_WIDE = 160


def stop_view(value: StopReport) -> RenderableType:
    parts = source(value.source)
    if str(value.changes):
        parts.append(Text(str(value.changes)))
    if value.pending is not None and value.pending.line:
        parts.append(Text(f"an edit was read in: going on runs it from line {value.pending.line}", style="dim"))
    return Group(*parts)


def where_view(value: WhereReport) -> RenderableType:
    if value.only_source:
        return Group(*source(value.source))
    parts: list[RenderableType] = [_title(value.stop)]
    for number, frame in enumerate(value.stop.frames):
        parts.append(Text.assemble((f"#{number} ", "dim"), f"{frame.function}  {frame.file}:{frame.line}"))
    parts += source(value.source)
    parts.append(Text.assemble(("in ", "dim"), value.stop.cwd))
    if str(value.changes):
        parts.append(Text(str(value.changes)))
    if value.jobs:
        parts += [Text("jobs:"), *(Text(f"  {job}") for job in value.jobs)]
    on = [name for name, is_on in value.options.items() if is_on]
    if on:
        parts.append(Text.assemble(("options on ", "dim"), ", ".join(on)))
    return Group(*parts)


def source(lines: Sequence[SourceLine]) -> list[RenderableType]:
    """Source lines with their numbers; `>` marks where it stands, `●` a breakpoint."""
    rows: list[RenderableType] = []
    for line in lines:
        mark = ">" if line.current else " "
        point = "●" if line.breakpoint else " "
        rows.append(Text(f"{mark}{point}{line.number:4}  {line.text}", style="bold" if line.current else ""))
    return rows


def _title(stop: Stop) -> Text:
    from cbw_core.trace.messages import stopped_event
    from cbw_workbench.views.events import stop_line

    return Text(stop_line(stopped_event(stop)).removeprefix("-- "), style="bold")


def breakpoints_view(value: BreakpointList) -> RenderableType:
    if value.note:
        return Text(value.note)
    if not value.breakpoints:
        return Text("no breakpoints; a failing command stops (`break fail off`)")
    return Group(
        *(Text(f"{p.number:3}  {p}" + (f"  (stopped {p.hits} times)" if p.hits else "")) for p in value.breakpoints)
    )


def functions_view(value: FunctionList) -> RenderableType:
    if value.texts:
        places = {one.name: f"{one.file}:{one.line}" for one in value.functions}
        return Group(*(Text(f"# {places.get(name, '')}\n{text.rstrip()}") for name, text in value.texts.items()))
    if not value.functions:
        return Text("the script has no functions")
    width = max(len(one.name) for one in value.functions)
    return Group(*(Text(f"{one.name:<{width}}  {one.file}:{one.line}") for one in value.functions))


def variables_view(value: VariableList) -> RenderableType:
    rows: list[RenderableType] = [Text(_variable(v), style="bold" if v.changed else "") for v in value.variables]
    rows += [Text(text.rstrip("\n")) for text in value.functions.values()]
    return Group(*rows) if rows else Text("no variables")


def _variable(variable: Variable) -> str:
    flags = "".join(letter for letter, on in (("x", variable.exported), ("r", variable.readonly)) if on)
    mark = "*" if variable.changed else " "
    return f"{mark} {variable.name}={_value(variable)}" + (f"  ({flags})" if flags else "")


def _value(variable: Variable) -> str:
    if variable.value is None:
        return "(not set)"
    if isinstance(variable.value, str):
        text = variable.value
    else:
        plain = [key for key, _ in variable.value] == [str(n) for n in range(len(variable.value))]
        items = [item if plain else f"[{key}]={item}" for key, item in variable.value]
        if sum(map(len, items)) > _WIDE // 2:  # a row each
            return (
                "(" + "".join(f"\n      {item.replace(chr(10), chr(92) + 'n')[:_WIDE]}" for item in items) + "\n    )"
            )
        text = "(" + " ".join(shlex.quote(item) if plain else item for item in items) + ")"
    text = text.replace("\n", "\\n")
    return text if len(text) <= _WIDE else text[:_WIDE] + "…"


def evaluated_view(value: Evaluated) -> RenderableType:
    text = value.output.rstrip("\n")
    tail = f"status {value.status}" if value.status else ""
    return Text("\n".join(part for part in (text, tail) if part))


def reloaded_view(value: Reloaded) -> RenderableType:
    if not value.diff:
        return Text(f"nothing has changed; `continue` goes on with line {value.line}")
    said = []
    if value.functions:
        said.append(f"from now on as edited: {', '.join(f'{name}()' for name in value.functions)}")
    if value.not_run:
        said.append(
            f"changed above line {value.line}, and not run: {_lines(value.not_run)} (`reload LINE` begins there)"
        )
    if value.source == "work":
        said.append("the recipe does not have this edit (`keep` writes those of a build script there)")
    said.append(f"`continue` goes on with line {value.line} of the new text")
    return Group(diff(value.diff), *map(Text, said))


def diff(text: str) -> Text:
    """A unified diff in colours."""
    drawn = Text()
    for line in text.splitlines():
        drawn.append(line + "\n", style="green" if line.startswith("+") else "red" if line.startswith("-") else "")
    return drawn


def kept_view(value: KeptReport) -> RenderableType:
    made = value.script
    if not made.diff:
        return Text(f"{made.file} has the edits already")
    said = [f"{'kept in' if made.written else 'would be kept in'} {made.file}", *value.session.owed]
    return Group(diff(made.diff), *map(Text, said))


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}"


def snapshots_view(value: SnapshotList) -> RenderableType:
    head = f"snapshots: {value.when}" + (f" ({value.note})" if value.note else "")
    if not value.snapshots:
        return Text(head)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("line", "command"):
        table.add_column(column, overflow="fold")
    for column in ("seconds", "files", "copied", "shared"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in value.snapshots:
        table.add_row("gone" if row.line is None else str(row.line), row.command, *_cost(row.cost))
    table.add_row("", "in all", *_cost(value.total), style="bold")
    return Group(Text(head), table)


def _cost(cost: Cost) -> tuple[str, str, str, str]:
    return f"{cost.seconds:.2f}", f"{cost.files:,}", size_text(cost.copied), size_text(cost.shared)


def blame_view(value: Blame) -> RenderableType:
    if not value.files:
        return Text("no files were made")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    texts = any(file.text > 1 for file in value.files)
    for column in (*(("text",) if texts else ()), "line", "file", "command"):
        table.add_column(column, overflow="fold")
    for file in value.files:
        mark = "" if file.sure else " (or near it)"
        table.add_row(
            *((str(file.text),) if texts else ()),
            f"{file.line}{mark}",
            file.path + (" (changed)" if file.changed else ""),
            file.command,
        )
    return table
