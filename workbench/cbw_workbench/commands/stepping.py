"""`next`, `finish`, `until`, `continue`: going on from a stop. (`step` is with the phases.)"""

from __future__ import annotations

from argparse import Namespace

from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.standing import standing


def next_(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.next())


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
        examples=("next",),
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
        "at a stop: on to a line of the script",
        until,
        args=(Arg(("line",), "the line", {"type": int, "metavar": "LINE"}),),
        examples=("until 20",),
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
