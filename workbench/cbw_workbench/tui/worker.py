"""The runner: the one place where the screen meets the engine. It runs command lines in threads of their own.

It knows no widgets. It tells what happens by `post`, which must be callable from any thread.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from cbw_core.errors import CbwError, UsageError
from cbw_core.events import Event
from cbw_core.process import Cancel
from cbw_core.session.model import SessionStatus
from cbw_core.trace.under_way import under_way
from cbw_workbench.bugs import bug_error
from cbw_workbench.commands import Command, Context, Last, Result
from cbw_workbench.commands.held import Held
from cbw_workbench.commands.line import Parsed
from cbw_workbench.commands.results import FailedAsExpected, Leave, Text
from cbw_workbench.commands.run import read, run
from cbw_workbench.tui.logbook import read_log
from cbw_workbench.tui.looking import kept_spent, look_at, look_closer, unread_of
from cbw_workbench.tui.messages import EventsWaiting, GroupRead, JobEnded, JobStarted, LogRead, StopRead, UnderWayRead
from cbw_workbench.tui.said import Said, text_of
from cbw_workbench.tui.state import Job, LogKey, Ran, error_view
from cbw_workbench.views.json_form import json_lines

if TYPE_CHECKING:
    from cbw_core.session import Session

_LOOKERS = frozenset({"assert", "set", "help", "quit"})  # they leave what `assert` looks at as it is


class Desk(Protocol):
    """What a command may ask of the person at the screen; called from the command's thread, waits for the answer."""

    def ask(self, title: str, entries: tuple[str, ...]) -> int | None: ...

    def run_in_terminal(self, function: Callable[[], int]) -> int: ...


class Runner:
    """Runs command lines against the engine, one that moves phases at a time, and reads how the session stands."""

    def __init__(self, context: Context, session: Session, post: Callable[[Message], object], desk: Desk) -> None:
        self._post_anywhere = post
        self._held = Held(says_changes=False)  # the screen has panes for them
        self._held.use_points_of(session)
        self._held.on_news = self._news
        self._context = replace(
            context,
            face="tui",
            held=self._held,
            sink=self._sink,
            session=session,
            ask=lambda title, entries: desk.ask(title, tuple(entries)),
            run_in_terminal=desk.run_in_terminal,
            open_screen=None,
            open_repl=None,
        )
        self._numbers = itertools.count(1)
        self._events: deque[Event] = deque()
        self._said = Said()
        self._told = False
        self._cancels: dict[int, Cancel] = {}
        self._exclusive: Job | None = None
        self._reading = threading.Lock()
        self._read_again = False
        self._looking, self._close = threading.Lock(), threading.Lock()
        self._looks = 0
        self._unread: str | None = None
        self._closed = False

    # -- for the app, on its thread -------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a command that runs phases is at work."""
        return self._exclusive is not None

    @property
    def idle(self) -> bool:
        """Whether no command is at work at all."""
        return not self._cancels

    @property
    def context(self) -> Context:
        return self._context

    def start(self, line: str, row: SessionStatus | None = None) -> Job:
        """Run `line` in a thread of its own, on the session of `row` where that is not the current one.

        UsageError when the line cannot be understood, or runs phases while another one does.
        """
        parsed = read(line, "tui")
        long = parsed.command is not None and is_exclusive(parsed.command)
        if long and self._exclusive is not None:
            raise UsageError(
                f"{line!r} has to wait: {self._exclusive.line!r} is at work",
                hint="x cancels what runs.",
            )
        job = Job(next(self._numbers), line, long, time.monotonic())
        cancel = Cancel()
        self._cancels[job.number] = cancel
        if long:
            self._exclusive = job
            self._said.begin()
        self._post(JobStarted(job))
        self._thread(lambda: self._work(job, parsed, row, cancel), f"cbw {line}")
        return job

    def refuse(self) -> int:
        """The number of a line that was not started."""
        return next(self._numbers)

    def cancel(self) -> bool:
        """Ask every command at work to stop. Whether there was one."""
        for cancel in list(self._cancels.values()):
            cancel.request()
        return bool(self._cancels)

    def interrupt(self) -> bool:
        """Have the script that runs stop where it is. Whether one runs under the debugger."""
        return self._held.break_in()

    def drain(self) -> tuple[Event, ...]:
        """The events that came in since, in order."""
        self._told = False
        events = []
        while self._events:
            events.append(self._events.popleft())
        return tuple(events)

    def refresh(self) -> None:
        """Read how the outputs stand, aside; `GroupRead` tells."""
        self._read_again = True
        if self._reading.acquire(blocking=False):
            self._thread(self._read_group, "cbw status")

    def read_log(self, key: LogKey, path: str) -> None:
        """Read a log file aside; `LogRead` tells."""
        self._thread(lambda: self._post(LogRead(key, read_log(path))), "cbw log")

    def look(self, *, edits: bool = False, closer: bool = False) -> None:
        """Ask the stopped script's shell how it stands, aside; `StopRead` tells. edits: the script's file may have been
        edited; closer: also what lines took so far, which takes a while."""
        self._thread(lambda: self._look(edits, closer), "cbw look")

    def look_on(self) -> None:
        """See what a running script does; `UnderWayRead` tells."""
        self._thread(self._look_on, "cbw look on")

    def close(self) -> None:
        """Nothing is told any more; what is at work is asked to stop."""
        self._closed = True
        self.cancel()
        self._held.end(self._context)

    # -- in other threads -----------------------------------------------------------------------------------------

    def _work(self, job: Job, parsed: Parsed, row: SessionStatus | None, cancel: Cancel) -> None:
        context = replace(self._context, cancel=cancel)
        before = context.session
        result, failure = Result(), None
        try:
            self._enter(parsed, row, context)
            result = run(parsed, context)
            value: object | None = Text("\n".join(json_lines(result.value))) if parsed.json else result.value
        except CbwError as error:
            failure, value = error, None
        except Exception as bug:
            failure, value = bug_error(bug, job.line.split()), None
        status = failure.exit_status if failure else result.status
        if context.session is not before:
            self._context.session = context.session
        self._keep(job, parsed, status, value, failure)
        del self._cancels[job.number]
        if self._exclusive is job:
            self._exclusive = None
        leave = None
        if isinstance(value, Leave):
            leave, value = (-1 if value.status is None else value.status), None
        error_shown = error_view(failure.to_json()) if failure else None
        asks = parsed.command is not None and not parsed.command.long
        seconds = time.monotonic() - job.since
        self._post(JobEnded(Ran(job.number, job.line, seconds, status, job.long, asks, value, error_shown), leave))

    def _keep(self, job: Job, parsed: Parsed, status: int, value: object | None, failure: CbwError | None) -> None:
        """Remember how a command ended, for the asserts that follow."""
        if parsed.command is None or parsed.command.name in _LOOKERS:
            return
        if isinstance(value, FailedAsExpected):
            status, failure = value.status, value.error
        said = self._said.text if job.long else ""
        self._context.last = Last(status, said + text_of(value), failure)

    def _enter(self, parsed: Parsed, row: SessionStatus | None, context: Context) -> None:
        """Make the session of the selected output the current one, as `use` does, unless the line names another."""
        command, session = parsed.command, context.session
        if row is None or session is None or command is None:
            return
        moves_a_phase = command.name == "step" and self._held.stop is None  # at a stop it is the script's
        if not (command.needs_session or moves_a_phase):
            return
        named = any(getattr(parsed.args, name, None) for name in ("session", "recipe"))
        looks_only = not command.long and not row.root  # a session is not made for looking at it
        if not named and not looks_only and row.root != str(session.root):
            context.session = session_of(session, row)

    def _read_group(self) -> None:
        try:
            while self._read_again:
                self._read_again = False
                session = self._context.session
                if session is None:
                    continue
                try:
                    message = GroupRead(session.group(), str(session.root))
                except (CbwError, OSError) as problem:
                    message = GroupRead((), str(session.root), str(problem))
                self._post(message)
        finally:
            self._reading.release()
            if self._read_again:  # asked for between the last look and the release
                self.refresh()

    def _look(self, edits: bool, closer: bool) -> None:
        """One look at a time, and only the newest that was asked for. The closer comes behind it, and holds none up."""
        self._looks = asked = self._looks + 1
        with self._looking:
            if asked != self._looks and not (edits or closer):
                return
            held, session = self._held, self._context.session
            if edits:
                self._unread = unread_of(held)
            looked = look_at(held, self._unread)
            if not looked.serial and session is not None and not self.busy:
                looked = replace(looked, spent=kept_spent(session) or {})
            self._post(StopRead(looked))
        if closer and looked.serial and self._close.acquire(blocking=False):
            try:
                near = look_closer(held, looked, self._unread)
            finally:
                self._close.release()
            stop = held.stop
            if stop is not None and stop.serial == looked.serial:  # else it went on meanwhile
                self._post(StopRead(near))

    def _look_on(self) -> None:
        run = self._held.debugger.run
        self._post(UnderWayRead(under_way(run) if run is not None else None))

    def _news(self) -> None:
        """The phase that stood ended by itself (its shell was killed): its events have told so."""
        with contextlib.suppress(CbwError):
            self._held.news(self._context)
        self.refresh()
        self.look()

    def _sink(self, event: Event) -> None:
        self._events.append(event)
        self._said.add(event)
        if not self._told:
            self._told = True
            self._post(EventsWaiting())

    def _post(self, message: Message) -> None:
        if not self._closed:
            self._post_anywhere(message)

    def _thread(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()


def is_exclusive(command: Command) -> bool:
    """Whether a command runs phases, so that only one such may be at work. A shell may look on while a phase runs."""
    return command.long and command.name != "shell"


def session_of(session: Session, row: SessionStatus) -> Session:
    """The session of an output of the same recipe; made when there is none yet."""
    from cbw_core.session import open_session

    if row.root:
        return open_session(Path(row.root), environ=session.environ)
    output = next((o for o in session.head.rendering.outputs if o.dist == row.output), None)
    if output is None:
        raise UsageError(
            f"the recipe has no output {row.output} any more",
            kind="session",
            hint="`:debug RECIPE` begins again with the outputs it has now.",
        )
    return session.for_output(output)
