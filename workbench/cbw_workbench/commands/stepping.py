"""`next`, `finish`, `until`, `continue`: going on from a stop. (`step` is with the phases.)"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.standing import standing

if TYPE_CHECKING:
    from cbw_core.trace import Debugger

COUNT = Arg(("count",), "how often (default: once)", {"nargs": "?", "type": int, "default": 1, "metavar": "N"})


def next_(context: Context, args: Namespace) -> Result:
    return times(context, args.count, lambda debugger: debugger.next())


def times(context: Context, count: int, how: Callable[[Debugger], None]) -> Result:
    """Step so often; a stop for another reason, and the end, end it."""
    own, _ = standing(context)
    result = own.go_on(context, how)
    for _ in range(count - 1):
        if own.stop is None or own.stop.reason != "step" or context.cancel.requested:
            break
        result = own.go_on(context, how)
    return result


def finish(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.finish())


def until(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.until(args.line))


def continue_(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.cont(ignore=args.ignore))


COMMANDS = (
    Command(
        "next",
        "at a stop: to the next command, over functions, sourced files and subshells",
        next_,
        args=(COUNT,),
        examples=("next", "next 3"),
        group="debugger",
        faces=PROMPTS,
        aliases=("n",),
        long=True,
    ),
    Command(
        "finish",
        "at a stop: to the end of this function or sourced file",
        finish,
        examples=("finish",),
        group="debugger",
        faces=PROMPTS,
        long=True,
    ),
    Command(
        "until",
        "at a stop: on to a line of the script; without LINE to one below this (from a loop's last line: out of it)",
        until,
        args=(Arg(("line",), "the line", {"nargs": "?", "type": int, "metavar": "LINE"}, "line"),),
        examples=("until 20", "until"),
        group="debugger",
        faces=PROMPTS,
        long=True,
    ),
    Command(
        "continue",
        "at a stop: on to the next stop or the end; behind `reload` with the edited script",
        continue_,
        args=(
            Arg(
                ("--ignore",),
                "at a failure: go on behind the failed command (without, the script ends there)",
                {"action": "store_true"},
            ),
        ),
        examples=("continue", "continue --ignore"),
        group="debugger",
        faces=PROMPTS,
        aliases=("c",),
        long=True,
    ),
)
