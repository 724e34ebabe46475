"""Where the script stands: the command, and the calls that led to it."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.binding import Binding
from textual.content import Content

from cbw_workbench.tui.look import CURSOR
from cbw_workbench.tui.messages import OpenPlace
from cbw_workbench.tui.standing import words
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget

_HEAD = 2  # lines above the frames


class StackView(StateWidget, can_focus=True):
    """Arrows go through the calls; the source shows the one chosen."""

    BINDINGS = [
        Binding("up,k", "move(-1)", "Call", show=False),
        Binding("down,j", "move(1)", "Call", show=False),
        Binding("enter", "move(0)", "Call", show=False),
    ]

    chosen = 0

    def picture(self, state: WorkbenchState) -> object:
        return (state.standing, state.looked.serial, state.looked.frames)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self.chosen = 0
        self.refresh()

    def render(self) -> Content:
        stop, looked = self.state.standing, self.state.looked
        if stop is None:
            return Content.styled("nothing stands: b sets a breakpoint, r 4 runs the build", "$foreground 62%")
        style = "bold $text-error" if stop.reason in ("failure", "exit") else "bold $text-accent"
        where = f"  in a subshell ({stop.subshell})" if stop.subshell else ""
        lines = [
            Content.assemble((words(stop), style), (where, "$foreground 62%")),
            Content.assemble("  ", stop.command),
        ]
        for number, frame in enumerate(looked.frames if looked.serial == stop.serial else ()):
            mark = (CURSOR if number == self.chosen else " ", "$primary")
            place = f"{Path(frame.file).name}:{frame.line}"
            lines.append(Content.assemble(mark, (frame.function, "bold"), (f"  {place}", "$foreground 62%")))
        return Content("\n").join(line.truncate(self.size.width, ellipsis=True) for line in lines)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None:
            self._choose(at.y - _HEAD)

    def action_move(self, by: int) -> None:
        self._choose(self.chosen + by)

    def _choose(self, number: int) -> None:
        frames = self.state.looked.frames
        if self.state.standing is None or not frames:
            return
        self.chosen = max(0, min(len(frames) - 1, number))
        self.refresh()
        self.post_message(OpenPlace(frames[self.chosen].file, frames[self.chosen].line))
