"""The variables of the stopped script: those that changed first, then its own, then the environment's."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cbw_core.trace.model import Variable
from cbw_workbench.tui.standing import ordered, value_of
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget


def line_of(variable: Variable, width: int) -> Content:
    style = "bold $text-warning" if variable.changed else "$foreground 62%" if variable.exported else "bold"
    mark = ("* ", "bold $text-warning") if variable.changed else ("  ", "")
    line = Content.assemble(mark, (variable.name, style), ("=", "$foreground 40%"), value_of(variable))
    return line.truncate(width, ellipsis=True)


class VariablesView(StateWidget, VerticalScroll, can_focus=True):
    def compose(self) -> ComposeResult:
        yield Static()

    def picture(self, state: WorkbenchState) -> object:
        stop = state.standing
        return state.looked.variables if stop is not None and stop.serial == state.looked.serial else ()

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.children:
            return
        shown = self.picture(self.state)
        variables = ordered(shown) if isinstance(shown, tuple) else ()
        width = max(10, self.scrollable_content_region.width)
        self.query_one(Static).update(Content("\n").join(line_of(variable, width) for variable in variables))
