"""`cbw debug`: a session prepared as `conda debug` prepares it, and where it stands told as that tells it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, Interrupted, UsageError
from cbw_core.events import Note
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute
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
    from cbw_core.session import Phase, create, plan

    made = plan(recipe, context.config, sink=context.sink, cancel=context.cancel)
    session = create(made, pick(context, made, args.output_id), context.config, path=folder)
    _begun(context, session)
    screen = _screen(context, args)
    try:
        session.run(Phase.ENV, sink=context.sink, cancel=context.cancel)
    except Interrupted:
        raise
    except CbwError as error:
        if screen is None:
            raise
        context.sink(Note(error.message, "warning"))  # the screen shows the failed phase: that is what it is for
    return Result(status=screen(context, session)) if screen else Result(ready(session, only=args.activate_string_only))


def _debug_package(context: Context, args: Namespace, package: Path, folder: Path | None) -> Result:
    from cbw_core.session import create_for_package

    session = create_for_package(package, context.config, path=folder)
    _begun(context, session)
    session.prepare_test(sink=context.sink, cancel=context.cancel)
    screen = _screen(context, args)
    return Result(status=screen(context, session)) if screen else Result(ready(session, only=args.activate_string_only))


def _begun(context: Context, session: Session) -> None:
    context.session = session
    context.sink(Note(f"session: {session.root}"))


def _screen(context: Context, args: Namespace):  # type: ignore[no-untyped-def]
    return None if args.plain or args.activate_string_only or args.json else context.open_screen


def ready(session: Session, *, only: bool = False) -> DebugReady:
    """What to tell of a prepared session. The hint is about a file that is there, or there is none."""
    status, layout = session.status(), session.layout
    package_mode = not layout.env_file.is_file()
    script = layout.test_runner if package_mode else layout.build_file
    return DebugReady(
        session=status,
        mode="package" if package_mode else "recipe",
        activation=status.activation,
        source_tree=None if package_mode else str(layout.work),
        script=script.name if script.is_file() else None,
        only=only,
    )


def pick(context: Context, plan: Plan, pattern: str | None) -> Output:
    """The one output to work on: the one the pattern names, or a person's choice. Raises UsageError: "skipped" when
    the recipe has none left, "output-id" (with the names the pattern is matched against) when it is not one."""
    from cbw_core.session import choose, matching

    if not plan.outputs:
        raise UsageError(
            f"{plan.recipe} is skipped: there is nothing to debug",
            kind="skipped",
            why="; ".join(skip_line(row) for row in plan.skipped) or None,
            hint="Choose a variant that is not skipped, with --python, --variants or -m.",
        )
    found = matching(plan, pattern)
    if len(found) < 2 or context.ask is None:
        return choose(plan, pattern)
    package_format = context.config.package_format
    names = [output_name(output, package_format) for output in found]
    index = context.ask(f"{len(found)} outputs: which one?", names)
    if index is None:
        raise Interrupted("no output was chosen")
    return found[index]


def output_name(output: Output, package_format: str) -> str:
    """An output as --output-id names it."""
    return "TOPLEVEL" if output.is_toplevel and not output.is_output else output.file_name(package_format)


def skip_line(row: object) -> str:
    """A skipped output in a line: its name, why, and the variant that skips it."""
    name, why = getattr(row, "name", ""), getattr(row, "why", "")
    return f"{name}: {why}" if name and why else str(why or name or row)


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
            Arg(("-p", "--path"), "folder for the session (default: a new one in the croot)", {"metavar": "DIR"}, "path"),
            Arg(
                ("-a", "--activate-string-only"),
                "print the activation line alone, for scripts",
                {"action": "store_true"},
            ),
            Arg(("--plain",), "print lines; open no screen", {"action": "store_true"}),
            *options.RENDERING,
            *options.PATHS,
            options.QUIET,
            options.NOT_HASHED,
            options.BOOTSTRAP,
        ),
        examples=(
            "cbw debug recipes-examples/bsdiff4 -c host",
            "cbw debug RECIPE --output-id 'libfoo-*'",
            'eval "$(cbw debug -a RECIPE)"',
            "cbw debug dist/linux-64/foo-1.0-0.conda",
        ),
        group="sessions",
        long=True,
    ),
)
