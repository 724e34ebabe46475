"""The keys and the commands on one page, made from their tables."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from cbw_core.session.model import State
from cbw_workbench.commands.finding import leaves_of
from cbw_workbench.commands.registry import all_commands
from cbw_workbench.tui.keys import Key, keys_of
from cbw_workbench.tui.look import STATES

_IN_PANES = (
    ("tab, shift+tab", "the next pane, the one before"),
    ("arrows", "select an output and a phase; move in source and log"),
    ("enter", "on a phase: its log; on an error: the line to blame"),
    ("n, N", "in log and source: the next and the previous match"),
    ("W, f", "in the log: wrap long lines or not; follow the tail again"),
    ("up, down, tab", "at the prompt: history, completion"),
    ("left, right", "in the source: along its lines; a click beside a line: breakpoint"),
    ("enter", "in calls: their source; in variables: open and close; in breakpoints: the line"),
    ("/", "in variables: only what holds a text (empty: all again)"),
    ("space, d, B", "in breakpoints: off and on, forget, condition"),
)


def help_text(keys: Iterable[Key]) -> Content:
    """The page."""
    table = tuple(keys)
    lines: list[Content] = []
    at_stop = [key for key in table if key.when == "stop"]
    others = [key for key in table if key.when != "stop"]
    for title, rows in (
        ("Where a script stands", at_stop),
        ("Keys that run commands", [key for key in others if key.line]),
        ("Keys of the screen", [key for key in others if not key.line]),
    ):
        if rows:
            lines += [_head(title), *(_key(key) for key in rows), Content("")]
    lines.pop()
    lines += [Content(""), _head("In the panes")]
    lines += [Content.assemble((f"  {keys:<16}", "bold"), text) for keys, text in _IN_PANES]
    lines += [Content(""), _head("States")]
    lines.append(
        Content("  ")
        + Content("   ").join(Content.styled(f"{STATES[s].glyph} {s.value}", STATES[s].style) for s in State)
    )
    lines += [Content(""), _head("Commands at the : prompt")]
    for name, command in leaves_of(all_commands(), "tui").items():
        lines.append(Content.assemble((f"  {name:<20}", "bold"), command.summary))
    lines.append(Content.styled("  help COMMAND shows its arguments", "$foreground 62%"))
    return Content("\n").join(lines)


def _key(key: Key) -> Content:
    line = key.line.replace("{pick}", "PHASE").replace("{phase}", "PHASE")
    command = Content.styled(f"  :{line}", "$text-accent") if line else Content("")
    return Content.assemble((f"  {key.shown_keys:<5}", "bold"), key.help) + command


def _head(text: str) -> Content:
    return Content.styled(text, "bold $primary")


class HelpScreen(ModalScreen[None]):
    """Any of escape, q and ? closes it."""

    BINDINGS = [("escape,q,question_mark", "app.pop_screen", "Close")]

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._of = screen

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(help_text(keys_of(self._of)))
