"""`edit`, `reload`, `back`, `snapshots`: another text, or another place, to go on with."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.standing import held_of, standing
from cbw_workbench.commands.stops import SnapshotList, SnapshotRow

if TYPE_CHECKING:
    from cbw_core.trace import Debugger


def edit(context: Context, args: Namespace) -> Result:
    """The script in the user's editor; then what `reload` says."""
    import os
    import shlex

    from cbw_workbench.shell import inherit

    own, stop = standing(context)
    run = own.debugger.run
    assert run is not None
    # edits that the recipe does not have go on where they are
    in_work = args.work or run.target.file is None or not run.editing.in_recipe
    file = str(run.target.script) if in_work else str(run.target.file)
    if context.run_in_terminal is None:
        raise UsageError("edit needs a terminal", hint=f"Edit {file}, then `reload`.")
    editor = shlex.split(context.environ.get("VISUAL") or context.environ.get("EDITOR") or "vi")
    number = stop.line if stop.file == file else None
    if in_work and stop.text_line is not None:
        number = stop.text_line + run.target.header
    line = [f"+{number}"] if number and os.path.basename(editor[0]) in _WITH_LINE else []  # noqa: PTH119
    argv = [*editor, *line, file]
    status = context.run_in_terminal(lambda: inherit(argv, context.cwd, context.environ or os.environ))
    if status:
        raise UsageError(f"{editor[0]} ended with status {status}", hint="Nothing was read; `reload` reads the script.")
    return Result(own.debugger.reload(source="work" if args.work else None))


_WITH_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "ed", "micro", "joe", "kak", "hx", "mg"})


def reload(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return Result(own.debugger.reload(args.line, source=args.source))


def back(context: Context, args: Namespace) -> Result:
    from cbw_core.events import Note

    own, stop = standing(context)

    def go(debugger: Debugger) -> None:
        for text in debugger.back(args.line):
            context.sink(Note(text, level="warning", phase=stop.phase))

    return own.go_on(context, go)


def snapshots(context: Context, args: Namespace) -> Result:
    own = held_of(context)
    if args.which is not None:
        own.debugger.snapshots = args.which
    run = own.debugger.run
    if run is None or run.snapshots is None or not own.active:
        return Result(SnapshotList(own.debugger.snapshots))
    rows = tuple(
        SnapshotRow(number, run.snapshots.line_now(one, run.text), one.command, one.cost)
        for number, one in enumerate(run.snapshots.kept, 1)
    )
    now = "" if own.debugger.snapshots == run.snapshots.when else f"from the next run on: {own.debugger.snapshots}"
    return Result(SnapshotList(run.snapshots.when, rows, run.snapshots.cost, now))


COMMANDS = (
    Command(
        "edit",
        "at a stop: open the script in $VISUAL or $EDITOR, then reload it",
        edit,
        args=(
            Arg(
                ("--work",),
                "the work folder's conda_build.sh, to leave the recipe as it is (`keep` writes it there later)",
                {"action": "store_true"},
            ),
        ),
        examples=("edit", "edit --work"),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "snapshots",
        "keep the shell, work folder and prefix as they are at stops or before each command, for `back`; say the cost",
        snapshots,
        args=(
            Arg(
                ("which",),
                "stops, commands or off",
                {"nargs": "?", "choices": ("stops", "commands", "off"), "metavar": "WHICH"},
            ),
        ),
        description="""Said before the build runs; all go when the script ends.
  snapshots            list those there are, with what each cost
  snapshots stops      keep one at each stop at the top level of the script
  snapshots commands   keep one before each command of the top level
Files that did not change since the one before are not copied again; others share their blocks with the work folder
where the file system can (reflinks).""",
        examples=("snapshots commands",),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "back",
        "at a stop: to where a top-level command began, with shell, work folder and prefix as they were (`snapshots`)",
        back,
        args=(Arg(("line",), "a line of the command", {"type": int, "metavar": "LINE"}, "snapshot"),),
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
            Arg(
                ("line",),
                "the line of the new text to go on with",
                {"nargs": "?", "type": int, "metavar": "LINE"},
                "line",
            ),
            Arg(
                ("--from",),
                "which text, where both were edited: the recipe's, or that of work/conda_build.sh",
                {"choices": ("recipe", "work"), "dest": "source", "metavar": "recipe|work"},
            ),
        ),
        examples=("reload", "reload 12", "reload --from work"),
        description="Taken is the recipe's script (build.sh, or lines of meta.yaml) or work/conda_build.sh, whichever "
        "was edited. `continue` runs the new text from the command that stands here (or LINE).",
        group="debugger",
        faces=PROMPTS,
    ),
)
