"""The prompt over the commands, and scripts of them. docs/repl.md is its manual."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbw_workbench.commands.command import Context


def run_repl(context: Context, *, script: str | None = None, strict: bool = False) -> int:
    """A prompt on the terminal; or the commands of the file `script` ("-" is stdin, also when there is no terminal).

    Begins with the session of `context`; returns the exit status: that of the last failure, 0 without one. strict: the
    script ends at its first failure.
    """
    import sys

    if script is None and sys.stdin.isatty() and sys.stdout.isatty():
        from cbw_workbench.repl.loop import run_prompt

        return run_prompt(context)
    from cbw_workbench.repl.script import run_script

    return run_script(context, script or "-", strict=strict)
