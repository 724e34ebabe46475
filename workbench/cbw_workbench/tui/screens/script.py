"""The debugger's screen: the script with the line where it stands, calls, variables, breakpoints, and its output."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget

from cbw_workbench.tui import keys
from cbw_workbench.tui.messages import OpenPlace, RunLine
from cbw_workbench.tui.screens.base import WorkbenchScreen
from cbw_workbench.tui.state import WorkbenchState, log_key
from cbw_workbench.tui.widgets.breakpoints import BreakpointsView
from cbw_workbench.tui.widgets.log import LogView
from cbw_workbench.tui.widgets.source_pane import SourcePane
from cbw_workbench.tui.widgets.stack import StackView
from cbw_workbench.tui.widgets.variables import VariablesView


class ScriptScreen(WorkbenchScreen):
    """Comes to the front by itself when a script stops."""

    NAME = "script"
    TITLE_IN_HEADER = "script"
    BINDINGS = keys.bindings(NAME)

    def body(self) -> Iterable[Widget]:
        here = WorkbenchScreen.state
        yield Vertical(
            SourcePane(id="source-pane", classes="pane").data_bind(here),
            Vertical(LogView(self.tools.book, id="log").data_bind(here), id="script-log", classes="pane"),
            id="script-left",
        )
        yield Container(
            StackView(id="stack", classes="pane").data_bind(here),
            VariablesView(id="variables", classes="pane").data_bind(here),
            BreakpointsView(id="breakpoints", classes="pane").data_bind(here),
            id="script-right",
        )

    def on_mount(self) -> None:
        for name, title in (("stack", "stack"), ("variables", "variables"), ("breakpoints", "breakpoints")):
            self.query_one(f"#{name}").border_title = title
        self.watch(self.sources, "tab", self._retitle)
        self.watch(self.sources, "tabs", self._retitle)
        self.sources.view.focus()
        self._follow_stop()

    @property
    def sources(self) -> SourcePane:
        return self.query_one(SourcePane)

    @property
    def log_view(self) -> LogView:
        return self.query_one(LogView)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        if new.standing is not None and new.standing != old.standing:
            self._follow_stop()
        if log_key(old) != log_key(new):
            self._retitle()

    def _follow_stop(self) -> None:
        stop = self.state.standing
        if stop is not None and stop.file:
            self.sources.open(stop.file, stop.line)

    def _retitle(self) -> None:
        tabs = self.sources.tabs
        self.sources.border_title = Content(tabs[self.sources.tab] if self.sources.tab < len(tabs) else "")
        self.query_one("#script-log").border_title = Content(f"{log_key(self.state).phase} log")

    def on_open_place(self, message: OpenPlace) -> None:
        message.stop()
        self.sources.open(message.file, message.line)

    def search(self, text: str, *, done: bool) -> None:
        if self._focus_before is self.log_view:
            count = self.log_view.search(text, done=done)
        else:
            count = self.sources.view.search(text)
        if done and text and not count:
            self.notify(f"{text!r} is not there", severity="warning")

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_turn(self, by: int) -> None:
        self.sources.turn(by)

    def action_toggle_break(self) -> None:
        """A breakpoint at the source's line, or none there any more."""
        view = self.sources.view
        for point in self.state.looked.breakpoints:
            if point.line == view.cursor and (point.file or self.state.looked.script) == view.path:
                self.post_message(RunLine(f"break --delete {point.number}"))
                return
        self.post_message(RunLine(shlex.join(["break", f"{view.path}:{view.cursor}"])))

    def action_until_here(self) -> None:
        self.post_message(RunLine(f"until {self.sources.view.cursor}"))

    def action_prompt_for(self, text: str) -> None:
        self.open_prompt(":", text)
