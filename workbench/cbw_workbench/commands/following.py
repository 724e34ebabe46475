"""`follow`: whether the debugger goes into bash scripts that the script starts."""

from __future__ import annotations

from argparse import Namespace

from cbw_core.events import Note
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.standing import held_of


def follow(context: Context, args: Namespace) -> Result:
    own = held_of(context)
    debugger = own.debugger
    if args.which is not None:
        debugger.follow = args.which == "on"
    says = "are followed" if debugger.follow else "are single commands"
    later = ""
    if own.active and debugger.run is not None and debugger.run.follow != debugger.follow:
        later = ", from the next run on"
    context.sink(Note(f"bash scripts that the script starts {says}{later}"))
    return Result(None)


COMMANDS = (
    Command(
        "follow",
        "whether the debugger also goes into bash scripts that the script starts",
        follow,
        args=(Arg(("which",), "on or off", {"nargs": "?", "choices": ("on", "off"), "metavar": "WHICH"}),),
        description="""Said before the build runs.
`step` then goes into `bash helper.sh`, and into `./helper.sh` with a first line
for bash, whoever starts them (make, another script); `next` goes over them, `finish` out of them; breakpoints
(`break helper.sh:3`) and failing commands stop in them. Scripts for sh (where that is another shell), `bash -c TEXT`
and what is started without BASH_ENV (`env -i`) stay single commands. It costs some milliseconds for each bash that
starts.""",
        examples=("follow on", "follow"),
        group="debugger",
        faces=PROMPTS,
    ),
)
