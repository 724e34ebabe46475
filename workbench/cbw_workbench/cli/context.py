"""The context of a command on the command line: what the terminal, where there is one, can do for it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cbw_core.config import Config
from cbw_workbench.commands.command import Context

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.session import Session


def context_for(sink: Sink, cancel: Cancel, *, json: bool) -> Context:
    """A context from the process's environment. Only on a terminal: choices, shells and the screen."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    asking = sys.stdin.isatty() and sys.stderr.isatty() and not json
    return Context(
        config=Config.load(),
        sink=sink,
        cancel=cancel,
        environ=dict(os.environ),
        ask=choose_by_number if asking else None,
        run_in_terminal=(lambda work: work()) if terminal else None,
        open_screen=_open_screen if terminal and not json and os.environ.get("TERM") != "dumb" else None,
        open_repl=_open_repl,
    )


def choose_by_number(title: str, entries: Sequence[str]) -> int | None:
    """Ask on the terminal for one of `entries`; its index, None when declined (empty line, Ctrl-C, Ctrl-D)."""
    sys.stderr.write(title + "\n")
    for number, entry in enumerate(entries, 1):
        sys.stderr.write(f"  {number:>{len(str(len(entries)))}}  {entry}\n")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while True:
            sys.stderr.write(f"1-{len(entries)}, empty for none: ")
            sys.stderr.flush()
            answer = sys.stdin.readline().strip()
            if not answer:
                return None
            if answer.isdigit() and 1 <= int(answer) <= len(entries):
                return int(answer) - 1
            sys.stderr.write(f"{answer!r} is not one of them\n")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return None
    finally:
        signal.signal(signal.SIGINT, before)


def _open_screen(context: Context, session: Session) -> int:
    from cbw_workbench.tui import run_workbench

    return run_workbench(context, session)


def _open_repl(context: Context, script: str | None, strict: bool) -> int:
    from cbw_workbench.repl import run_repl

    return run_repl(context, script=script, strict=strict)
