"""A list of one-line rows: only those in sight are drawn; a row is chosen with the arrows or the mouse."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget


class RowsView(StateWidget, ScrollView, can_focus=True):
    """A kind of it makes its rows with `rows` and says in `chosen` what enter or a click on one does. `at` is the row
    of the cursor, from 0. A row longer than the pane is cut with an ellipsis."""

    BINDINGS = [
        Binding("up,k", "move(-1)", "Row", show=False),
        Binding("down,j", "move(1)", "Row", show=False),
        Binding("pageup", "page(-1)", "Page", show=False),
        Binding("pagedown", "page(1)", "Page", show=False),
        Binding("home", "go(0)", "Top", show=False),
        Binding("end", "go(99999999)", "End", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.at = 0
        self._rows: Sequence[Content] = ()

    def rows(self, state: WorkbenchState) -> Sequence[Content]:
        raise NotImplementedError

    def chosen(self, row: int) -> None:
        """Enter, or a click."""

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self.draw_rows()

    def on_mount(self) -> None:
        self.draw_rows()

    def draw_rows(self) -> None:
        before = len(self._rows)
        rows = self.rows(self.state)
        if rows == self._rows:
            return
        self._rows = rows
        self.at = max(0, min(self.at, len(self._rows) - 1))
        self.virtual_size = Size(0, len(self._rows))
        self.refresh(layout=self.styles.is_auto_height and before != len(self._rows))

    def render_line(self, y: int) -> Strip:
        width, index = self.scrollable_content_region.width, self.scroll_offset.y + y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index].truncate(width, ellipsis=True)
        if index == self.at and self.has_focus:
            row = row.pad_right(max(0, width - row.cell_length)).stylize_before("on $foreground 12%")
        segments: list[Segment] = row.render_segments(self.visual_style)
        return Strip(segments).crop_extend(0, width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None and self.scroll_offset.y + at.y < len(self._rows):
            self.go(self.scroll_offset.y + at.y)
            self.chosen(self.at)

    def go(self, row: int) -> None:
        self.at = max(0, min(row, len(self._rows) - 1))
        top, height = self.scroll_offset.y, max(1, self.scrollable_content_region.height)
        if self.at < top:
            self.scroll_to(y=self.at, animate=False, immediate=True)
        elif self.at >= top + height:
            self.scroll_to(y=self.at - height + 1, animate=False, immediate=True)
        self.refresh()

    def action_move(self, by: int) -> None:
        self.go(self.at + by)

    def action_page(self, by: int) -> None:
        self.go(self.at + by * max(1, self.scrollable_content_region.height - 1))

    def action_go(self, row: int) -> None:
        self.go(row)

    def action_choose(self) -> None:
        if self._rows:
            self.chosen(self.at)
