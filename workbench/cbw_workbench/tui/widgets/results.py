"""What commands gave back, newest last."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.widgets import RichLog

from cbw_workbench.tui.state import Ran, WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget


class ResultsView(StateWidget, RichLog, can_focus=True):
    """The command lines and their results as `draw` draws them, of the commands that are `wanted`. Drawn anew when the
    width changes."""

    def __init__(
        self,
        draw: Callable[[object], RenderableType],
        wanted: Callable[[Ran], bool] = lambda ran: True,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id, wrap=True, highlight=False, markup=False, min_width=20, auto_scroll=False)
        self._draw_value, self._wanted = draw, wanted
        self._shown = self._newest = 0

    def picture(self, state: WorkbenchState) -> object:
        return state.last and state.last.number

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self._write_new()

    def on_resize(self, event: events.Resize) -> None:
        self._shown = 0
        self.clear()
        self._write_new()

    def _write_new(self) -> None:
        for ran in self.state.ran:
            if ran.number > self._shown:
                self._shown = ran.number
                if self._wanted(ran):
                    self._newest = len(self.lines)
                    self._write(ran)
        self.call_after_refresh(self._to_newest)

    def _to_newest(self) -> None:
        """The newest result from its beginning on."""
        self.scroll_to(y=self._newest, animate=False, force=True, immediate=True)

    def _write(self, ran: Ran) -> None:
        self.write(Text.assemble(("> ", "bold"), (ran.line, "bold")))
        if ran.value is not None:
            self.write(self._draw_value(ran.value))
        if ran.error is not None:
            self.write(Text(ran.error.message, style="red"))
            for said in (ran.error.where, ran.error.text, ran.error.why, ran.error.hint):
                if said:
                    self.write(Text(said))
        self.write(Text(""))
