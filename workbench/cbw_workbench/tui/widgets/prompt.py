"""The bottom line: the command that a key or the prompt ran, and the prompt itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static

from cbw_workbench.tui.messages import PromptClosed, RunLine, SearchFor
from cbw_workbench.tui.state import WorkbenchState, duration
from cbw_workbench.tui.widgets.base import StateWidget

Completer = Callable[[str], Sequence[str]]

_PLACEHOLDERS = {
    ":": "a command: tab completes, up goes back in history, esc leaves",
    "/": "what to look for: n goes on, N back",
}


def command_log(state: WorkbenchState) -> Content:
    """The command at work, or the last one and how it ended."""
    if state.job is not None:
        return Content.assemble((" > ", "$primary"), (state.job.line, ""), (" …", "$foreground 62%"))
    ran = state.last
    if ran is None:
        return Content.styled(" : for a command, ? for the keys", "$foreground 62%")
    good = ran.error is None and ran.status == 0
    mark = ("✓", "$text-success") if good else (f"✗ {ran.status}", "bold $text-error")
    why = (f"  {ran.error.message}", "$text-error") if ran.error is not None and not ran.long else ""
    return Content.assemble(
        (" > ", "$primary"), ran.line, "  ", mark, (f" {duration(ran.seconds)}", "$foreground 62%"), why
    )


class CommandLog(StateWidget):
    """One line."""

    def picture(self, state: WorkbenchState) -> object:
        return (state.job, state.last and state.last.number)

    def render(self) -> Content:
        return command_log(self.state).truncate(self.size.width, ellipsis=True)


class _Suggester(Suggester):
    def __init__(self, complete: Completer) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        found = self._complete(value) if value else ()
        return found[0] if found else None


class PromptInput(Input):
    """Up and down go through the history, tab through the completions, escape leaves."""

    BINDINGS = [
        Binding("up", "earlier(1)", "Earlier", show=False),
        Binding("down", "earlier(-1)", "Later", show=False),
        Binding("tab", "complete(1)", "Complete", show=False),
        Binding("shift+tab", "complete(-1)", "Complete", show=False),
        Binding("escape", "leave", "Leave", show=False),
    ]

    def __init__(self, complete: Completer, history: Sequence[str]) -> None:
        super().__init__(suggester=_Suggester(complete), compact=True, select_on_focus=False)
        self._complete = complete
        self.history: list[str] = list(history)
        self._back = 0
        self._typed = ""
        self._choices: Sequence[str] = ()
        self._choice = -1

    def start(self, text: str) -> None:
        """Begin with a text; where it ends with two quotes, between them."""
        self._back, self._choices = 0, ()
        self.value = text
        self.cursor_position = len(text) - text.endswith("''")

    def remember(self, line: str) -> None:
        if line and (not self.history or self.history[-1] != line):
            self.history.append(line)

    def action_earlier(self, by: int) -> None:
        """Lines that begin with what was typed, newest first."""
        if self._back == 0:
            self._typed = self.value
        matching = list(dict.fromkeys(line for line in reversed(self.history) if line.startswith(self._typed)))
        self._back = max(0, min(len(matching), self._back + by))
        self._put(matching[self._back - 1] if self._back else self._typed)

    def action_complete(self, by: int) -> None:
        if self._choice < 0 or self.value not in self._choices:
            self._choices, self._choice = self._complete(self.value), -1
            if by < 0:
                self._choice = 0
        if self._choices:
            self._choice = (self._choice + by) % len(self._choices)
            self._put(self._choices[self._choice])
            if len(self._choices) == 1:
                self._choice = -1

    def action_leave(self) -> None:
        self.post_message(PromptClosed())

    def on_key(self, event: events.Key) -> None:
        if event.key not in ("up", "down"):
            self._back = 0
        if event.key == "backspace" and not self.value:
            event.prevent_default()
            self.post_message(PromptClosed())

    def _put(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)


class CommandLine(StateWidget):
    """Shows the command log until it is opened as a prompt for a command (`:`) or for a search (`/`)."""

    def __init__(self, complete: Completer, history: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._complete = complete
        self._history = history
        self._mode = ""

    def compose(self) -> ComposeResult:
        yield CommandLog().data_bind(CommandLine.state)
        with Horizontal(id="prompt"):
            yield Static(":", id="prompt-mark")
            yield PromptInput(self._for_mode, self._history)

    def picture(self, state: WorkbenchState) -> object:
        return None

    @property
    def mode(self) -> str:
        """ ":" or "/" while it is open, else ""."""
        return self._mode

    @property
    def input(self) -> PromptInput:
        return self.query_one(PromptInput)

    def open(self, mode: str, text: str = "") -> None:
        self._mode = mode
        self.query_one("#prompt-mark", Static).update(f" {mode}")
        self._turn(is_open=True)
        self.input.placeholder = _PLACEHOLDERS[mode]
        self.input.start(text)
        self.screen.set_focus(self.input)  # now: `focus()` would let keys pass that follow at once

    def close(self) -> None:
        self._mode = ""
        self._turn(is_open=False)

    def _turn(self, *, is_open: bool) -> None:
        self.query_one(CommandLog).display = not is_open
        self.query_one("#prompt").display = is_open

    def on_mount(self) -> None:
        self._turn(is_open=False)

    def _for_mode(self, text: str) -> Sequence[str]:
        return self._complete(text) if self._mode == ":" else ()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._mode == "/":
            self.post_message(SearchFor(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        mode, text = self._mode, event.value.strip()
        self.post_message(PromptClosed())
        if mode == "/":
            self.post_message(SearchFor(text, done=True))
        elif text:
            self.input.remember(text)
            self.post_message(RunLine(text))
