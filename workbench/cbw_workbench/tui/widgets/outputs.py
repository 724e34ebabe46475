"""The recipe's outputs by their phases: a row each, a glyph per phase."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from cbw_core.session.model import PHASES
from cbw_workbench.tui.look import CURSOR, STATES, short_names
from cbw_workbench.tui.messages import SelectCell, ShowTab
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget

_CELL = 2
_CELLS = _CELL * len(PHASES)


class OutputsTable(StateWidget, can_focus=True):
    """Arrows select an output and a phase; a click, too. It grows with its rows and lies in something that scrolls."""

    BINDINGS = [
        Binding("up,k", "move(-1, 0)", "Output", show=False),
        Binding("down,j", "move(1, 0)", "Output", show=False),
        Binding("left,h", "move(0, -1)", "Phase", show=False),
        Binding("right", "move(0, 1)", "Phase", show=False),
        Binding("enter", "show_log", "Log", show=False),
    ]

    def picture(self, state: WorkbenchState) -> object:
        return (tuple((s.output, tuple(p.state for p in s.phases)) for s in state.rows), state.cursor, state.current)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self.refresh(layout=len(old.rows) != len(new.rows))
        if old.cursor.row != new.cursor.row and self.parent is not None:
            self.call_after_refresh(self._show_row, new.cursor.row)

    def render(self) -> Content:
        width = max(self.size.width, _CELLS + 6)
        names = short_names([s.output for s in self.state.rows], width - _CELLS - 1)
        head = Content.styled(
            " " * (width - _CELLS) + "".join(f"{p.value[0]:<{_CELL}}" for p in PHASES), "$foreground 62%"
        )
        return Content("\n").join([head, *(self._line(row, name, width) for row, name in enumerate(names))])

    def _line(self, row: int, name: str, width: int) -> Content:
        state = self.state
        status = state.rows[row]
        chosen = row == state.cursor.row
        cells = []
        for phase in PHASES:
            look = STATES[status[phase].state]
            here = chosen and phase is state.cursor.phase
            cells.append((f"{look.glyph:<{_CELL}}", f"{look.style}{' reverse' if here and self.has_focus else ''}"))
        line = Content.assemble(
            (CURSOR if chosen else " ", "$primary"),
            (f"{name:<{width - _CELLS - 1}}", "bold" if chosen else ""),
            *cells,
        )
        if not chosen:
            return line
        return line.stylize_before("on $primary 30%" if self.has_focus else "on $primary 12%")

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or not 1 <= at.y <= len(self.state.rows):
            return
        column = (at.x - (self.size.width - _CELLS)) // _CELL
        phase = PHASES[column] if 0 <= column < len(PHASES) else self.state.cursor.phase
        self.post_message(SelectCell(at.y - 1, phase))

    def action_move(self, rows: int, phases: int) -> None:
        cursor = self.state.cursor
        row = max(0, min(len(self.state.rows) - 1, cursor.row + rows))
        phase = PHASES[max(0, min(len(PHASES) - 1, cursor.phase.number + phases))]
        self.post_message(SelectCell(row, phase))

    def action_show_log(self) -> None:
        self.post_message(ShowTab("log"))

    def _show_row(self, row: int) -> None:
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, row + 1, 1, 1), animate=False)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
