"""The debugger: breakpoints that outlive a run, and the one script that runs under it now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cbw_core.errors import UsageError, from_os_error
from cbw_core.events import Note, Sink, TraceEnded
from cbw_core.trace.at_stop import AtStop
from cbw_core.trace.commands import statement_at, top_command_at
from cbw_core.trace.editing import Source
from cbw_core.trace.jump import jump_to
from cbw_core.trace.limits import limits
from cbw_core.trace.model import (
    FAILED,
    Breakpoint,
    Kind,
    Reloaded,
    State,
    Stop,
    Target,
)
from cbw_core.trace.points import Points, line_with_command
from cbw_core.trace.recording import Recording
from cbw_core.trace.refusing import refuse_jump
from cbw_core.trace.run import Run
from cbw_core.trace.snapshots import When
from cbw_core.trace.tables import Going
from cbw_core.trace.timeline import Timeline


class Debugger(AtStop):
    """What a person holds: made once, given to a session, told what to do from any thread.

    on_fail: stop at a command that would end the script. stop_first: stop before the script's first command.
    follow: also go into bash scripts that the script starts. record: keep what each line of a
    build script took and made (`timeline`), of this many commands one by one.
    """

    def __init__(
        self,
        *,
        on_fail: bool = True,
        stop_first: bool = False,
        follow: bool = False,
        record: int = 0,
        snapshots: When = "off",
        phases: tuple[str, ...] = ("build", "test"),
    ) -> None:
        super().__init__()
        self.on_fail, self.stop_first, self.follow, self.record = on_fail, stop_first, follow, record
        self.snapshots: When = snapshots
        self.phases = phases
        self._points = Points(self._tell)
        self._pending: Reloaded | None = None
        self._until: int | None = None  # the breakpoint of `until`: it goes at the next stop, wherever that is
        self.timeline: Timeline | None = None  # of the run before, where it was recorded
        # called behind each stop, in a thread of ours; it must not wait for the script
        self.on_stop: Callable[[Stop], None] = lambda stop: None

    # -- breakpoints ----------------------------------------------------------------------------------------------

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return self._points.all

    def add(
        self,
        kind: Kind,
        spec: str,
        *,
        condition: str = "",
        ignore: int = 0,
        once: bool = False,
    ) -> Breakpoint:
        """A breakpoint. spec: for "line" LINE or FILE:LINE (a line without a command means the next one that has one);
        for "function" and "variable" a name; for "command" a pattern of `[[ == ]]`; for "file" a glob below the prefix.
        UsageError when the spec cannot be read."""
        return self._points.add(kind, spec, condition=condition, ignore=ignore, once=once, run=self._run)

    def put(self, point: Breakpoint) -> None:
        """Keep a breakpoint as it is: one that a session kept, or a changed one."""
        self._points.put(point)

    def change(self, number: int, **fields: object) -> Breakpoint:
        """Give a breakpoint another `condition`, `ignore` or `enabled`. UsageError when there is none."""
        return self._points.change(number, **fields)

    def check_lines(self, sink: Sink) -> None:
        """Hold line breakpoints that were `put` against the script that runs."""
        if self._run is not None and self._run.state != "ended":
            self._points.check_lines(self._run, sink)

    def remove(self, number: int) -> Breakpoint:
        """UsageError when there is none of that number."""
        return self._points.remove(number)

    def _tell(self) -> None:
        if self._run is not None:
            self._run.points_changed()

    # -- for the rooms that run scripts ---------------------------------------------------------------------------

    def wants(self, phase: str) -> bool:
        return phase in self.phases

    @contextmanager
    def tracing(self, target: Target, folder: Path, sink: Sink, kind: type[Run] = Run) -> Iterator[Run]:
        """While inside, a bash that is started with BASH_ENV=run.prelude is traced (or, by another kind of Run, what it
        says); `run.status` is to be set when it ended by itself. The pipes lie in `folder`."""
        going = Going("step" if self.stop_first else "run")
        run = kind(
            target,
            folder,
            sink,
            points=lambda: self.breakpoints,
            stopped_at=self._points.hit,
            going=going,
            on_fail=self.on_fail,
            record=self.record if target.phase == "build" else 0,
            follow=self.follow,
            snapshots=self.snapshots,
        )
        self._run, self._pending, self._variables = run, None, {}
        self.timeline = None
        recording = self._recording = Recording(run, self.record) if run.record else None
        if recording is not None:
            run.sink = recording.listening(sink)
        run.before_go(self._look)
        self._points.check_lines(run, sink)
        for line, said in () if run.post_mortem else limits(run.text, target.work if self.follow else None):
            sink(Note(f"{target.name}:{line}: {said}", level="warning", phase=target.phase))
        hits = {point.number: point.hits for point in self.breakpoints}
        run.on_stop = self._stopped
        try:
            yield run
        finally:
            run.ended(run.status)
            if run.status is not None:
                self._points.tell_unhit(run, sink, hits)
            self._until_is_over()
            if recording is not None:
                self._recording, self.timeline = None, recording.timeline()
            sink(TraceEnded(target.phase, run.status, run.edited, run.edited and not run.editing.in_recipe))

    def _stopped(self, stop: Stop) -> None:
        self._until_is_over()
        self.on_stop(stop)

    def _until_is_over(self) -> None:
        number, self._until = self._until, None
        if number is not None and number in {point.number for point in self.breakpoints}:
            self.remove(number)

    # -- how it stands --------------------------------------------------------------------------------------------

    @property
    def run(self) -> Run | None:
        """The script that is or was traced last."""
        return self._run

    @property
    def state(self) -> State:
        return self._run.state if self._run is not None else "idle"

    @property
    def pending(self) -> Reloaded | None:
        """An edit that was read in: `cont` goes on with it."""
        return self._pending

    def wait(self, timeout: float | None = None) -> Stop | None:
        """Until the script stops or ends: the stop; None when it ended, or `timeout` seconds have passed."""
        return None if self._run is None else self._run.wait(timeout)

    def drop_pending(self) -> None:
        """Forget an edit that was read in: going on keeps the old text."""
        self._pending = None

    # -- going on -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """To the next command, into functions, sourced files and subshells."""
        self._go(Going("step"), "step")

    def next(self) -> None:
        """To the next command of this level: over functions, sourced files and subshells."""
        _, stop = self._standing()
        self._go(Going("next", stop.depth + 1, stop.subshell), "next")

    def finish(self) -> None:
        """To the command behind the call of this function or sourced file; at the top level to the end."""
        _, stop = self._standing()
        subshell = max(stop.subshell - 1, 0) if len(stop.frames) == 1 else stop.subshell
        depth = stop.depth + (2 if len(stop.frames) == 1 and stop.subshell else 1)
        self._go(Going("finish", depth, subshell), "finish")

    def until(self, line: int | None = None) -> None:
        """On to a line of the script, once; without a line: to one below this one (out of a loop, at its end)."""
        run, stop = self._standing()
        if line is None:
            here = stop.line
            if stop.text_line is not None:
                here = max(run.lines.to_bash(statement_at(run.text, stop.text_line)[1]), default=here)
            self._go(Going("next", stop.depth + 1, stop.subshell, here), "until")
            return
        point = self.add("line", str(line_with_command(run, line)), once=True)
        self._until = point.number if point.once else None
        try:
            self._go(Going("run"), "until")
        except BaseException:
            self._points.forget(point.number)
            raise

    def cont(self, *, ignore: bool = False) -> None:
        """On to the next breakpoint, failure or the end; behind a reload with the new text. ignore: at a failed
        command, as if it had not failed (without, the script ends there, as it would by itself)."""
        _, stop = self._standing()
        if ignore and stop.reason != "failure":
            raise UsageError("no command failed here: there is nothing to ignore", kind="not-here")
        if ignore and self._pending is not None:
            raise UsageError("the edit that was read in runs the failed command again", kind="not-here")
        self._go(Going("run"), "continue", code="__cbw_ee=again" if ignore else "")

    def _go(self, going: Going, how: str, *, code: str = "") -> None:
        run, stop = self._standing()
        pending, self._pending = self._pending, None
        if pending is None or pending.line is None:
            if stop.reason == "failure" and not code and how in ("step", "next", "until"):
                code = "__cbw_ee=again"  # to step on from a failure is to go on behind it
            run.go(going, how, code=code)
            return
        jump = jump_to(pending.text, pending.line, flags=stop.flags, edited=bool(pending.diff))
        try:
            refuse_jump(stop)
            if self._recording is not None:
                self._recording.cut()
                self._recording.begin_again()
            run.jump(jump, going, "reload")
        except BaseException:
            self._pending = pending
            raise

    def interrupt(self) -> bool:
        """End the command that runs (as Ctrl-C on a terminal does) and stop there. Whether a script runs."""
        return self._run is not None and self._run.interrupt()

    # -- editing --------------------------------------------------------------------------------------------------

    def reload(self, line: int | None = None, *, source: Source | None = None) -> Reloaded:
        """Read the script again. Going on then runs its new text, in the living shell, from the command that stands for
        the one the script is in now, or from the one at `line`. source: the recipe's text or that of the work folder,
        where both were edited. At a failure the same text may be read again, to try it once more. Raises what
        Editing.reload does."""
        run, stop = self._standing()
        extglob = self.options().get("extglob", False)
        found = run.editing.reload(run.text, stop, line, source, extglob)
        again = stop.reason in FAILED and not stop.subshell  # what failed may have been mended outside of the script
        self._pending = found if found.diff or found.line != stop.top_line or again else None
        return found

    def back(self, line: int) -> tuple[str, ...]:
        """To where the top-level command at `line` (of the text read last) began: shell, work folder and prefix as they
        were then; the script stands before it. Returns what of the shell could not be put back, a sentence each.
        UsageError when no snapshot of it was kept."""
        run, stop = self._standing()
        if run.snapshots is None:
            raise UsageError("no snapshots are kept", kind="no-snapshot", hint="`snapshots commands` keeps them.")
        text = self._pending.text if self._pending is not None else run.text
        command = top_command_at(text, line)
        while command is not None and command.function:  # bash says nothing of a definition: it is there with the next
            command = top_command_at(text, command.last + 1)
        snapshot = run.snapshots.of(command.first if command is not None else line, text)
        refuse_jump(stop)
        if self._recording is not None:
            self._recording.cut()
        try:
            restored = run.snapshots.restore(snapshot, run.evaluate, pid=stop.pid, text=text)
        except OSError as error:
            raise from_os_error(error, f"going back to line {line}") from error
        self._pending, at = None, run.snapshots.line_now(snapshot, text)
        assert at is not None
        if self._recording is not None:
            self._recording.begin_again(at)
        jump = jump_to(text, at, flags=snapshot.flags, edited=text != run.text, restore=restored.code)
        run.jump(jump, Going("step"), "back")
        return restored.said
