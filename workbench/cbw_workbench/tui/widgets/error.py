"""The error panel: what happened, where, why, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cbw_workbench.tui.marks import marks
from cbw_workbench.tui.messages import OpenPlace, ShowTab
from cbw_workbench.tui.state import ErrorView, WorkbenchState, recipe_folder, shown_error
from cbw_workbench.tui.widgets.base import StateWidget

_NAME = 7  # cells of the names' column


def error_text(error: ErrorView | None, folder: Path, width: int) -> Content:
    """The panel's text, in lines of at most `width` cells. Files of `folder` are named relative to it."""
    if error is None:
        return Content.styled("nothing went wrong", "$foreground 40%")
    phase = f" {error.phase} " if error.phase else f" {error.kind or 'error'} "
    head = Content.assemble((phase, "bold $background on $error"), " ", (error.message, "bold $text-error"))
    parts = [head]
    if error.file:
        where = replace(error, file=_relative(error.file, folder)).where
        parts += [Content(""), *_named("where", f"{where}\n(enter opens it)", "", width)]
        if error.text:
            parts += _named("", error.text.expandtabs(4), "", width)
            fits = error.column and len(error.text) + _NAME <= width
            parts += [Content.styled(" " * (_NAME - 1 + (error.column or 1)) + "^", "$text-error")] if fits else []
    if error.why:
        parts += [Content(""), *_named("why", error.why, "", width)]
    if error.hint:
        parts += [Content(""), *_named("next", error.hint, "$text-success", width)]
    if error.details:
        parts += [Content(""), Content.styled(error.details.rstrip("\n"), "$foreground 62%")]
    return Content("\n").join(parts)


def _named(name: str, text: str, style: str, width: int) -> list[Content]:
    """Lines beside a name, wrapped in their own column."""
    lines = [line for part in text.splitlines() for line in Content(part).wrap(max(20, width - _NAME))]
    return [
        Content.assemble((f"{name if number == 0 else '':<{_NAME}}", "$foreground 62%"), line.stylize(style))
        for number, line in enumerate(lines)
    ]


def _relative(file: str, folder: Path) -> str:
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file


class ErrorPanel(StateWidget, VerticalScroll, can_focus=True):
    """Enter opens the place."""

    BINDINGS = [Binding("enter", "open_place", "Open", show=False)]

    def compose(self) -> ComposeResult:
        yield Static(id="error-text")

    def picture(self, state: WorkbenchState) -> object:
        return (shown_error(state), state.row and state.row.recipe)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.children:
            row = self.state.row
            folder = recipe_folder(row) if row else Path()
            width = self.scrollable_content_region.width
            self.query_one("#error-text", Static).update(error_text(shown_error(self.state), folder, width))

    def action_open_place(self) -> None:
        error = shown_error(self.state)
        if error is None or not error.file:
            return
        place = next((m for m in marks(self.state) if m.file.endswith(error.file)), None)
        self.post_message(ShowTab("source"))
        self.post_message(OpenPlace(place.file if place else error.file, error.line))
