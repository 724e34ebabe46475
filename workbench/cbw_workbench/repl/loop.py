"""The prompt on a terminal: prompt_toolkit's line, completion, history, and a toolbar that says where one stands."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory
from prompt_toolkit.patch_stdout import patch_stdout

from cbw_core.errors import CbwError, Interrupted, from_os_error
from cbw_workbench.repl.completion import CommandCompleter
from cbw_workbench.repl.engine import Engine
from cbw_workbench.repl.screen import Screen
from cbw_workbench.views.states import look

if TYPE_CHECKING:
    from prompt_toolkit.history import History

    from cbw_workbench.commands.command import Context


def run_prompt(context: Context) -> int:
    """Ask for commands until `quit` or Ctrl-D. Ctrl-C stops a running command, or clears the line.

    Returns the exit status that `quit N` names, else that of the last failure.
    """
    engine = Engine(context, Screen(sys.stdout), break_in=True)
    session: PromptSession[str] = PromptSession(
        history=_history(engine),
        completer=CommandCompleter(engine.context),
        auto_suggest=AutoSuggestFromHistory(),
        complete_while_typing=False,
        enable_suspend=True,
    )
    asking = _Asking(engine, session)
    engine.after_news = asking.refresh
    sys.stdout.write("cbw: `help` lists the commands, Tab completes, Ctrl-D leaves\n")
    status = 0
    again = ""  # what an empty line runs, where a script stands
    before = signal.signal(signal.SIGTERM, lambda number, frame: asking.leave())
    try:
        for line in context.opening:
            sys.stdout.write(engine.prompt + line + "\n")
            engine.run(line)
        while True:
            try:
                line = asking.line()
            except KeyboardInterrupt:
                continue
            except EOFError:
                status = Interrupted.exit_status if asking.left else status
                break
            held = engine.context.held
            if not line.strip() and held is not None and held.stop is not None:
                line = again
            again = repeated(line)
            outcome = engine.run(line)
            status = outcome.status or status
            if outcome.leave:
                status = status if outcome.failed_by_quit is None else outcome.failed_by_quit
                break
    finally:
        engine.close()
        signal.signal(signal.SIGTERM, before)
        context.session = engine.context.session
    return status


def repeated(line: str) -> str:
    """What an empty line behind this one is to run: the same step, or the next lines of a listing."""
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    if word in ("l", "list"):
        return "list"
    return line if word in ("s", "step", "n", "next") else ""


class _Asking:
    """The prompt's line. What is told meanwhile stands above it, and it says how things are then."""

    def __init__(self, engine: Engine, session: PromptSession[str]) -> None:
        self._engine, self._session = engine, session
        self._bar = FormattedText()
        self.left = False  # SIGTERM came

    def line(self) -> str:
        """Raises EOFError when the prompt is to be left, KeyboardInterrupt for Ctrl-C."""
        if self.left:
            raise EOFError
        self._bar = toolbar(self._engine.context)
        with patch_stdout(raw=True), self._engine.screen.through(sys.stdout):
            return self._session.prompt(lambda: self._engine.prompt, bottom_toolbar=lambda: self._bar)

    def refresh(self) -> None:
        self._bar = toolbar(self._engine.context)
        self._session.app.invalidate()

    def leave(self) -> None:
        """From a signal handler: the line that is being asked for is left, and the terminal is as it was."""
        self.left = True
        loop = self._session.app.loop
        if loop is not None and self._session.app.is_running:
            loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._session.app.is_running and not self._session.app.is_done:
            self._session.app.exit(exception=EOFError())


def toolbar(context: Context) -> FormattedText:
    """The current session's output and the state of each phase."""
    if context.session is None:
        return FormattedText([("", "no session: `debug RECIPE` makes one, `use SESSION` takes one")])
    try:
        status = context.session.status()
    except CbwError as error:
        return FormattedText([("", error.message)])
    parts = [("bold", status.output), ("", "  ")]
    for phase in status.phases:
        parts += [("", f"{look(phase.state).symbol} {phase.phase.value}  ")]
    return FormattedText(parts)


def _history(engine: Engine) -> History:
    path = engine.context.config.state / "repl-history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, f"making {path.parent}") from error
    return FileHistory(str(path))
