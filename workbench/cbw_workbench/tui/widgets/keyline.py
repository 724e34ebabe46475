"""The keys that make sense now, in one line: those the table wants there, and others where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content

from cbw_workbench.tui.keys import Key, keys_of
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget


def offered(keys: Sequence[Key], *, busy: bool, jobs: bool, width: int, standing: bool = False) -> tuple[Key, ...]:
    """The keys to show, in the table's order, in at most `width` cells."""
    now = [key for key in keys if not (key.idle and busy) and not (key.busy and not jobs)]
    now = [key for key in now if key.is_for(standing=standing)]
    chosen: list[Key] = []
    room = width
    for key in sorted(now, key=lambda key: not key.footer):
        room -= len(_first(key)) + len(key.label) + 2
        if room < -1:  # the last one needs no space after it
            break
        chosen.append(key)
    return tuple(key for key in now if key in chosen)


def _first(key: Key) -> str:
    return key.shown_keys.split()[0]


_SHORT = 0.5  # seconds


def _now(state: WorkbenchState) -> tuple[bool, bool, bool]:
    """Whether a phase is under way, anything is, a script stands; a short step is as if it stood."""
    stepping = state.at is not None and state.job is not None and state.clock - state.job.since < _SHORT
    return state.busy and not stepping, bool(state.jobs) and not stepping, state.at is not None


class KeyLine(StateWidget):
    """One line; a click does what the key does."""

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._keys = keys_of(screen)

    def picture(self, state: WorkbenchState) -> object:
        return _now(state)

    @property
    def shown(self) -> tuple[Key, ...]:
        busy, jobs, standing = _now(self.state)
        return offered(self._keys, busy=busy, jobs=jobs, width=self.size.width, standing=standing)

    def render(self) -> Content:
        return Content(" ").join(
            Content.assemble((_first(key), "bold $accent"), (f" {key.label}", "$foreground 70%")) for key in self.shown
        )

    async def on_click(self, event: events.Click) -> None:
        at = 0
        for key in self.shown:
            end = at + len(_first(key)) + 1 + len(key.label)
            if at <= event.x < end:
                where = "app" if key.action == "command_palette" else "screen"
                await self.run_action(f"{where}.{key.action or f'run_line({key.line!r})'}")
            at = end + 1
