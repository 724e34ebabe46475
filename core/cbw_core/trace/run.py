"""One traced script from its start to its end: what it says, where it stands, and what it is told."""

from __future__ import annotations

import contextlib
import shlex
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, UsageError, from_os_error
from cbw_core.events import Note, Resumed, Sink
from cbw_core.process import Cancel, Settling
from cbw_core.trace import interrupting, telling
from cbw_core.trace.editing import Editing
from cbw_core.trace.lines import LineMap
from cbw_core.trace.link import Link, ScriptEnded
from cbw_core.trace.messages import Told, stop_of, stop_told, stopped_event
from cbw_core.trace.model import Breakpoint, Evaluated, State, Stop, Target, Variable
from cbw_core.trace.papers import ScriptFile, forget_notes, write_prelude, write_state
from cbw_core.trace.refusing import not_stopped, refuse_jump
from cbw_core.trace.shellstate import variables_of
from cbw_core.trace.snapshots import When, snapshots_of
from cbw_core.trace.tables import Going, may_trace_itself, state_text

if TYPE_CHECKING:
    from cbw_core.trace.jump import Jump


class Run:
    """A script being traced. Made by Debugger; all methods may be called from any thread."""

    post_mortem = False  # whether there is only a look at what has ended

    def __init__(
        self,
        target: Target,
        folder: Path,
        sink: Sink,
        *,
        points: Callable[[], Iterable[Breakpoint]],
        stopped_at: Callable[[int], None],
        going: Going,
        on_fail: bool,
        record: int,
        follow: bool,
        snapshots: When = "off",
    ) -> None:
        self.target, self.folder = target, folder
        self.text = target.text
        self.lines = LineMap.behind_header(target.header, target.text)
        self.sink = sink
        self.snapshots = snapshots_of(target, folder / "snapshots", snapshots)
        self.on_fail, self.record, self.follow = on_fail, record, follow
        self.settling = Settling()  # so that a stop is told behind the output before it
        self.edited = False  # the script went on with another text than it began with
        self.status: int | None = None
        self._points, self._stopped_at = points, stopped_at
        self._changed = threading.Condition(threading.RLock())
        self._state: State = "running"
        self._stop: Stop | None = None
        self._serial = 0
        self._stops = 0
        self._going = going
        self._jump: Jump | None = None
        self._at_begin = False
        self._unlogged = False
        self._shell = 0  # the process of the script's own bash, once it began
        self.on_begin: Callable[[int], None] = lambda pid: None
        self.on_stop: Callable[[Stop], None] = lambda stop: None
        self._before_go: list[Callable[[], None]] = []
        self._script = ScriptFile(target.script)
        self.editing = Editing(target)
        self.link = Link(folder, self._message, self._lost)
        try:
            self.failures.unlink(missing_ok=True)
            forget_notes(folder)
            write_prelude(folder, target, follow=follow)
            self._write_state()
        except OSError as error:
            self.link.close()
            self._script.close()
            raise from_os_error(error, "preparing the debugger") from error

    # -- for the room that runs bash ------------------------------------------------------------------------------

    @property
    def prelude(self) -> Path:
        """What BASH_ENV is to name."""
        return self.folder / "prelude.sh"

    @property
    def before(self) -> tuple[str, ...]:
        """What comes before the command that runs the script, so that it is traced."""
        return ("env", f"BASH_ENV={self.prelude}")

    @property
    def failures(self) -> Path:
        """Where each command that fails is noted, as cbw_core.build.failure reads it."""
        return self.folder / "failed"

    def text_line(self, line: int) -> int | None:
        """The line, in the script's text, of a line as bash counts."""
        return self.lines.to_text(line)

    def unlogged(self, error: OSError) -> None:
        """The script's output cannot be written to the log: it is said, and the script stays."""
        if not self._unlogged:
            self._unlogged = True
            text = f"the log cannot be written: {error.strerror or error}; what the script says now is shown here only"
            self.sink(Note(text, level="warning", phase=self.target.phase))

    def ended(self, status: int | None) -> None:
        """bash ended (None: it was interrupted)."""
        self.link.close()
        if status is not None:
            self._lost()  # it may be told of its end before the one who watches what stands
        with self._changed:
            self._state, self._stop, self.status = "ended", None, status
            self._changed.notify_all()
        self._script.close()
        if self.snapshots is not None:
            self.snapshots.drop()

    # -- how it stands --------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._state

    @property
    def stop(self) -> Stop | None:
        return self._stop

    def wait(self, timeout: float | None = None) -> Stop | None:
        """Wait until it stops or ends; the stop, None when it ended (or the time is over)."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "running", timeout)
            return self._stop

    def stopped(self) -> Stop:
        """The stop. UsageError when the script does not stand."""
        stop = self._stop
        if stop is None:
            raise not_stopped()
        return stop

    # -- going on -------------------------------------------------------------------------------------------------

    def before_go(self, what: Callable[[], None]) -> None:
        """Have this called at the end of each stop, while the shell still stands."""
        self._before_go.append(what)

    def go(self, going: Going, how: str, *, code: str = "") -> None:
        """Leave the stop. code: evaluated in bash first (not in the script's scope)."""
        stop = self.stopped()
        for what in self._before_go:
            what()
        with self._changed:
            if self._stop is not stop:
                raise not_stopped()
            self._going = going
            self._write_state()
            self._resume(how)
            self.link.watch(0)
            interrupting.wake(stop.pid)
            self.link.send(f"g{code}")

    def jump(self, jump: Jump, going: Going, how: str) -> None:
        """Leave everything that runs and go on at the top level with the text of `jump`, in the living shell."""
        refuse_jump(self.stopped())
        for what in self._before_go:
            what()
        with self._changed:
            self._going = going
            self._write_state()
            self._script.append(jump.appended)  # last: what is there will be read
            self._jump = jump
            self._resume(how)
            self.link.watch(0)
            self.link.send("j")

    def _resume(self, how: str) -> None:
        self._state, self._stop = "running", None
        self.sink(Resumed(self.target.phase, how))
        self._changed.notify_all()

    def interrupt(self) -> bool:
        """End the command that runs, and stop at the next one. Whether it was possible: a script runs."""
        with self._changed:
            if self._state != "running" or not self._shell:
                return False
            self._going = Going("step")
            try:
                self._write_state()
            except CbwError:
                return False
        interrupting.tell_shell(self._shell)
        interrupting.end(interrupting.descendants(self._shell))
        return True

    def points_changed(self) -> None:
        """The breakpoints are others now: told to the shell at its next hit, or when it goes on."""
        with self._changed:
            if self._state != "ended":
                self._write_state()

    # -- asking ---------------------------------------------------------------------------------------------------

    def variables(self) -> dict[str, Variable]:
        """The script's variables, without those that are bash's own."""
        return variables_of(self.evaluate("builtin declare -p").output)

    def select(self, number: int) -> Stop:
        """Take this frame for what is asked next; the stop. UsageError when there is none, or a shell stands."""
        raise UsageError("a shell has one scope for all calls", kind="not-here", hint="vars and eval see what it sees.")

    def shell_only(self, what: str) -> None:
        """UsageError when no shell stands."""

    def inside(self, code: str) -> str:
        """What `code` prints, run in a function of the stopped shell."""
        self.stopped()
        return self.link.ask(f"i{code}")[0]

    def evaluate(self, code: str, cancel: Cancel | None = None) -> Evaluated:
        """Run code in the script's own scope, with the $? of the stop; its output and status. stdin is empty.

        Raises Interrupted when `cancel` was asked for: what the code started is gone, and the script stands."""
        stop = self.stopped()
        out = shlex.quote(str(self.folder / "out"))
        code = f"__cbw_q {stop.status}\n{code}"
        request = f"eval {shlex.quote(code)} </dev/null >{out} 2>&1"
        # what is asked for shows no trace of itself, and an unset variable in it does not end the script
        away = "".join(flag for flag in "xu" if flag in stop.flags)
        if away:
            request = f"{{ set +{away}; }} 2>/dev/null; {request} || __cbw_r=$?; {{ set -{away}; }} 2>/dev/null"
        if cancel is None:
            answer, output = self._ask(stop, request)
        else:
            asked = threading.Event()
            forget = cancel.on_request(asked.set)
            try:
                with interrupting.evaluating(stop.pid, asked, self._endless):
                    answer, output = self._ask(stop, request)
            finally:
                forget()
            cancel.check()
        return Evaluated(int(answer.partition("\t")[2] or 0), output)

    def _endless(self) -> None:
        text = "the command goes on in the script's own shell: it ends with the script, when cbw is left (Ctrl-C again)"
        self.sink(Note(text, level="warning", phase=self.target.phase))

    def _ask(self, stop: Stop, request: str) -> tuple[str, str]:
        if interrupting.wake(stop.pid):
            text = "the script's shell had been stopped by a signal from outside: it goes on"
            self.sink(Note(text, level="warning", phase=self.target.phase))
        return self.link.ask(f"s{request}")

    # -- what bash says -------------------------------------------------------------------------------------------

    def _message(self, message: str) -> None:
        kind, *fields = message.split("\t")
        if kind == "stop":
            try:
                told = stop_told(fields)
            except (ValueError, IndexError):
                self._lose_track()
                return
            try:
                self._came_to_stand(told)
            except Exception as error:  # a bug of ours: the script must not wait for an answer for ever
                self._pass_by(error)
        elif kind == "began":
            self._shell = self._shell or int(fields[0])
            self.on_begin(self._shell)
            self._set_aside()
        elif kind == "done" and self._at_begin:
            self._at_begin = False
            self.link.send("g")
        elif kind == "exec":
            self.sink(telling.replaced(self.target, fields[0]))

    def _pass_by(self, error: Exception) -> None:
        """A stop that could not be told: the script goes on."""
        if self._stop is None:
            self.sink(telling.passed_by(self.target, error))
            self.link.send("g")

    def _set_aside(self) -> None:
        try:
            self._script.set_aside()
        except OSError as error:
            self.sink(telling.not_copied(self.target, error))

    def _came_to_stand(self, told: Told) -> None:
        if told.reason == "begin":
            self._begun(told.line)
            return
        if told.reason == "snapshot":
            self._beside(lambda: self._kept_and_on(told))
            return
        with self._changed:
            self._stops += 1
            stop = self._stop_of(told)
            self.link.watch(stop.pid)
            if stop.breakpoint is not None:
                self._stopped_at(stop.breakpoint)
        if self.snapshots is not None and self.snapshots.when == "stops" and stop.at_top_command(self.text):
            self._beside(lambda: self._kept_and_stopped(told, stop))
        else:
            self._stand(stop)

    def _stop_of(self, told: Told) -> Stop:
        return stop_of(told, self.editing.target_of(self.text), self.text, self.lines, self._stops)

    def _stand(self, stop: Stop) -> None:
        self.settling.wait()
        self.sink(stopped_event(stop))
        with self._changed:
            self._stop, self._state = stop, "stopped"
            self._changed.notify_all()
        self.on_stop(stop)

    def _beside(self, what: Callable[[], None]) -> None:
        """Not in the thread that reads what the shell says: what is asked of the shell is answered to that one."""
        threading.Thread(target=what, name="snapshot", daemon=True).start()

    def _kept_and_on(self, told: Told) -> None:
        self._keep(told)
        with contextlib.suppress(OSError, KeyError):  # it ended meanwhile
            self.link.send("g")

    def _kept_and_stopped(self, told: Told, stop: Stop) -> None:
        self._keep(told)
        self._stand(stop)

    def _keep(self, told: Told) -> None:
        """Take a snapshot before a top-level command."""
        line = self.lines.to_text(told.line)
        try:
            if line is not None and self.snapshots is not None:
                ask = lambda code: Evaluated(0, self.link.ask(f"i{code}")[0])  # noqa: E731
                self.snapshots.take(line, self.text, ask, flags=told.flags, pid=told.pid)
        except ScriptEnded:
            return
        except (CbwError, OSError) as error:
            self.sink(telling.not_kept(self.target, line, error))

    def _lose_track(self) -> None:
        self.sink(telling.lost_track(self.target))
        self.link.send("g")

    def _begun(self, line: int) -> None:
        """The shell has reached the text that was put behind the script's end: its marker is at `line`."""
        jump, self._jump = self._jump, None
        assert jump is not None
        with self._changed:
            self.text, self.lines = jump.text, jump.lines_from(line)
            self.edited = self.edited or jump.edited
            try:
                self._write_state()
            except CbwError as error:
                text = f"{error.message}: breakpoints by line are off until the script goes on from a stop"
                self.sink(Note(text, level="warning", phase=self.target.phase))
        self._at_begin = True
        self.link.send("s" + jump.in_scope + jump.passing(self.lines, self._going.mode))

    def _lost(self) -> None:
        """The process that stood here died: another one of the script may go on."""
        with self._changed:
            stop = self._stop
            if stop is None:
                return
            self._resume("lost")
        self.sink(telling.gone(self.target, stop))

    # -- files ----------------------------------------------------------------------------------------------------

    def _write_state(self) -> None:
        self._serial += 1
        text = state_text(
            self.target,
            self.text,
            self.lines,
            self._points(),
            self._going,
            serial=self._serial,
            on_fail=self.on_fail,
            record=self.record,
            snapshot=self.snapshots is not None and self.snapshots.when == "commands",
            follow=self.follow,
            quiet=self.follow or may_trace_itself(self.target.text + self.text),
        )
        write_state(self.folder, text, self._serial)


__all__ = ["Run", "ScriptEnded", "not_stopped"]
