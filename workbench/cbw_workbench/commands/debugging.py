"""`cbw debug`: a session prepared as `conda debug` prepares it, and where it stands told as that tells it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, Interrupted, UsageError
from cbw_core.events import Note
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute, surroundings
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import DebugReady

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.session import Plan, Session

PACKAGE_SUFFIXES = (".conda", ".tar.bz2")


def is_package(path: Path) -> bool:
    return path.name.endswith(PACKAGE_SUFFIXES) and not path.is_dir()


def run(context: Context, args: Namespace) -> Result:
    target = absolute(args.target, context)
    folder = absolute(args.path, context) if args.path else None
    if is_package(target):
        if args.output_id:
            raise UsageError("--output-id picks an output of a recipe; a package is one already")
        return _debug_package(context, args, target, folder)
    return _debug_recipe(context, args, target, folder)


def _debug_recipe(context: Context, args: Namespace, recipe: Path, folder: Path | None) -> Result:
    from cbw_core.session import Phase, create, solve_first

    made = planned(context, recipe)
    chosen = pick(context, made, args.output_id)
    session = create(made, chosen, context.config, path=folder, environ=surroundings(context))
    _begun(context, session)
    prompt = args.stop or args.follow or args.snapshots
    screen = None if prompt else _screen(context, args)
    try:
        if not args.no_solve_all:
            solve_first(session, sink=context.sink, cancel=context.cancel)
        session.run(Phase.ENV, sink=context.sink, cancel=context.cancel)
    except Interrupted:
        raise
    except CbwError as error:
        if screen is None:
            raise
        context.sink(Note(error.message, "warning"))  # the screen shows the failed phase: that is what it is for
    if prompt:
        first = ["follow on"] if args.follow else []
        first += [f"snapshots {args.snapshots}"] if args.snapshots else []
        return _stopping(context, session, args.stop or (), first)
    return Result(status=screen(context, session)) if screen else Result(ready(session, only=args.activate_string_only))


def _stopping(context: Context, session: Session, places: Sequence[str], first: Sequence[str]) -> Result:
    """The prompt, with the build running to the first of the places. first: commands before that."""
    from cbw_workbench.commands.breaking import keep_breakpoints

    keep_breakpoints(context, session, places)
    if context.open_repl is None:
        commands = ", ".join(f"`{line}`" for line in [*first, "run build"])
        context.sink(Note(f"{commands} goes to the first stop", "hint"))
        return Result(ready(session))
    opened = replace(context, opening=(*first, "run build"))
    return Result(status=context.open_repl(opened, None, False))


def planned(context: Context, recipe: Path) -> Plan:
    """The recipe rendered. What fails in it failed in the render phase, though there is no session yet."""
    from cbw_core.session import plan

    try:
        return plan(recipe, context.config, sink=context.sink, cancel=context.cancel, environ=surroundings(context))
    except CbwError as error:
        error.phase = error.phase or "render"
        raise


def _debug_package(context: Context, args: Namespace, package: Path, folder: Path | None) -> Result:
    from cbw_core.session import create_for_package

    session = create_for_package(package, context.config, path=folder, environ=surroundings(context))
    _begun(context, session)
    session.prepare_test(sink=context.sink, cancel=context.cancel)
    screen = _screen(context, args)
    return Result(status=screen(context, session)) if screen else Result(ready(session, only=args.activate_string_only))


def _begun(context: Context, session: Session) -> None:
    context.session = session
    context.sink(Note(f"session: {session.root}"))


def _screen(context: Context, args: Namespace) -> Callable[[Context, Session], int] | None:
    return None if args.plain or args.activate_string_only or args.json else context.open_screen


def ready(session: Session, *, only: bool = False) -> DebugReady:
    """What to tell of a prepared session. The hint is about a file that is there, or there is none."""
    status, layout = session.status(), session.layout
    if session.is_package:
        activation = f"cd {quote(str(layout.test_dir))} && source {quote(str(layout.test_env_file))}"
        return DebugReady(status, "package", activation, None, _there(layout.test_runner), only)
    activation = f"cd {quote(str(layout.work))} && source {quote(str(layout.env_file))}"
    return DebugReady(status, "recipe", activation, str(layout.work), _there(layout.build_file), only)


def _there(script: Path) -> str | None:
    return script.name if script.is_file() else None


def pick(context: Context, plan: Plan, pattern: str | None) -> Output:
    """The one output to work on: the one the pattern names, or a person's choice among those that fit. Raises
    UsageError: "skipped" when the recipe has none, "output-id" (with the names to choose from) when it is not one."""
    from cbw_core.session import choose, matching

    found = matching(plan, pattern)
    if len(found) < 2 or context.ask is None:
        return choose(plan, pattern)
    names = [next(name for name, output in plan.choices if output is one) for one in found]
    index = context.ask(f"{len(found)} outputs: which one?", names)
    if index is None:
        raise Interrupted("no output was chosen")
    return found[index]


COMMANDS = (
    Command(
        "debug",
        "prepare a recipe's (or a package's) environments and stop where a person can look around",
        run,
        args=(
            Arg(
                ("target",),
                "folder of a recipe (build and host environments, source tree), or a package file (test environment)",
                {"metavar": "RECIPE|PACKAGE"},
                "recipe",
            ),
            Arg(
                ("-o", "--output-id"),
                "the output to work on: a pattern (fnmatch) for the file name of its package; TOPLEVEL is the recipe's "
                "own top level",
                {"metavar": "PATTERN"},
            ),
            Arg(
                ("-p", "--path"), "folder for the session (default: a new one in the croot)", {"metavar": "DIR"}, "path"
            ),
            Arg(
                ("-a", "--activate-string-only"),
                "print the activation line alone, for scripts",
                {"action": "store_true"},
            ),
            Arg(
                ("--no-solve-all",),
                "do not solve the environments of all outputs and of the tests before anything else is done",
                {"action": "store_true"},
            ),
            options.accepted("--solve-all", why="debug does so; --no-solve-all leaves it out"),
            Arg(
                ("--stop",),
                "stop the build script at LINE, FILE:LINE or FUNCTION, and open the prompt there (a failing command "
                "stops too); may be repeated. `help break` has more",
                {"action": "append", "metavar": "PLACE"},
            ),
            Arg(
                ("--follow",),
                "stop in bash scripts that the build script starts, too (`help follow`); opens the prompt as --stop",
                {"action": "store_true"},
            ),
            Arg(
                ("--snapshots",),
                "keep what `back LINE` goes back to: at each stop, or before each command (`help snapshots`); opens "
                "the prompt as --stop",
                {"choices": ("stops", "commands", "off"), "metavar": "stops|commands|off"},
            ),
            Arg(("--plain",), "print lines; open no screen", {"action": "store_true"}),
            *options.RENDERING,
            *options.PATHS,
            options.ISOLATE,
            options.QUIET,
            options.NOT_HASHED,
            options.BOOTSTRAP,
        ),
        examples=(
            "cbw debug recipes-examples/bsdiff4 -c host",
            "cbw debug RECIPE --output-id 'libfoo-*'",
            "cbw debug RECIPE --stop build.sh:12",
            "cbw debug RECIPE --follow --stop helper.sh:3",
            "cbw debug RECIPE --snapshots commands",
            'eval "$(cbw debug -a RECIPE)"',
            "cbw debug dist/linux-64/foo-1.0-0.conda",
        ),
        group="sessions",
        long=True,
    ),
)
