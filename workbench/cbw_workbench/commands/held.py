"""A phase that runs under the debugger while commands come one by one: it stands still between them.

The phase runs in a thread of its own; a command that starts it or lets it go on waits until it stops again or ends.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from cbw_core.errors import BuildError, CbwError, Place
from cbw_core.events import Note, Sink
from cbw_core.process import Cancel
from cbw_workbench.commands.result import Result
from cbw_workbench.commands.stops import changes_at, stop_report

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Debugger, Stop

# Of a build at a prompt so many commands are recorded one by one: for scripts of many more it would cost time
_RECORDED = 2000


class Around(Protocol):
    """What a phase that is held is run with: a command's context."""

    @property
    def sink(self) -> Sink: ...

    @property
    def cancel(self) -> Cancel: ...


class Held:
    """The debugger of a prompt or script, and the phase that runs under it."""

    def __init__(self) -> None:
        self._debugger: Debugger | None = None
        self._thread: threading.Thread | None = None
        self._signals: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cancel = Cancel()
        self._result: Result | None = None
        self._error: BaseException | None = None
        self._points_of: object = None
        self.session: Session | None = None

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

    def use_points_of(self, session: Session) -> None:
        """Take the breakpoints that a session keeps, where it is another one than before."""
        from cbw_core.session.changes import breakpoints

        if self._points_of == session.root:
            return
        if self._points_of is not None:
            for point in self.debugger.breakpoints:
                self.debugger.remove(point.number)
        for point in breakpoints.read(session.kept):
            self.debugger.put(point)
        self._points_of = session.root
        self.save_points(session)

    def save_points(self, session: Session) -> None:
        from cbw_core.session.changes import breakpoints

        breakpoints.write(session.kept, self.debugger.breakpoints)

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, around: Around, session: Session, work: Callable[[Cancel], Result]) -> Result:
        """Run phases of a session until they are done (their result), stop (a StopReport), or fail (raises)."""
        self.end(around)
        self.use_points_of(session)
        self.session, session.debugger = session, self.debugger
        self._signals, self._cancel, self._result, self._error = queue.SimpleQueue(), Cancel(), None, None

        signals = self._signals
        self.debugger.on_stop = lambda stop: signals.put("stopped")

        def go() -> None:
            try:
                self._result = work(self._cancel)
            except BaseException as error:
                self._error = error
            finally:
                signals.put("ended")

        self._thread = threading.Thread(target=go, name="phase", daemon=True)
        self._thread.start()
        return self.wait(around)

    def go_on(self, around: Around, how: Callable[[Debugger], None]) -> Result:
        """Let the script go on, in the way of `how`, and wait for what comes of it."""
        how(self.debugger)
        return self.wait(around)

    def wait(self, around: Around) -> Result:
        forget = around.cancel.on_request(self._cancel.request)
        try:
            what = self._signals.get()
            while what != "ended" and self._cancel.requested:  # what it was killed at is no stop to look at
                what = self._signals.get()
        finally:
            forget()
        if what == "ended":
            return self._ended()
        stop = self.stop
        assert stop is not None
        if stop.reason in ("failure", "exit"):
            changed = str(changes_at(self.debugger))
            if changed:
                around.sink(Note(changed, phase=stop.phase))
            raise stopped_error(stop, self.session)
        return Result(stop_report(self.debugger))

    def _ended(self) -> Result:
        assert self._thread is not None
        self._thread.join()
        self._thread = None
        if self.session is not None:
            self.save_points(self.session)
            self.session.debugger = None
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def end(self, around: Around) -> None:
        """End the phase that stands, if one does: at a failure it fails, else it is interrupted. It is said."""
        if not self.active:
            return
        stop, error = self.stop, None
        if self.failed:
            while self.failed:
                self.debugger.drop_pending()
                self.debugger.cont()
                self.debugger.wait(10)
        if self.active and self.stop is not None:
            self._cancel.request()
        try:
            if self._thread is not None:
                self._thread.join()
            self._ended()
        except CbwError as raised:
            error = raised
        phase = stop.phase if stop is not None else "phase"
        state = "has failed" if error is not None and error.exit_status != 130 else "was interrupted"
        around.sink(Note(f"the stopped {phase} is over: it {state}", phase=phase))


def stopped_error(stop: Stop, session: Session | None) -> BuildError:
    """A stop at a failure, as the failure that it is."""
    command = stop.command.strip().split("\n")[0]
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
