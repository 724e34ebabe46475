"""The frame every screen of the workbench has: header, body, status line, command line, footer; and the common keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from cbw_core.session.model import PHASES
from cbw_workbench.tui import keys
from cbw_workbench.tui.logbook import LogBook
from cbw_workbench.tui.messages import CancelAll, LeaveWorkbench, PromptClosed, ReadAgain, RunLine, SearchFor
from cbw_workbench.tui.screens.ask import Choose
from cbw_workbench.tui.screens.help import HelpScreen
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.header import HeadLine
from cbw_workbench.tui.widgets.keyline import KeyLine
from cbw_workbench.tui.widgets.prompt import CommandLine
from cbw_workbench.tui.widgets.status import StatusLine


@dataclass(frozen=True)
class Tools:
    """What the app lends its screens: the logs, how results are drawn, completion and history of the prompt."""

    book: LogBook
    draw: Callable[[object], RenderableType]
    complete: Callable[[str], Sequence[str]]
    history: Sequence[str] = ()


class WorkbenchScreen(Screen[None]):
    """A screen follows the app's state and hands it to its widgets: `Widget().data_bind(WorkbenchScreen.state)`.

    A new screen sets `NAME` and `BINDINGS = keys.bindings(NAME)`, yields its body in `body` and is listed in `table`.
    """

    NAME: ClassVar[str] = ""
    TITLE_IN_HEADER: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (118, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]

    state: reactive[WorkbenchState] = reactive(WorkbenchState(), repaint=False, init=False)

    def __init__(self, tools: Tools) -> None:
        super().__init__(classes=f"screen-{self.NAME}")
        self.tools = tools
        self._focus_before: Widget | None = None
        self.catching_up = False  # what changed did so while the screen was not shown

    def compose(self) -> ComposeResult:
        yield HeadLine(self.TITLE_IN_HEADER).data_bind(WorkbenchScreen.state)
        with Container(id="body"):
            yield from self.body()
        yield StatusLine(self._runs).data_bind(WorkbenchScreen.state)
        yield CommandLine(self.tools.complete, self.tools.history, id="command").data_bind(WorkbenchScreen.state)
        yield KeyLine(self.NAME).data_bind(WorkbenchScreen.state)

    @property
    def _runs(self) -> str:
        """The key that runs the next phase on this screen."""
        return "s" if keys.by_action("run_line", ("step",), self.NAME) in keys.keys_of("") else "r"

    def body(self) -> Iterable[Widget]:
        """The widgets between header and status line."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.watch(self.app, "state", self._follow)

    def _follow(self, state: WorkbenchState) -> None:
        if self in self.app.screen_stack:  # one that is not shown has no work with each step of a script
            self.state = state

    def on_screen_resume(self) -> None:
        self.catching_up = True
        self.state = self.app.state  # type: ignore[attr-defined]
        self.catching_up = False

    def watch_state(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self.changed(old, new)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        """The state is another one. For what a screen does beyond its widgets."""

    def search(self, text: str, *, done: bool) -> None:
        """Search what is in front; screens that have something to search say how."""

    # -- the prompt -----------------------------------------------------------------------------------------------

    @property
    def command(self) -> CommandLine:
        return self.query_one(CommandLine)

    def open_prompt(self, mode: str = ":", text: str = "") -> None:
        if not self.command.mode:
            self._focus_before = self.focused
        self.command.open(mode, text)

    def on_prompt_closed(self, message: PromptClosed) -> None:
        self.command.close()
        if self._focus_before is not None and self._focus_before.focusable:
            self._focus_before.focus()

    def on_search_for(self, message: SearchFor) -> None:
        self.search(message.text, done=message.done)

    # -- the common keys ------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are not there: steps while a phase runs, cancel while nothing does."""
        key = keys.by_action(action, parameters, self.NAME)
        if key is None:
            return True
        if isinstance(self.focused, Input) and action not in ("cancel", "interrupt"):
            return False  # a letter, there
        if key.busy:
            return bool(self.state.jobs)
        if key.when == "stop" and key.line and self.state.busy:
            return True  # held down, it means nothing else while the script is under way: see action_run_line
        return key.is_for(standing=self.state.standing is not None) and not (key.idle and self.state.busy)

    def action_run_line(self, line: str) -> None:
        """Run a key's command line with what is selected filled in."""
        row = self.state.row
        key = keys.by_action("run_line", (line,), self.NAME)
        if key is not None and key.idle and self.state.busy:
            return
        if keys.PICK in line:
            self._pick(line)
            return
        values = {"phase": self.state.cursor.phase.value, "output": row.output if row else ""}
        self.post_message(RunLine(keys.fill(line, values)))

    def _pick(self, line: str) -> None:
        def chosen(index: int | None) -> None:
            if index is not None:
                self.post_message(RunLine(line.replace(keys.PICK, PHASES[index].value)))

        row = self.state.row
        notes = [row[p].state.value if row else "" for p in PHASES]
        entries = tuple(f"{p.value:<8} {note}" for p, note in zip(PHASES, notes, strict=True))
        at = self.state.cursor.phase.number
        self.app.push_screen(Choose(line.replace(keys.PICK, "…"), entries, at), chosen)

    def action_cancel(self) -> None:
        self.post_message(CancelAll())

    def action_prompt(self) -> None:
        self.open_prompt(":")

    def action_search(self) -> None:
        self.open_prompt("/")

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.NAME))

    def action_leave(self) -> None:
        self.post_message(LeaveWorkbench())

    def action_suspend(self) -> None:
        if os.getsid(os.getppid()) == os.getsid(0):
            self.app.action_suspend_process()
        else:
            self.notify("there is no shell to go to: cbw is all that runs in this terminal", severity="warning")

    def action_refresh_rows(self) -> None:
        self.post_message(ReadAgain())

    def action_go(self, name: str) -> None:
        """To another screen."""
        if name != self.NAME:
            self.app.switch_screen(name)

    def action_zoom(self) -> None:
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            panes = (node for node in self.focused.ancestors_with_self if node.has_class("pane"))
            self.maximized = next((pane for pane in panes if isinstance(pane, Widget)), None)
