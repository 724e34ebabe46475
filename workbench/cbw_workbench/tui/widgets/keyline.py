"""The keys that make sense now, in one line: those the table wants in it, and as many of the others as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cbw_workbench.tui.keys import Key, keys_of
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget


def offered(keys: Sequence[Key], *, busy: bool, jobs: bool, width: int) -> tuple[Key, ...]:
    """The keys to show, in the table's order, in at most `width` cells."""
    now = [key for key in keys if not (key.idle and busy) and not (key.busy and not jobs)]
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


class KeyLine(StateWidget):
    """One line; a click does what the key does."""

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._keys = keys_of(screen)

    def picture(self, state: WorkbenchState) -> object:
        return (state.busy, bool(state.jobs))

    def render(self) -> Content:
        state = self.state
        shown = offered(self._keys, busy=state.busy, jobs=bool(state.jobs), width=self.size.width)
        return Content(" ").join(_one(key) for key in shown)


def _one(key: Key) -> Content:
    action = f"run_line({key.line!r})" if key.line else key.action
    where = "app" if action == "command_palette" else "screen"
    markup = f'[@click="{where}.{action}"][bold $accent]$key[/] [$foreground 70%]$label[/][/]'
    return Content.from_markup(markup, key=_first(key), label=key.label)
