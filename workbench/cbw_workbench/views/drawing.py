"""Results as rich tables, trees and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch
from importlib import import_module
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cbw_core.session.model import PHASES, SessionStatus, State
from cbw_workbench.commands import results
from cbw_workbench.views.outputs import rendered_tree
from cbw_workbench.views.states import look, seconds_text, size_text
from cbw_workbench.views.texts import plain_text

if TYPE_CHECKING:
    from cbw_core.session.model import PhaseStatus


@singledispatch
def draw(value: object) -> RenderableType:
    """A result's value as a renderable; what has no drawing of its own is shown as a table of its fields."""
    if value is None:
        return Text("")
    elsewhere = ELSEWHERE.get(f"{type(value).__module__}.{type(value).__qualname__}")
    if elsewhere:
        file, view = elsewhere
        found: RenderableType = getattr(import_module(f"cbw_workbench.views.{file}"), view)(value)
        return found
    text = plain_text(value)
    if text is not None:
        return Text(text.rstrip("\n"))
    from cbw_workbench.views.json_form import data_of

    return _pairs(data_of(value)) if isinstance(data_of(value), dict) else Text(str(value))


@draw.register
def _(value: SessionStatus) -> RenderableType:
    return Group(_title(value), phases_table(value.phases))


@draw.register
def _(value: results.StatusReport) -> RenderableType:
    status = value.session
    parts: list[RenderableType] = [_title(status)]
    if status.channels:
        parts.append(_line("channels", ", ".join(status.channels)))
    if status.variant:
        parts.append(_line("variant", ", ".join(f"{key}={item}" for key, item in status.variant.items())))
    parts += [_line("changed by hand", change) for change in status.env_changes]
    parts += [_line("owed", text) for text in status.owed]
    parts.append(phases_table(status.phases))
    if status.activation and status["env"].state in ("done", "stale"):
        parts.append(_line("enter", status.activation))
    if status.paths.get("package"):
        parts.append(_line("package", status.paths["package"]))
    if len(value.group) > 1:
        parts += [Text(""), group_table(value.group, status.root)]
    return Group(*parts)


@draw.register
def _(value: results.PhaseReport) -> RenderableType:
    line = Text()
    for phase in value.session.phases:
        shown = look(phase.state)
        line.append(f"{shown.symbol} {phase.phase.value}", style=shown.style)
        line.append("  ")
    line.rstrip()
    return Group(Text(value.note), line) if value.note else line


@draw.register
def _(value: results.PatchReport) -> RenderableType:
    made = value.patch
    parts: list[RenderableType] = [_line("patch", made.file if made.written else f"{made.file} is up to date")]
    parts += [_line(kind, path) for path, kind in made.changes]
    if made.place is not None:
        parts.append(_line("entered", f"{made.place}  {made.place.text or ''}"))
    return Group(*parts)


@draw.register
def _(value: results.BuildReport) -> RenderableType:
    parts: list[RenderableType] = []
    if value.sessions:
        parts.append(group_table(value.sessions))
    parts += [_line("package", path) for path in value.packages]
    parts += [_line("skipped", line) for line in value.skipped]
    if value.resources is not None:
        parts.append(_line("took", resources_text(value.resources)))
    return Group(*parts) if parts else Text("nothing was built")


def resources_text(used: results.Resources) -> str:
    """What builds and tests took, in a line (conda-build's resource usage summary)."""
    cpu = f"CPU {seconds_text(used.cpu_user)} (system {seconds_text(used.cpu_sys)})"
    return f"{seconds_text(used.seconds)}, {cpu}, largest process {size_text(used.rss)}, disk {size_text(used.disk)}"


@draw.register
def _(value: results.TestList) -> RenderableType:
    if not value.tests:
        return Text(f"{value.dist} has no tests")
    table = _table("", "", "test", "", "where")
    for test in value.tests:
        shown = look({"passed": State.DONE, "failed": State.FAILED}.get(test.outcome, State.PENDING))
        mark = Text(f"{shown.symbol} {test.outcome}", style=shown.style)
        table.add_row(str(test.number), test.kind, Text(test.text.split("\n")[0]), mark, _brief_place(test.place))
    failed = [_line("again", test.command) for test in value.tests if test.outcome == "failed" and test.command]
    return Group(Text(value.dist, style="bold"), table, *failed)


def _brief_place(place: str) -> str:
    return place.rpartition("/")[2]


@draw.register
def _(value: results.RenderReport) -> RenderableType:
    text = plain_text(value)
    if text is not None:
        return Text(text.rstrip("\n"))
    good = [recipe for recipe in value.recipes if recipe.error is None]
    if value.form == "explain":
        from cbw_workbench.views.why import explained_recipe

        return Group(*(explained_recipe(recipe) for recipe in good))
    return Group(*(rendered_tree(recipe) for recipe in good))


@draw.register
def _(value: results.EnvironmentReport) -> RenderableType:
    from cbw_workbench.views.environments import environment_view

    parts: list[RenderableType] = []
    for env in value.environments:
        parts += [Text(""), environment_view(env)] if parts else [environment_view(env)]
    return Group(*parts)


@draw.register
def _(value: results.WhyReport) -> RenderableType:
    from cbw_workbench.views.environments import why_view

    return Group(*(why_view(one) for one in value.found))


@draw.register
def _(value: results.SessionList) -> RenderableType:
    if not value.sessions:
        return Text(f"no sessions (croot: {value.croot})")
    table = _table("", "session", "output", "phases", "started", "recipe")
    for info in value.sessions:
        mark = "*" if info.root == value.current else ""
        name = info.root.removeprefix(value.croot.rstrip("/") + "/")
        table.add_row(mark, name, info.output, _marks(tuple(info.states.values())), _when(info.started), info.recipe)
    return table


@draw.register
def _(value: results.Using) -> RenderableType:
    return draw(value.session)


@draw.register
def _(value: results.Settings) -> RenderableType:
    return _pairs(value.values)


# a result, by its name so that its file is not read for others -> the file of this room that draws it, its function
ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "cbw_workbench.commands.results.HashReport": ("why", "hash_report"),
    "cbw_workbench.commands.results.EnvChanged": ("environments", "changed_view"),
    "cbw_workbench.commands.results.EnvVariables": ("environments", "variables_view"),
    "cbw_workbench.commands.results.CacheReport": ("environments", "cache_view"),
    "cbw_workbench.commands.results.LinkageReport": ("linkages", "linkage_report"),
    "cbw_workbench.commands.results.ContentsReport": ("contents", "contents_report"),
    "cbw_workbench.commands.results.DiffReport": ("diffs", "diff_report"),
    "cbw_core.inspect.environments.EnvDiff": ("environments", "env_diff_view"),
    "cbw_core.inspect.model.VariantMatrix": ("matrix", "matrix_view"),
    "cbw_workbench.commands.stops.StopReport": ("stops", "stop_view"),
    "cbw_workbench.commands.stops.WhereReport": ("stops", "where_view"),
    "cbw_workbench.commands.stops.BreakpointList": ("stops", "breakpoints_view"),
    "cbw_workbench.commands.stops.SnapshotList": ("stops", "snapshots_view"),
    "cbw_workbench.commands.stops.VariableList": ("stops", "variables_view"),
    "cbw_workbench.commands.stops.FunctionList": ("stops", "functions_view"),
    "cbw_core.trace.model.Evaluated": ("stops", "evaluated_view"),
    "cbw_core.trace.model.Reloaded": ("stops", "reloaded_view"),
    "cbw_workbench.commands.results.KeptReport": ("stops", "kept_view"),
    "cbw_workbench.commands.stops.Blame": ("stops", "blame_view"),
    "cbw_workbench.commands.tracing.TimelineReport": ("timelines", "timelines_view"),
    "cbw_workbench.commands.tracing.TimelineDiff": ("timelines", "timeline_diff_view"),
}


def phases_table(phases: Sequence[PhaseStatus]) -> Table:
    """A row a phase: symbol, name, state, seconds, and what there is to know of it."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for phase in phases:
        shown = look(phase.state)
        table.add_row(
            Text(shown.symbol, style=shown.style),
            phase.phase.value,
            Text(phase.state.value, style=shown.style),
            Text(seconds_text(phase.seconds), style="dim"),
            phase_remark(phase),
        )
    return table


def phase_remark(phase: PhaseStatus) -> str:
    """Why a phase is stale, or what went wrong in it; "" for nothing."""
    if phase.why_stale:
        return f"changed: {', '.join(phase.why_stale)}"
    return str(phase.error.get("message", "")) if phase.error else ""


def group_table(group: Sequence[SessionStatus], current: str | None = None) -> Table:
    """Outputs x phases, a symbol each; the current session's row is marked."""
    table = _table("", "output", *(phase.value for phase in PHASES))
    for status in group:
        cells = [Text(look(p.state).symbol, style=look(p.state).style, justify="center") for p in status.phases]
        table.add_row("*" if current and status.root == current else "", status.output, *cells)
    return table


def _when(started: str) -> str:
    """An ISO time as the clock on the wall here says it."""
    from datetime import datetime

    return datetime.fromisoformat(started).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _marks(states: Sequence[str]) -> Text:
    text = Text()
    for state in states:
        text.append(look(state).symbol, style=look(state).style)
    return text


def _title(status: SessionStatus) -> Text:
    return Text.assemble(
        (status.output, "bold"), f"  {status.recipe}\n", ("session ", "dim"), status.root or "(not made)"
    )


def _line(label: str, text: str) -> Text:
    return Text.assemble((f"{label} ", "dim"), text)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _pairs(values: dict[str, object]) -> Table:
    """Names and values; a mapping inside is shown under dotted names; what is not set is left out."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name, item in _flat(values):
        table.add_row(Text(name, style="dim"), Text(item))
    return table


def _flat(values: dict[str, object], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, item in values.items():
        if isinstance(item, dict) and item:
            rows += _flat(item, f"{before}{name}.")
        elif item not in (None, (), [], {}):
            shown = ", ".join(map(str, item)) if isinstance(item, (list, tuple)) else str(item)
            rows.append((before + name, shown))
    return rows
