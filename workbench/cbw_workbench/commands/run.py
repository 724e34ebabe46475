"""From a line to a result, with all commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbw_workbench.commands import line as lines
from cbw_workbench.commands.command import Context, Face, Result
from cbw_workbench.commands.line import Parsed
from cbw_workbench.commands.registry import all_commands


def read(line: str | Sequence[str], face: Face) -> Parsed:
    """The command of a line. Raises UsageError."""
    return lines.read(line, face, all_commands())


def run(parsed: Parsed, context: Context) -> Result:
    """Run a parsed command. Its flags are laid over `context.config` for this command only; `context.session` follows
    what the command made or chose, also when it fails."""
    own = replace(context, commands=all_commands())
    try:
        return lines.run(parsed, own)
    finally:
        context.session = own.session


def execute(line: str | Sequence[str], context: Context) -> Result:
    """Run one line (or its words) in `context`. Raises CbwError; usage errors are UsageError, never SystemExit.

    `--session PATH`, else the recipe's last session where the line names a recipe, else the context's session, else
    the last one at all is put into the context for commands that need one.
    """
    return run(read(line, context.face), context)
