"""The debugger's screen: the script with the line where it stands, calls, variables, files, breakpoints, its output."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from textual.containers import Container, Vertical
from textual.reactive import reactive
from textual.widget import Widget

from cbw_core.trace.model import Evaluated
from cbw_workbench.commands.stops import BreakpointList
from cbw_workbench.tui import keys
from cbw_workbench.tui.look import entitle
from cbw_workbench.tui.marks import script_of
from cbw_workbench.tui.messages import GutterClicked, Interrupt, OpenPlace, RunLine, ShowTab
from cbw_workbench.tui.screens.base import Tools, WorkbenchScreen
from cbw_workbench.tui.standing import point_at, quoted
from cbw_workbench.tui.state import Ran, WorkbenchState, log_key
from cbw_workbench.tui.widgets.breakpoints import BreakpointsView
from cbw_workbench.tui.widgets.log import LogView
from cbw_workbench.tui.widgets.made import MadeView
from cbw_workbench.tui.widgets.offer import Offer
from cbw_workbench.tui.widgets.results import ResultsView
from cbw_workbench.tui.widgets.source_pane import SourcePane
from cbw_workbench.tui.widgets.stack import StackView
from cbw_workbench.tui.widgets.variables import VariablesView

_STOPS = ("build", "test", "interrupted")  # kinds of errors that the stop, or the log, tells of already


def answers(ran: Ran) -> bool:
    """Whether a command gave back something to read; a stop, or the end of a phase, is seen elsewhere."""
    if ran.error is not None:
        return ran.error.kind not in _STOPS
    if isinstance(ran.value, BreakpointList) and not ran.value.note:
        return False  # they stand in their pane
    return ran.value is not None and (ran.asks or isinstance(ran.value, Evaluated))


class ScriptScreen(WorkbenchScreen):
    """Comes to the front by itself when a script stops. Below the source lies what the script says (`output`), or what
    commands gave back (`results`); a very wide terminal shows both."""

    NAME = "script"
    TITLE_IN_HEADER = "script"
    BINDINGS = keys.bindings(NAME)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (118, "-wide"), (170, "-huge")]

    page: reactive[str] = reactive("output", init=False)

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._opened = False

    def body(self) -> Iterable[Widget]:
        here = WorkbenchScreen.state
        yield Vertical(
            SourcePane(id="source-pane", classes="pane").data_bind(here),
            Offer(id="offer").data_bind(here),
            Container(
                Vertical(LogView(self.tools.book, id="log").data_bind(here), id="script-log", classes="pane"),
                Vertical(
                    ResultsView(self.tools.draw, answers, id="results").data_bind(here),
                    id="script-results",
                    classes="pane",
                ),
                id="script-pages",
            ),
            id="script-left",
        )
        yield Vertical(
            StackView(id="stack", classes="pane").data_bind(here),
            VariablesView(id="variables", classes="pane").data_bind(here),
            MadeView(id="made", classes="pane").data_bind(here),
            BreakpointsView(id="breakpoints", classes="pane").data_bind(here),
            id="script-right",
        )

    def on_mount(self) -> None:
        for name in ("stack", "variables", "breakpoints"):
            self.query_one(f"#{name}").border_title = name
        self.query_one("#script-results").border_title = "results"
        self.watch(self.sources, "tab", self._retitle)
        self.watch(self.sources, "tabs", self._retitle)
        self.watch(self.sources, "tabs", self._listed)
        self.watch(self.log_view, "following", self._retitle)
        self.watch(self.log_view, "found", self._retitle)
        self.sources.view.focus()
        self.watch_page()
        self._follow_stop()

    @property
    def sources(self) -> SourcePane:
        return self.query_one(SourcePane)

    @property
    def log_view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def variables(self) -> VariablesView:
        return self.query_one(VariablesView)

    # -- what is shown --------------------------------------------------------------------------------------------

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        if new.standing is not None and new.standing != old.standing:
            self.page = "output"
            self._follow_stop()
        ran = new.last
        if ran is not None and (old.last is None or ran.number != old.last.number) and answers(ran):
            self.page = "results"
        if new.looked.pending and new.looked.pending != old.looked.pending and new.standing is not None:
            self.sources.open(new.standing.file, new.looked.pending)
        if log_key(old) != log_key(new):
            self._retitle()

    def watch_page(self) -> None:
        self.set_class(self.page == "results", "-results")

    def _follow_stop(self) -> None:
        stop = self.state.standing
        if stop is not None and stop.file:
            self.sources.open(stop.file, stop.line)

    def _listed(self) -> None:
        self.call_later(self._open_script)  # the pane is about to show what it showed

    def _open_script(self) -> None:
        """Once the files are known: the build script, rather than the recipe."""
        script = script_of(self.state)
        if not self._opened and self.sources.paths:
            self._opened = True
            if self.state.standing is None and script in self.sources.paths:
                self.sources.open(script)

    def _retitle(self) -> None:
        tabs, following = self.sources.tabs, self.log_view.following
        entitle(self.sources, tabs[self.sources.tab] if self.sources.tab < len(tabs) else "")
        told = self.log_view.found or ("" if following else "f: follow")
        entitle(self.query_one("#script-log"), f"output of {log_key(self.state).phase}", told)

    def on_open_place(self, message: OpenPlace) -> None:
        message.stop()
        self.sources.open(message.file, message.line)

    def on_show_tab(self, message: ShowTab) -> None:
        if message.tab == "source":
            self.sources.view.focus()
            return
        self.page = "results" if message.tab == "results" else "output"
        (self.query_one(ResultsView) if self.page == "results" else self.log_view).focus()

    def search(self, text: str, *, done: bool) -> None:
        if self._focus_before is self.variables:
            count = self.variables.search(text)
        elif self._focus_before is self.log_view:
            count = self.log_view.search(text, done=done)
        else:
            count = self.sources.view.search(text)
        if done and text and not count:
            self.notify(f"{text!r} is not there", severity="warning")

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_turn(self, by: int) -> None:
        self.sources.turn(by)

    def action_show(self, tab: str) -> None:
        self.post_message(ShowTab(tab))

    def action_go_to_stop(self) -> None:
        self._follow_stop()
        self.sources.view.focus()

    def on_gutter_clicked(self, message: GutterClicked) -> None:
        self._toggle(message.file, message.line)

    def action_toggle_break(self) -> None:
        """A breakpoint at the source's line, or none there any more."""
        self._toggle(self.sources.view.path, self.sources.view.cursor)

    def _toggle(self, path: str, line: int) -> None:
        point = point_at(self.state.looked.breakpoints, path, line, script_of(self.state))
        if point is not None:
            self.post_message(RunLine(f"delete {point.number}"))
        else:
            self.post_message(RunLine(shlex.join(["break", f"{path}:{line}"])))

    def action_break_if(self) -> None:
        """A condition for the breakpoint at the line, or a breakpoint with one."""
        view, pane = self.sources.view, self.query_one(BreakpointsView)
        there = point_at(self.state.looked.breakpoints, view.path, view.cursor, script_of(self.state))
        point = pane.point if self.focused is pane else there
        if point is not None:
            self.open_prompt(":", f"condition {point.number} {quoted(point.condition)}")
        else:
            self.open_prompt(":", f"{shlex.join(['break', f'{view.path}:{view.cursor}'])} --if ''")

    def action_until_here(self) -> None:
        self.post_message(RunLine(f"until {self.sources.view.cursor}"))

    def action_back_here(self) -> None:
        self.post_message(RunLine(f"back {self.sources.view.cursor}"))

    def action_interrupt(self) -> None:
        self.post_message(Interrupt())

    def action_prompt_for(self, text: str) -> None:
        self.open_prompt(":", text)
