"""The phases of the selected output, a line each: number, name, state as glyph and word, seconds."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content

from cbw_core.session.model import PHASES, Phase, State
from cbw_workbench.tui.look import CURSOR, STATES
from cbw_workbench.tui.messages import SelectCell, ShowTab
from cbw_workbench.tui.state import WorkbenchState, duration, seconds_of
from cbw_workbench.tui.widgets.base import StateWidget


class PhaseList(StateWidget, can_focus=True):
    """Arrows select a phase; enter shows its log."""

    BINDINGS = [
        Binding("up,k", "move(-1)", "Phase", show=False),
        Binding("down,j", "move(1)", "Phase", show=False),
        Binding("home", "move(-9)", "First", show=False),
        Binding("end", "move(9)", "Last", show=False),
        Binding("left", "output(-1)", "Output", show=False),
        Binding("right", "output(1)", "Output", show=False),
        Binding("enter", "show_log", "Log", show=False),
    ]

    def picture(self, state: WorkbenchState) -> object:
        row = state.row
        times = tuple(duration(seconds_of(state, row, p)) for p in PHASES) if row else ()
        return (row and tuple(p.state for p in row.phases), times, state.cursor, row and row.next_phase)

    def render(self) -> Content:
        return Content("\n").join(self._line(phase) for phase in PHASES)

    def _line(self, phase: Phase) -> Content:
        state = self.state
        row = state.row
        if row is None:
            return Content.styled(f"  {phase.value}", "$foreground 40%")
        standing = row[phase].state
        look = STATES[standing]
        chosen = phase is state.cursor.phase
        seconds = duration(seconds_of(state, row, phase))
        name_style = "bold" if chosen else ("$foreground 62%" if standing in (State.PENDING, State.SKIPPED) else "")
        line = Content.assemble(
            (CURSOR if chosen else " ", "$primary"),
            (f"{phase.number + 1} ", "$foreground 40%"),
            (f"{phase.value:<7} ", name_style),
            (f"{look.glyph} {standing.value:<11}", look.style),
            (f"{seconds:>{max(5, self.size.width - 24)}}", "$foreground 62%"),
        )
        if not chosen:
            return line
        return line.pad_right(max(0, self.size.width - line.cell_length)).stylize_before(
            "on $primary 30%" if self.has_focus else "on $primary 12%"
        )

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None and 0 <= at.y < len(PHASES):
            self.post_message(SelectCell(self.state.cursor.row, PHASES[at.y]))

    def action_move(self, by: int) -> None:
        at = max(0, min(len(PHASES) - 1, self.state.cursor.phase.number + by))
        self.post_message(SelectCell(self.state.cursor.row, PHASES[at]))

    def action_output(self, by: int) -> None:
        row = max(0, min(len(self.state.rows) - 1, self.state.cursor.row + by))
        self.post_message(SelectCell(row, self.state.cursor.phase))

    def action_show_log(self) -> None:
        self.post_message(ShowTab("log"))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
