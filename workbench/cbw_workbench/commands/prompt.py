"""`use`, `set`, `help`, `quit`: what a prompt needs."""

from __future__ import annotations

from argparse import Namespace

from cbw_core.errors import UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.finding import find, resolve
from cbw_workbench.commands.help import overview
from cbw_workbench.commands.parser import parser_of
from cbw_workbench.commands.results import Leave, ScriptOption, Text, Using


def use(context: Context, args: Namespace) -> Result:
    from cbw_workbench.commands.choosing import resolve_session

    context.session = resolve_session(context, None, args.target)
    return Result(Using(context.session.status()))


def set_option(context: Context, args: Namespace) -> Result:
    if args.off not in (None, "+e"):
        from cbw_workbench.commands.atstop import assign

        return assign(context, args.off)
    if context.face == "tui":
        raise UsageError(
            "set -e is for scripts of commands", hint="set NAME=VALUE sets a variable of the script that stands."
        )
    if args.on == bool(args.off):
        raise UsageError("set needs -e or +e", hint="set -e: end the script at the first failure; set +e: go on.")
    return Result(ScriptOption(args.on))


def help_(context: Context, args: Namespace) -> Result:
    if not args.command:
        return Result(Text(overview(context.commands, context.face)))
    named = (
        resolve(context.commands, args.command)[0] if len(args.command) > 1 else find(context.commands, args.command[0])
    )
    return Result(Text(parser_of(named).format_help()))


def leave(context: Context, args: Namespace) -> Result:
    return Result(Leave(args.status))


COMMANDS = (
    Command(
        "use",
        "make another session the current one",
        use,
        args=(
            Arg(
                ("target",),
                "the session: its folder, its name under the croot, or a recipe (its last session)",
                {"metavar": "SESSION"},
                "session",
            ),
            options.CROOT,
        ),
        examples=("use debug_1700000000000", "use recipes-examples/bsdiff4"),
        group="prompt",
        faces=PROMPTS,
    ),
    Command(
        "set",
        "set -e: end the script at the first failure; set +e: go on; set NAME=VALUE: in a script at a stop",
        set_option,
        args=(
            Arg(("-e",), "end the script at the first failure", {"action": "store_true", "dest": "on"}),
            Arg(
                ("off",),
                "+e: go on after failures; NAME=VALUE: set a variable of the script that stands at a stop",
                {"nargs": "?", "metavar": "+e|NAME=VALUE"},
                "variable",
            ),
        ),
        examples=("set -e", "set CFLAGS='-O2 -g'"),
        group="prompt",
        faces=PROMPTS,
    ),
    Command(
        "help",
        "list the commands, or show one",
        help_,
        args=(Arg(("command",), "a command", {"nargs": "*", "metavar": "COMMAND"}, "command"),),
        examples=("cbw help", "cbw help debug", "cbw help inspect hash-inputs"),
        group="prompt",
        aliases=("?",),
    ),
    Command(
        "quit",
        "leave",
        leave,
        args=(
            Arg(
                ("status",),
                "exit status (default: that of the last failure)",
                {"nargs": "?", "type": int, "metavar": "N"},
            ),
        ),
        examples=("quit",),
        group="prompt",
        faces=PROMPTS,
        aliases=("exit", "q"),
    ),
)
