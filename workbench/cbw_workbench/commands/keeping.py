"""`keep`: what was edited in the work folder's conda_build.sh, written into the recipe."""

from __future__ import annotations

from argparse import Namespace

from cbw_workbench.commands import options
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import KeptReport


def keep(context: Context, args: Namespace) -> Result:
    from cbw_core.session import keep_script

    session = context.session
    assert session is not None
    standing = context.held.debugger if context.held is not None and context.held.stop is not None else None
    made = keep_script(session, debugger=standing, try_only=args.try_only, sink=context.sink, cancel=context.cancel)
    return Result(KeptReport(made, session.status()))


COMMANDS = (
    Command(
        "keep",
        "write what was edited in work/conda_build.sh into the recipe: its script, or the lines of meta.yaml",
        keep,
        args=(
            Arg(("--try",), "show the change, write nothing", {"action": "store_true", "dest": "try_only"}),
            *options.SESSION,
            options.QUIET,
        ),
        examples=("cbw keep --try", "cbw keep"),
        description=(
            "For edits made in conda_build.sh: by hand, in a shell, or in the debugger (`edit --work`). All else of "
            "the recipe stays as it is: comments, selectors, quotes. An edit of meta.yaml is taken only if it then "
            "renders to the edited script, and all else to what it did. A line that a template makes is refused, and "
            "all of it when the recipe has changed since conda_build.sh was written."
        ),
        group="phases",
        needs_session=True,
        long=True,
    ),
)
