"""`edit`, `reload`, `back`, `snapshots`: another text, or another place, to go on with."""

from __future__ import annotations

from argparse import Namespace

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.held import held_of, standing
from cbw_workbench.commands.stops import BreakpointList


def edit(context: Context, args: Namespace) -> Result:
    """The script in the user's editor; then what `reload` says."""
    import os
    import shlex

    from cbw_workbench.shell import inherit

    own, stop = standing(context)
    run = own.debugger.run
    assert run is not None
    if run.target.file is None or context.run_in_terminal is None:
        raise UsageError("edit needs a terminal and a file", hint=f"Edit {run.target.file}, then `reload`.")
    editor = shlex.split(context.environ.get("VISUAL") or context.environ.get("EDITOR") or "vi")
    line = [f"+{stop.line}"] if stop.file == run.target.file and os.path.basename(editor[0]) in _WITH_LINE else []  # noqa: PTH119
    argv = [*editor, *line, run.target.file]
    context.run_in_terminal(lambda: inherit(argv, context.cwd, context.environ or os.environ))
    return Result(own.debugger.reload())


_WITH_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "ed", "micro", "joe"})


def reload(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return Result(own.debugger.reload(args.line))


def back(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.back(args.line))


def snapshots(context: Context, args: Namespace) -> Result:
    own = held_of(context)
    if args.which is not None:
        own.debugger.snapshots = args.which
    run = own.debugger.run
    kept = run.snapshots.kept if run is not None and run.snapshots is not None and own.active else ()
    lines = ", ".join(str(one.line) for one in kept)
    cost = f"; kept: line {lines}, in {sum(one.seconds for one in kept):.1f} s" if kept else ""
    return Result(BreakpointList((), f"snapshots: {own.debugger.snapshots}{cost}"))


COMMANDS = (
    Command(
        "edit",
        "at a stop: open the script in $VISUAL or $EDITOR, then reload it",
        edit,
        examples=("edit",),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "snapshots",
        "keep the shell, work folder and prefix as they are before each top-level command, for `back`; say the cost",
        snapshots,
        args=(Arg(("which",), "commands or off", {"nargs": "?", "choices": ("commands", "off"), "metavar": "WHICH"}),),
        description="Said before the build runs. Each is a whole copy (sharing blocks where the file system can); all "
        "go when the script ends.",
        examples=("snapshots commands",),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "back",
        "at a stop: to where a top-level command began, with shell, work folder and prefix as they were (`snapshots`)",
        back,
        args=(Arg(("line",), "a line of the command", {"type": int, "metavar": "LINE"}),),
        examples=("back 12",),
        group="debugger",
        faces=PROMPTS,
        long=True,
    ),
    Command(
        "reload",
        "at a stop: read the edited script; `continue` then goes on with its text from the command that stands here",
        reload,
        args=(
            Arg(("line",), "the line of the new text to go on with", {"nargs": "?", "type": int, "metavar": "LINE"}),
        ),
        examples=("reload", "reload 12"),
        group="debugger",
        faces=PROMPTS,
    ),
)
