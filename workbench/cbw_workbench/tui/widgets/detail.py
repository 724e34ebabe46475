"""What there is to know of the selected phase: why it is stale, how it failed, when it ran, what it gave out."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cbw_core.session.model import PhaseStatus, State
from cbw_workbench.tui.look import STATES
from cbw_workbench.tui.state import WorkbenchState, error_view
from cbw_workbench.tui.widgets.base import StateWidget


def detail(phase: PhaseStatus, next_phase: str) -> Content:
    """The lines for one phase."""
    lines = []
    if phase.why_stale:
        lines.append(Content.styled("it took in what has changed since:", "$foreground 62%"))
        lines += [Content.assemble(("  ↻ ", "$text-warning"), reason) for reason in phase.why_stale]
    if phase.error and phase.state in (State.FAILED, State.INTERRUPTED):
        error = error_view(phase.error)
        lines.append(Content.assemble((error.message, "$text-error")))
        lines.append(Content.styled("e: where, why, what next", "$foreground 62%"))
    if phase.state in (State.PENDING, State.STALE, State.INTERRUPTED):
        how = "s runs it" if phase.phase.value == next_phase else f"r {phase.phase.number + 1} runs up to it"
        lines.append(Content.styled(how, "$foreground 62%"))
    if phase.state is State.RUNNING:
        lines.append(Content.styled("x stops it", "$foreground 62%"))
    if phase.started and phase.state is not State.PENDING:
        lines.append(Content.styled(f"began {phase.started.replace('T', ' ')[:19]}", "$foreground 62%"))
    lines += [
        Content.assemble((f"{name}: ", "$foreground 62%"), str(value))
        for name, value in phase.result.items()
        if isinstance(value, (str, int, float)) and value != ""
    ]
    return Content("\n").join(lines)


class PhaseDetail(StateWidget, VerticalScroll, can_focus=False):
    """The selected phase in words."""

    def compose(self) -> ComposeResult:
        yield Static()

    def picture(self, state: WorkbenchState) -> object:
        return (state.phase, state.row and state.row.next_phase)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        row, phase = self.state.row, self.state.phase
        if not self.children or row is None or phase is None:
            return
        look = STATES[phase.state]
        self.border_title = Content.assemble(f"{phase.phase} ", (f"{look.glyph} {phase.state}", look.style))
        self.query_one(Static).update(detail(phase, row.next_phase or ""))
