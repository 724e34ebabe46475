"""What is known and done where a script stands, in its own shell."""

from __future__ import annotations

import re
import shlex
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.process import Cancel
from cbw_core.trace import looking
from cbw_core.trace.changes import Changed
from cbw_core.trace.model import Evaluated, FunctionAt, Stop, Variable
from cbw_core.trace.recording import Recording
from cbw_core.trace.run import Run, not_stopped
from cbw_core.trace.shellstate import shell_state, write_private
from cbw_core.trace.timeline import Timeline

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^\]]+\])?\+?=")


class AtStop:
    """The looking half of a debugger. All raise UsageError(kind="not-stopped") where no script stands, unless they say
    otherwise."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._recording: Recording | None = None
        self._variables: dict[str, Variable] = {}  # as they were at the end of the stop before

    @property
    def stop(self) -> Stop | None:
        """Where the script stands; None: none does."""
        return self._run.stop if self._run is not None else None

    def leave(self) -> None:
        """The script that stands is about to be ended: that it dies is not to be told as a loss."""
        if self._run is not None and self.stop is not None:
            self._run.link.watch(0)

    def _standing(self) -> tuple[Run, Stop]:
        run = self._run
        if run is None:
            raise not_stopped()
        return run, run.stopped()

    def evaluate(self, code: str, cancel: Cancel | None = None) -> Evaluated:
        """Run a command in the script's own shell and scope; what it changes stays. Raises Interrupted when `cancel`
        was asked for: the command is over then, and the script stands."""
        run, _ = self._standing()
        with self._recording.by_hand() if self._recording is not None else nullcontext():
            return run.evaluate(code, cancel)

    def set(self, assignment: str) -> Evaluated:
        """NAME=VALUE in the script's shell; the value is taken as it is."""
        if not _NAME.match(assignment):
            raise UsageError(f"{assignment!r} is no assignment", hint="set NAME=VALUE")
        self._standing()[0].shell_only("set NAME=VALUE")
        name, _, value = assignment.partition("=")
        done = self.evaluate(f"{name}={shlex.quote(value)}")
        if done.status:
            raise UsageError(f"{name} cannot be set", why=done.output.strip() or None)
        return done

    def variables(self) -> tuple[Variable, ...]:
        """The script's variables by name, without those that are bash's own; `changed` since the stop before."""
        run, stop = self._standing()
        now = run.variables()
        if stop.serial == 1 or not self._variables:
            return tuple(now.values())
        return tuple(
            replace(v, changed=name not in self._variables or self._variables[name] != v) for name, v in now.items()
        )

    def _look(self) -> None:
        """At the end of a stop: what the variables were, so that the next one can tell what changed."""
        run, _ = self._standing()
        self._variables = run.variables()
        if self._recording is not None:
            self._recording.goes_on()

    def files(self, most: int | None = None) -> tuple[Changed, ...] | None:
        """The files that the script made or changed since the stop before. None: the run is not recorded, or there are
        more than `most` files and folders to look at."""
        self._standing()
        if self._recording is None or (most is not None and self._recording.entries > most):
            return None
        return self._recording.changed()

    def so_far(self) -> Timeline | None:
        """The timeline of a recorded script that stands at a stop; None: none is recorded, or none stands."""
        if self._recording is None or self.stop is None:
            return None
        return self._recording.timeline()

    def functions(self) -> dict[str, str]:
        """The script's functions: name -> text."""
        run, _ = self._standing()
        return looking.functions(run)

    def function_places(self) -> tuple[FunctionAt, ...]:
        """Where the script's functions are defined."""
        run, _ = self._standing()
        return looking.function_places(run)

    def options(self) -> dict[str, bool]:
        """The shell's options (`set -o` and `shopt`), without what tracing sets."""
        run, stop = self._standing()
        return looking.options(run, stop)

    def jobs(self) -> tuple[str, ...]:
        """The script's background jobs, a line each, as `jobs -l` shows them."""
        run, _ = self._standing()
        return looking.jobs(run)

    def state_file(self) -> Path:
        """A file for another bash to source: it then has the script's variables, functions, options and folder."""
        run, _ = self._standing()
        run.shell_only("shell")
        path = run.folder / "state-for-shell.sh"
        write_private(path, shell_state(run.evaluate))
        return path
