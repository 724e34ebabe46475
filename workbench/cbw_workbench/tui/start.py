"""Putting the workbench together: what it draws with, completes with and remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_workbench.commands import Context
from cbw_workbench.tui.app import WorkbenchApp
from cbw_workbench.tui.completing import completions
from cbw_workbench.tui.logbook import LogBook
from cbw_workbench.tui.screens.base import Tools
from cbw_workbench.views import draw, draw_error, errors_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cbw_core.session import Session

HISTORY = "repl-history"


def workbench(context: Context, session: Session) -> WorkbenchApp:
    """The app, ready to run."""
    from cbw_core.session import sessions

    def complete(line: str) -> tuple[str, ...]:
        return completions(line, context.cwd, lambda: [Path(s.root).name for s in sessions(context.config)])

    past, remember = history(context.config.state / HISTORY)
    return WorkbenchApp(context, session, Tools(LogBook(), drawn, complete, past), remember)


def drawn(value: object) -> RenderableType:
    """A result with the errors it carries."""
    from rich.console import Group

    return Group(draw(value), *(draw_error(error) for _, error in errors_of(value)))


def history(path: Path) -> tuple[tuple[str, ...], Callable[[str], None]]:
    """The prompt's lines of earlier days, oldest first, and how to add one; kept with the REPL's."""
    from prompt_toolkit.history import FileHistory

    path.parent.mkdir(parents=True, exist_ok=True)
    store = FileHistory(str(path))
    return tuple(reversed(list(store.load_history_strings()))), store.store_string


def run(context: Context, session: Session) -> int:
    app = workbench(context, session)
    forget = context.cancel.on_request(app.terminate)
    try:
        status = app.run()
    finally:
        forget()
    app.runner.close()
    return app.return_code or 0 if status is None else status
