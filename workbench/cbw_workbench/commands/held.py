"""A phase that runs under the debugger while commands come one by one: it stands still between them.

The phase runs in a thread of its own; a command that starts it or lets it go on waits until it stops again or ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from cbw_core.errors import BuildError, CbwError, Place
from cbw_core.events import Note, Sink
from cbw_core.process import Cancel
from cbw_workbench.commands.hearing import Hearing
from cbw_workbench.commands.result import Result
from cbw_workbench.commands.stops import changes_at, stop_report

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Breakpoint, Debugger, Stop

# Of a build at a prompt so many commands are recorded one by one: for scripts of many more it would cost time
_RECORDED = 2000
_LAST_WORDS = 10  # seconds: for what a script that failed does at its end


class Around(Protocol):
    """What a phase that is held is run with: a command's context."""

    @property
    def sink(self) -> Sink: ...

    @property
    def cancel(self) -> Cancel: ...


class Held:
    """The debugger of a prompt or script, and the phase that runs under it. says_changes: at each stop it is said
    what has changed since the one before."""

    def __init__(self, *, says_changes: bool = True) -> None:
        self._says_changes = says_changes
        self._debugger: Debugger | None = None
        self._thread: threading.Thread | None = None
        self._hearing = Hearing()
        # called, in a thread of its own, when the phase stops or ends while no command waits for it: `news` tells
        self.on_news: Callable[[], None] = lambda: None
        self._cancel = Cancel()
        self._result: Result | None = None
        self._error: BaseException | None = None
        self._points_of: object = None
        self._points: tuple[Breakpoint, ...] = ()  # as they were kept when we last looked
        self.session: Session | None = None
        self.listed: tuple[int, int] | None = None  # the stop, and the last line that `list` showed there

    @property
    def debugger(self) -> Debugger:
        from cbw_core.trace import Debugger

        if self._debugger is None:
            self._debugger = Debugger(record=_RECORDED)
        return self._debugger

    @property
    def stop(self) -> Stop | None:
        """Where a script stands now."""
        return self._debugger.stop if self._debugger is not None and self.active else None

    @property
    def active(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def failed(self) -> bool:
        """Whether a script stands at a failure: going on, it would end there."""
        return self.stop is not None and self.stop.reason in ("failure", "exit")

    # -- breakpoints ----------------------------------------------------------------------------------------------

    def use_points_of(self, session: Session, sink: Sink | None = None) -> None:
        """Take the breakpoints that a session keeps, and keep ours. Those that another process set or removed since are
        told to `sink`."""
        with self.changing_points(session, sink):
            pass

    @contextmanager
    def changing_points(self, session: Session, sink: Sink | None = None) -> Iterator[None]:
        """While inside, breakpoints may be changed: nobody else does then, and they are kept behind it."""
        from cbw_core.session.changes import breakpoints

        with breakpoints.held(session.head.kept):
            self._exchange_points(session, sink)
            try:
                yield
            finally:
                self._exchange_points(session, None)

    def _exchange_points(self, session: Session, sink: Sink | None) -> None:
        from cbw_core.session.changes import breakpoints

        debugger, known = self.debugger, self._points
        if self._points_of != session.head.root:
            sink = None  # these are the session's: nobody has just set them
            for point in debugger.breakpoints if self._points_of is not None else ():
                debugger.remove(point.number)
            known = ()
        ours = {point.number: point for point in debugger.breakpoints}
        self._points = breakpoints.exchange(session.head.kept, known, ours.values())
        self._points_of = session.head.root
        kept = {point.number: point for point in self._points}
        gone = [point for number, point in ours.items() if number not in kept]
        new = [point.number for point in self._points if point != ours.get(point.number)]
        for point in gone:
            debugger.remove(point.number)
        for number in new:
            debugger.put(kept[number])
        if sink is not None:
            if new:
                debugger.check_lines(sink)
            for point in gone:
                sink(Note(f"breakpoint {point.number} was removed elsewhere: {point}"))
            for point in debugger.breakpoints:
                if point.number in new:
                    sink(Note(f"breakpoint {point.number} was set elsewhere: {point}"))

    def _share_points(self, around: Around, sink: Sink | None) -> None:
        """At a stop and at the end. What keeps it from that (a full disk) is said: there is more to tell."""
        if self.session is not None:
            try:
                self.use_points_of(self.session, sink)
            except CbwError as error:
                around.sink(Note(f"the breakpoints are not kept: {error.message}", level="warning"))

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, around: Around, session: Session, work: Callable[[Cancel], Result]) -> Result:
        """Run phases of a session until they are done (their result), stop (a StopReport), or fail (raises)."""
        self.end(around)
        self.use_points_of(session, around.sink)
        self.session, session.debugger = session, self.debugger
        self._hearing, self._cancel, self._result, self._error = Hearing(self._unheard), Cancel(), None, None

        hearing = self._hearing
        self.debugger.on_stop = lambda stop: hearing.tell("stopped")

        def go() -> None:
            try:
                self._result = work(self._cancel)
            except BaseException as error:
                self._error = error
            finally:
                hearing.tell("ended")

        self._thread = threading.Thread(target=go, name="phase", daemon=True)
        with self.attended():
            self._thread.start()
            return self.wait(around)

    def go_on(self, around: Around, how: Callable[[Debugger], None]) -> Result:
        """Let the script go on, in the way of `how`, and wait for what comes of it."""
        with self.attended():
            self._hearing.forget_stops()
            how(self.debugger)
            return self.wait(around)

    def attended(self) -> AbstractContextManager[object]:
        """While inside, what comes of the script is for `wait`, and no news."""
        return self._hearing.listening()

    def wait(self, around: Around) -> Result:
        """Until it stops or ends: what `run` gives."""
        forget = around.cancel.on_request(self._cancel.request)
        try:
            with self._hearing.listening() as hear:
                while True:
                    if hear() == "ended":
                        return self._ended(around)
                    stop = self.stop
                    # what it was killed at, or what was lost again, is no stop to look at
                    if stop is not None and not self._cancel.requested:
                        return self._stopped(around, stop)
        finally:
            forget()

    def news(self, around: Around) -> Result | None:
        """What came of the phase while no command waited for it (its shell was killed), as `wait` gives it; None:
        nothing."""
        told, stop = self._hearing.take(), self.stop
        if "ended" in told and self._thread is not None:
            return self._ended(around)
        return self._stopped(around, stop) if told and stop is not None else None

    def break_in(self) -> bool:
        """Have the script, which a command waits for, stop where it is: what it runs is ended. Whether it can."""
        return self.active and self._hearing.waiting and self.debugger.interrupt()

    def _unheard(self) -> None:
        self.on_news()

    def _stopped(self, around: Around, stop: Stop) -> Result:
        self._share_points(around, around.sink)
        if stop.reason in ("failure", "exit"):
            changed = str(changes_at(self.debugger)) if self._says_changes else ""
            if changed:
                around.sink(Note(changed, phase=stop.phase))
            raise _stopped_error(stop)
        return Result(stop_report(self.debugger, changes=self._says_changes))

    def _ended(self, around: Around) -> Result:
        assert self._thread is not None
        self._thread.join()
        self._thread = None
        self._share_points(around, None)
        if self.session is not None:
            self.session.debugger = None
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def end(self, around: Around) -> None:
        """End the phase that stands, if one does: at a failure it fails, else it is interrupted. It is said."""
        if not self.active:
            return
        stop, failed, error = self.stop, self.failed, None
        with self._hearing.listening():
            try:
                while self.failed:
                    self.debugger.drop_pending()
                    self.debugger.cont()
                    self.debugger.wait(_LAST_WORDS)
            except CbwError as raised:
                around.sink(Note(raised.message, level="warning"))
            if not failed or self.debugger.state != "ended":
                self.debugger.leave()
                self._cancel.request()
            try:
                self._ended(around)
            except CbwError as raised:
                error = raised
            self._hearing.take()
        phase = stop.phase if stop is not None else "phase"
        state = "has failed" if error is not None and error.exit_status != 130 else "was interrupted"
        around.sink(Note(f"the stopped {phase} is over: it {state}", phase=phase))


def _stopped_error(stop: Stop) -> BuildError:
    """A stop at a failure, as the failure that it is."""
    command = stop.command.strip().split("\n")[0]
    if stop.note == "exception":
        return BuildError(
            f"{command}: the {stop.phase} stands where this was raised, in {stop.frames[0].function}",
            kind=stop.phase,
            place=Place(stop.file, stop.line or None),
            hint="Look: where, frame N, vars, eval EXPRESSION; then continue, which ends it.",
            phase=stop.phase,
        )
    ends = f"`{command}`" if stop.reason == "failure" else f"the script ends (`{command}`)"
    inside = (
        f" in {stop.frames[0].function}" if stop.frames and stop.frames[0].function not in ("main", "source") else ""
    )
    return BuildError(
        f"{ends} failed with status {stop.status}{inside}; the {stop.phase} stands there",
        kind=stop.phase,
        place=Place(stop.file, stop.line or None),
        hint="Look: where, vars, eval, shell. Edit the script, then reload and continue; continue alone lets it fail.",
        phase=stop.phase,
    )
