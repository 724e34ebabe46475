"""`shell`, and `!`: commands in a session's environment, and in the caller's."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.events import LogLine, Note
from cbw_workbench.commands import options
from cbw_workbench.commands.atstop import in_script
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import ShellEnded


def shell(context: Context, args: Namespace) -> Result:
    """Interactive on the terminal, or one command (-c) whose status is kept."""
    from cbw_workbench.shell import command_line, interactive, place_of

    session = context.session
    assert session is not None
    if context.held is not None and context.held.stop is not None and args.phase is None:
        return _at_stop(context, args)
    place = place_of(session.layout, args.phase, session.status().output)
    if args.command is not None:
        return _one(context, command_line(place, args.command), args.command, as_json=args.json)
    if context.run_in_terminal is None:
        raise UsageError(
            "shell needs a terminal", hint="cbw shell -c 'COMMAND' runs one command in the session's environment."
        )
    status = context.run_in_terminal(lambda: interactive(place, context.environ, lambda text: context.sink(Note(text))))
    return Result(ShellEnded(status) if args.json or context.face != "cli" else None, status)


def _at_stop(context: Context, args: Namespace) -> Result:
    """With all of the script's variables, functions, options, and its folder; what is done there stays there."""
    from cbw_workbench.shell import Place, interactive

    assert context.held is not None and context.held.stop is not None
    if args.command is not None:
        return in_script(context, args.command)
    if context.run_in_terminal is None:
        raise UsageError("shell needs a terminal", hint="`eval COMMAND` runs a command in the script's own shell.")
    stop = context.held.stop
    state = context.held.debugger.state_file()
    place = Place(Path(stop.cwd), state, f"{stop.phase} line {stop.line}")
    say = lambda text: context.sink(Note(text))  # noqa: E731
    status = context.run_in_terminal(lambda: interactive(place, context.environ, say))
    return Result(ShellEnded(status) if args.json else None, status)


def outside(context: Context, args: Namespace) -> Result:
    """A command in the shell cbw was called from."""
    text = " ".join(args.words)
    if not text:
        raise UsageError("! needs a command", hint="!ls -l")
    if context.held is not None and context.held.stop is not None:
        return in_script(context, text)
    return _one(context, ["/bin/sh", "-c", text], text, as_json=args.json)


def _one(context: Context, argv: Sequence[str], text: str, *, as_json: bool) -> Result:
    """Run a command. On the command line it has our stdin, stdout and stderr; elsewhere its lines go to the sink."""
    if context.face == "cli":
        from cbw_workbench.shell import inherit

        status = inherit(argv, context.cwd, context.environ or os.environ)
    else:
        from cbw_core.process import run

        status = run(
            argv,
            cwd=context.cwd,
            env=context.environ or os.environ,
            on_line=lambda line: context.sink(LogLine(line)),
            cancel=context.cancel,
        ).status
    if context.face == "cli" and not as_json:
        return Result(status=status)  # its status is ours, and the output is its own
    return Result(ShellEnded(status, text), status)


COMMANDS = (
    Command(
        "shell",
        "open a shell in the session's environment, or run one command in it",
        shell,
        args=(
            options.RECIPE,
            Arg(
                ("--phase",),
                "which environment: build (default; test for a package) or test",
                {"choices": ("build", "test")},
            ),
            Arg(("-c", "--command"), "run this command and keep its exit status", {"metavar": "COMMAND"}),
            *options.SESSION,
        ),
        examples=("cbw shell", "cbw shell -c 'echo $PREFIX'", "cbw shell --phase test RECIPE"),
        group="sessions",
        needs_session=True,
        long=True,
    ),
    Command(
        "!",
        "run a command in the shell cbw was called from; where a script stands at a stop: in the script's own shell",
        outside,
        args=(Arg(("words",), "the command", {"nargs": "*", "metavar": "COMMAND"}),),
        examples=("!git diff",),
        group="prompt",
        faces=frozenset({"repl", "tui"}),
        long=True,
    ),
)
