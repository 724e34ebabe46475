"""The command palette: every command, and every screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cbw_workbench.commands import Command
from cbw_workbench.commands.finding import leaves_of
from cbw_workbench.commands.registry import all_commands
from cbw_workbench.tui.messages import RunLine
from cbw_workbench.tui.screens.base import WorkbenchScreen
from cbw_workbench.tui.screens.table import TABLE


def needs_words(command: Command) -> bool:
    """Whether a command cannot be run without arguments."""
    positional = (arg for arg in command.args if not arg.names[0].startswith("-"))
    return any(arg.options.get("nargs") not in ("?", "*") for arg in positional)


class Commands(Provider):
    """A command without arguments runs; one that needs some comes to the prompt."""

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        screen = self.screen
        if not isinstance(screen, WorkbenchScreen):
            return
        for name, command in leaves_of(all_commands(), "tui").items():
            if needs_words(command):
                yield f"{name} …", command.summary, partial(screen.open_prompt, ":", f"{name} ")
            else:
                yield name, command.summary, partial(screen.post_message, RunLine(name))
        for entry in TABLE:
            yield f"screen {entry.title}", "go there", partial(screen.app.switch_screen, entry.name)
        yield "theme", "choose other colours", screen.app.action_change_theme

    async def discover(self) -> Hits:
        for name, summary, action in self._entries():
            yield DiscoveryHit(name, action, help=summary)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, summary, action in self._entries():
            score = max(matcher.match(name), 0.7 * matcher.match(summary))
            if score > 0:
                yield Hit(score, matcher.highlight(name), action, help=summary)
