"""The breakpoints, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from textual.binding import Binding
from textual.content import Content

from cbw_core.trace.model import Breakpoint
from cbw_workbench.tui.marks import file_of, script_of
from cbw_workbench.tui.messages import OpenPlace, RunLine
from cbw_workbench.tui.standing import kind_of
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.rows import RowsView
from cbw_workbench.tui.widgets.source import MARKS


class BreakpointsView(RowsView):
    """Enter goes to its line, space switches it off and on, d forgets it."""

    BINDINGS = [
        Binding("space", "switch", "Off/on", show=False),
        Binding("d,delete", "forget", "Forget", show=False),
    ]

    def picture(self, state: WorkbenchState) -> object:
        return state.looked.breakpoints

    def rows(self, state: WorkbenchState) -> Sequence[Content]:
        points = state.looked.breakpoints
        self.set_class(not points, "-empty")
        if not points:
            return (Content.styled("none: b at a line of the source", "$foreground 62%"),)
        return [_row(point, Path(script_of(state)).name) for point in points]

    @property
    def point(self) -> Breakpoint | None:
        points = self.state.looked.breakpoints
        return points[self.at] if self.at < len(points) else None

    def chosen(self, row: int) -> None:
        point = self.point
        if point is not None and point.line is not None:
            self.post_message(OpenPlace(file_of(self.state, point), point.line))

    def action_switch(self) -> None:
        if self.point is not None:
            self.post_message(RunLine(f"{'disable' if self.point.enabled else 'enable'} {self.point.number}"))

    def action_forget(self) -> None:
        if self.point is not None:
            self.post_message(RunLine(f"delete {self.point.number}"))


def _row(point: Breakpoint, script: str) -> Content:
    glyph, style, _ = MARKS[kind_of(point)]
    named = replace(point, file=Path(point.file).name or script)
    return Content.assemble(
        (f"{glyph} ", style),
        (f"{point.number} ", "$foreground 62%"),
        (str(named), "" if point.enabled else "$foreground 40%"),
        (f"  hit {point.hits}x" if point.hits else "", "$foreground 62%"),
    )
