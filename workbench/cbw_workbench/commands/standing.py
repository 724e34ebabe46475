"""The script that stands at a stop of this prompt, for the commands that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import Context
from cbw_workbench.commands.held import Held

if TYPE_CHECKING:
    from cbw_core.trace import Stop


def held_of(context: Context) -> Held:
    """The debugger of this prompt. UsageError where there is none."""
    if context.held is None:
        raise UsageError(
            "only a prompt can hold a script at a stop", kind="not-stopped", hint="cbw repl, then run build"
        )
    return context.held


def standing(context: Context) -> tuple[Held, Stop]:
    """The debugger and the stop; breakpoints that another process set meanwhile are taken over. UsageError when nothing
    stands."""
    own = held_of(context)
    if own.stop is not None and own.session is not None:
        own.use_points_of(own.session, context.sink)
    stop = own.stop
    if stop is None:
        raise UsageError(
            "no script stands at a stop",
            kind="not-stopped",
            hint="`break LINE` and `run build` stop one; a build that fails stops by itself.",
        )
    return own, stop
