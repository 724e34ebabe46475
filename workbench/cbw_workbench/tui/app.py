"""The workbench: an app that keeps the state, lets the runner work and shows screens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.app import App, SuspendNotSupported
from textual.reactive import reactive
from textual.timer import Timer

from cbw_core.errors import CbwError, EnvironmentFailure, Interrupted
from cbw_core.events import PhaseEnded, Stopped
from cbw_workbench.commands import Context
from cbw_workbench.tui import messages
from cbw_workbench.tui import state as states
from cbw_workbench.tui.logbook import LogBook
from cbw_workbench.tui.look import LIGHT, THEME, theme_for
from cbw_workbench.tui.palette import Commands
from cbw_workbench.tui.screens.ask import Choose
from cbw_workbench.tui.screens.base import Tools
from cbw_workbench.tui.screens.table import TABLE
from cbw_workbench.tui.sources import Stamp, stamp
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.worker import Runner

if TYPE_CHECKING:
    from cbw_core.session import Session

_GATHER = 0.03  # seconds in which events are gathered before they are shown
_TICK = 0.5
_LOOK_FOR_EDITS = 1.0
_CLOSER = 0.4  # seconds that a script stands before it is asked what its lines took: not while a key is held down


class WorkbenchApp(App[int]):
    """Messages come in, the state goes on, screens follow it."""

    CSS_PATH = "workbench.tcss"
    TITLE = "cbw"
    COMMANDS = {Commands}
    ENABLE_COMMAND_PALETTE = True

    state: reactive[WorkbenchState] = reactive(WorkbenchState(), repaint=False, init=False)

    def __init__(self, context: Context, session: Session, tools: Tools, remember: Callable[[str], None]) -> None:
        super().__init__()
        self.tools = tools
        self.runner = Runner(context, session, self.post_message, self)
        self._remember = remember
        self._stamp: Stamp = ()
        self._gathering = False
        self._closer: Timer | None = None
        self._stood: Stopped | None = None
        self._answers: set[asyncio.Future[int | None]] = set()

    def on_mount(self) -> None:
        for theme in (THEME, LIGHT):
            self.register_theme(theme)
        wanted = theme_for(self.runner.context.environ or os.environ)
        self.theme = wanted if wanted in self.available_themes else THEME.name
        if self.theme != wanted:
            known = ", ".join(sorted(self.available_themes))
            self.state = replace(self.state, notice=f"CBW_THEME: there is no theme {wanted}; there are {known}")
        for entry in TABLE:
            self.install_screen(entry.screen(self.tools), entry.name)
        self.push_screen(TABLE[0].name)
        self.set_interval(_TICK, self._tick)
        self.set_interval(_LOOK_FOR_EDITS, self._look_for_edits)
        self.runner.refresh()
        self.runner.look()

    @property
    def book(self) -> LogBook:
        return self.tools.book

    # -- asked for by screens -------------------------------------------------------------------------------------

    @on(messages.RunLine)
    def run_line(self, message: messages.RunLine) -> None:
        self._remember(message.line)
        try:
            self.runner.start(message.line, self.state.row)
        except CbwError as error:
            view = states.error_view(error.to_json())
            number = self.runner.refuse()
            self.state = states.ended(self.state, states.Ran(number, message.line, 0.0, error.exit_status, error=view))

    @on(messages.SelectCell)
    def select_cell(self, message: messages.SelectCell) -> None:
        self.state = states.select(self.state, message.row, message.phase)
        self._want_log()

    @on(messages.CancelAll)
    def cancel_all(self) -> None:
        if self.runner.cancel():
            self.state = states.cancelling(self.state)

    @on(messages.Interrupt)
    def interrupt(self) -> None:
        if not self.runner.interrupt():
            self.cancel_all()

    @on(messages.ReadAgain)
    def read_again(self) -> None:
        self.runner.refresh()

    @on(messages.LeaveWorkbench)
    def leave(self, message: messages.LeaveWorkbench) -> None:
        """Leave; ask first when a phase runs, and then wait for it to end. A second time means it."""
        standing = self.state.standing is not None
        if (self.runner.idle and not standing) or self.state.quitting:
            self._go_out(message.status)
            return

        def answered(index: int | None) -> None:
            if index == 0 and not self.runner.idle:
                self.state = replace(states.cancelling(self.state), quitting=True)
                self.runner.cancel()
            elif index == 0:
                self._go_out(message.status)

        job = self.state.job
        title = f"{job.line} is running" if job else "a script stands at a stop" if standing else "something is running"
        self.push_screen(Choose(title, ("stop it and quit", "stay")), answered)

    def terminate(self) -> None:
        """Leave at once, asked for by a signal; from any thread."""
        with contextlib.suppress(RuntimeError):  # it has not begun, or it is over
            self.call_from_thread(self._go_out, Interrupted.exit_status)

    def _go_out(self, status: int) -> None:
        self.runner.close()
        for answer in self._answers:
            if not answer.done():
                answer.set_result(None)
        self.exit(status)

    # -- told by the runner ---------------------------------------------------------------------------------------

    @on(messages.JobStarted)
    def job_started(self, message: messages.JobStarted) -> None:
        if message.job.long and self.state.standing is None:  # what a stopped script says goes on in its phase's log
            self.book.begin_command()
        self.state = states.started(self.state, message.job)

    @on(messages.EventsWaiting)
    def events_waiting(self) -> None:
        if not self._gathering:
            self._gathering = True
            self.set_timer(_GATHER, self._take_events)

    def _take_events(self) -> None:
        self._gathering = False
        happened = self.runner.drain()
        if happened:
            self.book.add(happened)
            self.state = states.happened(self.state, happened, time.monotonic())
            if any(isinstance(event, PhaseEnded) for event in happened):
                self.runner.refresh()
            if any(isinstance(event, Stopped) for event in happened):
                self._stopped()

    def _stopped(self) -> None:
        """A script stands: its screen comes to the front. Where it stops because it is being ended, nothing does."""
        if self.state.standing is None or any(job.cancelling for job in self.state.jobs):
            return
        if self.screen is self.get_screen("main"):
            self.switch_screen("script")
        if self.runner.idle:
            self.runner.look()
        if self._closer is not None:
            self._closer.stop()
        self._closer = self.set_timer(_CLOSER, lambda: self.runner.look(closer=True))

    @on(messages.JobEnded)
    def job_ended(self, message: messages.JobEnded) -> None:
        self._take_events()
        self.state = states.ended(self.state, message.ran)
        stop = self.state.standing
        stepped = stop is not None and stop.serial != self.state.looked.serial  # elsewhere: no phase has moved
        if message.leave is not None:
            last = next((ran.status for ran in reversed(self.state.ran) if ran.status), 0)
            self.leave(messages.LeaveWorkbench(last if message.leave < 0 else message.leave))
        elif self.state.quitting and self.runner.idle:
            self._go_out(0)
        elif not (stepped and message.ran.long):
            self.runner.refresh()
        self.runner.look(edits=not stepped)

    @on(messages.GroupRead)
    def group_read(self, message: messages.GroupRead) -> None:
        if message.problem:
            self.state = replace(self.state, notice=message.problem)
            return
        self.state = states.with_rows(self.state, message.rows, message.current)
        if not self._stamp:
            self._stamp = stamp(self.state.row)
        self._want_log()

    @on(messages.StopRead)
    def stop_read(self, message: messages.StopRead) -> None:
        self.state = states.looked_at(self.state, message.looked)

    @on(messages.UnderWayRead)
    def under_way_read(self, message: messages.UnderWayRead) -> None:
        if self.state.standing is None and self.state.busy:
            since = message.what and time.monotonic() - (time.time() - message.what.since)
            self.state = replace(self.state, under_way=message.what and replace(message.what, since=since or 0.0))

    @on(messages.LogRead)
    def log_read(self, message: messages.LogRead) -> None:
        self.book.put(message.key, message.lines)
        self.state = replace(self.state, revision=self.state.revision + 1)

    def _want_log(self) -> None:
        """Have the selected phase's log read where no event has brought it."""
        key, phase = states.log_key(self.state), self.state.phase
        if phase is not None and phase.log and key not in self.book and key != states.COMMAND_LOG:
            self.runner.read_log(key, phase.log)

    # -- time -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.state.jobs:
            self.state = replace(self.state, clock=time.monotonic())
        if self.state.stood is not None and self.state.stood == self._stood:
            self.state = replace(self.state, stood=None)
        self._stood = self.state.stood
        if self.state.running is not None and self.state.standing is None:
            self.runner.look_on()

    def _look_for_edits(self) -> None:
        """A file of the recipe edited elsewhere: show its text, and what became stale."""
        seen = stamp(self.state.row)
        if seen != self._stamp:
            self._stamp = seen
            self.state = replace(self.state, edited=self.state.edited + 1)
            if not self.runner.busy:
                self.runner.refresh()
                self.runner.look(edits=True, closer=True)

    # -- Desk: asked by commands, from their threads ----------------------------------------------------------------

    def ask(self, title: str, entries: tuple[str, ...]) -> int | None:
        chosen: int | None = self.call_from_thread(self._ask, title, entries)  # type: ignore[arg-type]
        return chosen

    async def _ask(self, title: str, entries: tuple[str, ...]) -> int | None:
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._answers.add(answer)

        def answered(index: int | None) -> None:
            if not answer.done():
                answer.set_result(index)

        self.push_screen(Choose(title, entries), answered)
        try:
            return await answer
        finally:
            self._answers.discard(answer)

    def run_in_terminal(self, function: Callable[[], int]) -> int:
        return self.call_from_thread(self._run_in_terminal, function)

    def _run_in_terminal(self, function: Callable[[], int]) -> int:
        try:
            with self.suspend():
                return function()
        except SuspendNotSupported as error:
            raise EnvironmentFailure(
                "the screen cannot make way for a shell in this terminal",
                hint="Run `cbw shell` in another terminal.",
            ) from error
