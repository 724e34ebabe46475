"""A question with entries to choose from; the digits choose at once."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class Choose(ModalScreen["int | None"]):
    """Gives the index of the entry chosen, None when declined with escape."""

    BINDINGS = [("escape,q", "decline", "Cancel")]

    def __init__(self, title: str, entries: Sequence[str], at: int = 0) -> None:
        super().__init__()
        self._title, self._entries, self._at = title, tuple(entries), at

    def compose(self) -> ComposeResult:
        with Vertical(id="choose") as box:
            box.border_title = Content(self._title)
            options = [
                Option(Content.assemble((f"{number if number < 10 else ' '} ", "$text-accent"), entry))
                for number, entry in enumerate(self._entries, 1)
            ]
            yield OptionList(*options)
            yield Static(Content.styled("digit or enter chooses, esc leaves", "$foreground 62%"))

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = self._at

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def on_key(self, event: events.Key) -> None:
        if event.key.isdecimal() and 1 <= int(event.key) <= len(self._entries):
            event.stop()
            self.dismiss(int(event.key) - 1)

    def action_decline(self) -> None:
        self.dismiss(None)
