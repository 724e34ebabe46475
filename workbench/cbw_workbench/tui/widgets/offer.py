"""What to do where a script has failed or was edited: one line of keys, above the output."""

from __future__ import annotations

from textual import events
from textual.content import Content

from cbw_core.trace.model import FAILED
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget

Offered = tuple[tuple[str, str, str], ...]  # key, words, action of the screen

_EDIT = ("e", "edit", "run_line('edit')")
_RELOAD = ("r", "read the edit in", "run_line('reload')")
_SHELL = ("!", "shell", "run_line('shell')")


def offer(state: WorkbenchState) -> tuple[str, Offered]:
    """A few words and the keys that make sense; "" where there is nothing to offer."""
    stop, looked = state.standing, state.looked
    if stop is None or looked.serial != stop.serial:
        return "", ()
    if looked.pending is not None:
        go = ("c", f"goes on with line {looked.pending}", "run_line('continue')")
        return "edited", (go, ("n", "runs only that", "run_line('next')"), _EDIT)
    if looked.edited:
        return "the script has changed", (_RELOAD, _EDIT)
    if stop.reason not in FAILED:
        return "", ()
    ends = ("c", "let it fail", "run_line('continue')")
    on = ("C", "ignore it", "run_line('continue --ignore')")
    return "failed", (_EDIT, _SHELL, on, ends) if stop.reason == "failure" else (_EDIT, _SHELL, ends)


class Offer(StateWidget):
    """One line, not there where nothing is to be offered; a click does what the key does."""

    def picture(self, state: WorkbenchState) -> object:
        return (offer(state), state.busy)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self.display = bool(offer(new)[1])
        self.refresh()

    def on_mount(self) -> None:
        self.display = bool(offer(self.state)[1])

    def render(self) -> Content:
        words, keys = offer(self.state)
        told = [Content.assemble((key, "bold $accent"), f" {text}") for key, text, _ in keys]
        line = Content.styled(f"{words}: ", "bold $text-warning") + Content("  ").join(told)
        return line.truncate(self.size.width, ellipsis=True)

    async def on_click(self, event: events.Click) -> None:
        words, keys = offer(self.state)
        at = len(words) + 2
        for key, text, action in keys:
            end = at + len(key) + 1 + len(text)
            if at <= event.x < end:
                await self.run_action(f"screen.{action}")
            at = end + 2
