"""The breakpoints, a line each."""

from __future__ import annotations

from textual.content import Content

from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget


class BreakpointsView(StateWidget):
    def picture(self, state: WorkbenchState) -> object:
        return state.looked.breakpoints

    def render(self) -> Content:
        points = self.state.looked.breakpoints
        if not points:
            return Content.styled("none: b at a line of the source, or :break", "$foreground 62%")
        lines = [
            Content.assemble(
                (f"{point.number:>2} ", "$text-error" if point.enabled else "$foreground 40%"),
                str(point),
                (f"  hit {point.hits}x" if point.hits else "", "$foreground 62%"),
            )
            for point in points
        ]
        return Content("\n").join(line.truncate(self.size.width, ellipsis=True) for line in lines)
