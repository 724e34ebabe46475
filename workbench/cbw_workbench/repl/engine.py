"""Running lines one after another: what both the prompt and scripts do with a line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cbw_core.errors import CbwError, Interrupted
from cbw_core.events import Note
from cbw_core.process import Cancel
from cbw_workbench.bugs import bug_error
from cbw_workbench.commands.command import Context, Last
from cbw_workbench.commands.held import Held
from cbw_workbench.commands.line import Parsed, split
from cbw_workbench.commands.results import FailedAsExpected, Leave, ScriptOption
from cbw_workbench.commands.run import read, run
from cbw_workbench.repl.screen import Screen
from cbw_workbench.stopping import stopping

_LOOKERS = frozenset({"assert", "set", "help", "quit"})  # they leave what `assert` looks at as it is
_PATIENCE = 3  # Ctrl-C stops a command and the prompt stays; pressed again and again, it ends cbw


@dataclass(frozen=True)
class Outcome:
    """How a line ended. leave: the prompt or script is to end. strict: `set -e` (True), `set +e` (False), None else."""

    status: int = 0
    leave: bool = False
    strict: bool | None = None
    interrupted: bool = False
    failed_by_quit: int | None = None

    @property
    def failed(self) -> bool:
        return self.status != 0


class Engine:
    """A context of its own (face "repl") and the screen that commands write to."""

    def __init__(self, context: Context, screen: Screen, *, break_in: bool = False) -> None:
        self.screen = screen
        self._break_in = break_in
        self._at_work = threading.RLock()
        self.after_news: Callable[[], None] = lambda: None
        self.context = replace(
            context,
            face="repl",
            sink=screen,
            open_repl=None,
            open_screen=None,
            last=None,
            cancel=Cancel(),
            held=Held(),
            opening=(),
        )
        assert self.context.held is not None
        self.context.held.on_news = self._news

    @property
    def prompt(self) -> str:
        """What stands before a command: the session's folder and what it works on, short."""
        session = self.context.session
        held = self.context.held
        stop = held.stop if held is not None else None
        at = f" {Path(stop.file).name}:{stop.line}" if stop is not None else ""
        return f"cbw {_name(session.root)}{at}> " if session is not None else "cbw> "

    def close(self) -> None:
        """The prompt or script is over: a phase that stands is ended."""
        if self.context.held is not None:
            self.context.cancel = Cancel()
            self.context.held.end(self.context)

    def tell_news(self) -> None:
        """Show what came of the phase that stands while no command waited for it: its shell was killed."""
        held = self.context.held
        assert held is not None
        with self._at_work:
            try:
                result = held.news(self.context)
                if result is not None:
                    self.screen.value(result.value)
            except CbwError as error:
                self.screen.error(error)

    def _news(self) -> None:
        self.tell_news()
        self.after_news()

    def _broken_in(self) -> bool:
        """Ctrl-C: a script that runs stops where it is."""
        held = self.context.held
        if held is None or not held.break_in():
            return False
        self.screen(Note("what runs is ended, and the script stops there; Ctrl-C again ends the phase"))
        return True

    def run(self, line: str) -> Outcome:
        """Run a line and show what comes of it. Never raises for what a user can cause, nor for a bug in a command."""
        self.tell_news()
        with self._at_work:
            return self._run(line)

    def _run(self, line: str) -> Outcome:
        self.context.cancel = Cancel()
        parsed = Parsed()
        error: CbwError | None = None
        value: object | None = None
        status = 0
        first = self._broken_in if self._break_in else None
        with stopping(self.context.cancel, patience=_PATIENCE, first=first) as stops:
            try:
                parsed = read(line, "repl")
                if parsed.command is not None and parsed.command.name not in _LOOKERS:
                    self.screen.begin()
                result = run(parsed, self.context)
                value, status = result.value, result.status
                self.screen.value(value, json=parsed.json)
            except CbwError as raised:
                error = raised
            except (KeyboardInterrupt, BrokenPipeError):
                raise
            except Exception as raised:
                error = bug_error(raised, split(line))
        if error is not None:
            self.screen.error(error, json=parsed.json)
            status = error.exit_status
        self._keep(parsed, error, value, status)
        return Outcome(
            status=status,
            leave=isinstance(value, Leave) or stops.terminated,
            strict=value.stop_at_failure if isinstance(value, ScriptOption) else None,
            interrupted=isinstance(error, Interrupted),
            failed_by_quit=value.status if isinstance(value, Leave) else None,
        )

    def _keep(self, parsed: Parsed, error: CbwError | None, value: object | None, status: int) -> None:
        """Remember how a command ended, for the asserts that follow; those themselves are not remembered."""
        name = parsed.command.name if parsed.command else None
        if (name is None and error is None) or name in _LOOKERS:
            return
        if isinstance(value, FailedAsExpected):
            status, error = value.status, value.error
        self.context.last = Last(status, self.screen.output, error)


def _name(root: Path) -> str:
    return root.name
