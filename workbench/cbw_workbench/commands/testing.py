"""`cbw test`: the tests of packages and of recipes' sessions; listed, run alone, and a shell at the one that failed."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_core.events import Note
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import LEDGER, absolute, resolve_session, surroundings
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.debugging import is_package, pick
from cbw_workbench.commands.results import ListedTest, ShellEnded, TestList
from cbw_workbench.commands.several import each

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.test import TestPlan


def test(context: Context, args: Namespace) -> Result:
    asked = bool(args.channel or args.override_channels or args.use_local)
    special = [name for name in ("list", "only", "shell") if getattr(args, name)]
    if len(special) > 1:
        raise UsageError(f"--{special[0]} and --{special[1]} cannot be had at once")
    if special or not args.target:
        if len(args.target) > 1:
            raise UsageError(f"--{special[0]} is for one package or recipe", why=f"{len(args.target)} are named.")
        return _special(context, args, args.target[0] if args.target else None, asked)
    return each(args.target, args.keep_going, lambda given: test_one(context, given, args.output_id, asked))


def _special(context: Context, args: Namespace, given: str | None, asked: bool) -> Result:
    if args.list and given is not None and is_package(package := absolute(given, context)):
        from cbw_core.test import plan_of_package

        session = _session_of_package(context, package)
        return Result(_listed(session.test_plan() if session else plan_of_package(package), session))
    session = _session(context, given, args.output_id, asked, again=True)
    if args.list:
        return Result(_listed(session.test_plan(), session))
    if args.only:
        session.run_tests(args.only, sink=context.sink, cancel=context.cancel)
        return Result(_listed(session.test_plan(), session))
    if args.shell:
        return _shell(context, session, as_json=args.json)
    return each([str(session.root)], False, lambda root: test_one(context, root))


def _session(context: Context, given: str | None, pattern: str | None, asked: bool, *, again: bool) -> Session:
    """The session to test in: a new one for a package (`again`: the last one of it, where there is one), the last one
    of a recipe, or that of a session's folder. UsageError when channels are asked for that it was not made with."""
    from cbw_core.session import Plan, create_for_package, last_session, open_session

    environ = surroundings(context)
    if given is None:
        session = resolve_session(context, None, None)
    elif is_package(target := absolute(given, context)):
        known = _session_of_package(context, target) if again and not asked else None
        session = known or create_for_package(target, context.config, environ=environ)
        if known is None:
            context.sink(Note(f"session: {session.root}"))
    elif (target / LEDGER).is_file():
        session = open_session(target, environ=environ)
    else:
        session = last_session(context.config, target, environ=environ)
    mine, wanted = session.config, context.config
    if asked and (mine.channels, mine.override_channels) != (wanted.channels, wanted.override_channels):
        raise UsageError(
            f"the session {session.root} keeps the channels it was made with",
            why=f"They are: {', '.join(mine.channels) or 'the default ones'}.",
            hint=f"Leave -c and -O out, or make a new session: cbw debug -c CHANNEL {given or 'RECIPE'}.",
        )
    if context.config.extra_deps and not session.is_package:
        raise UsageError("--extra-deps is for package files", hint="Say test/requires in the recipe.")
    if pattern is not None:
        plan = Plan(session.recipe, session.rendering, session.config.package_format)
        session = session.for_output(pick(context, plan, pattern))
    context.session = session
    return session


def _session_of_package(context: Context, package: Path) -> Session | None:
    from cbw_core.session import last_session

    try:
        return last_session(context.config, package, environ=surroundings(context))
    except UsageError:
        return None


def test_one(
    context: Context, given: str, pattern: str | None = None, channels_given: bool = False
) -> tuple[list[Session], list[str]]:
    """Test a package in a fresh session; a recipe (or a session's folder) in its last session, brought up to test."""
    from cbw_core.session import Phase

    session = _session(context, given, pattern, channels_given, again=False)
    session.run(Phase.TEST, sink=context.sink, cancel=context.cancel)
    return [session], []


def _listed(plan: TestPlan, session: Session | None) -> TestList:
    """The tests with their numbers; how each ended and what runs it, where there is a session."""
    from cbw_core import test

    ended = test.outcomes(plan, session.layout) if session else ("not run",) * len(plan.steps)
    there = session is not None and session.layout.test_env_file.is_file()
    scripts = test.step_scripts(plan, session.layout) if session and there else ()
    return TestList(
        plan.dist,
        tuple(
            ListedTest(
                number,
                step.kind,
                step.text,
                str(step.place or ""),
                outcome,
                shlex.join(scripts[number - 1].command) if scripts else "",
            )
            for number, (step, outcome) in enumerate(zip(plan.steps, ended, strict=True), 1)
        ),
        str(session.root) if session else "",
    )


def _shell(context: Context, session: Session, *, as_json: bool) -> Result:
    """A shell in the test environment, which says first which test failed and how to run it."""
    from cbw_workbench.shell import interactive, place_of

    if not session.test_is_ready():
        session.prepare_test(sink=context.sink, cancel=context.cancel)
    for one in _listed(session.test_plan(), session).tests:
        if one.outcome == "failed":
            context.sink(Note(f"test {one.number} failed ({one.kind}): run it again with\n  {one.command}", "hint"))
    if context.run_in_terminal is None:
        raise UsageError(
            "test --shell needs a terminal",
            hint="cbw shell --phase test -c 'COMMAND' runs one command in the test environment.",
        )
    place = place_of(session.layout, "test", session.output.dist)
    status = context.run_in_terminal(lambda: interactive(place, context.environ, lambda text: context.sink(Note(text))))
    return Result(ShellEnded(status) if as_json or context.face != "cli" else None, status)


COMMANDS = (
    Command(
        "test",
        "test a package file, or a recipe's last session",
        test,
        args=(
            Arg(
                ("target",),
                "a package file, a recipe (its last session) or a session's folder (default: the last session)",
                {"nargs": "*", "metavar": "PACKAGE|RECIPE"},
                "recipe",
            ),
            Arg(("-l", "--list"), "list the tests with their numbers, and how each ended", {"action": "store_true"}),
            Arg(
                ("--only",),
                "run this test alone, by its number in --list, in the test environment that is there; may be repeated",
                {"type": int, "action": "append", "metavar": "N"},
            ),
            Arg(
                ("--shell",),
                "open a shell in the test environment; it says which test failed and what runs it",
                {"action": "store_true"},
            ),
            Arg(("-o", "--output-id"), "the output of the recipe, as in cbw debug", {"metavar": "PATTERN"}),
            Arg(("-k", "--keep-going"), "go on with the others after a failure", {"action": "store_true"}),
            options.EXTRA_DEPS,
            *options.CHANNELS,
            options.CROOT,
            *options.PATHS,
            options.QUIET,
        ),
        examples=(
            "cbw test croot/linux-64/foo-1.0-0.conda -c host",
            "cbw test RECIPE",
            "cbw test --list RECIPE",
            "cbw test --only 3",
            "cbw test --shell RECIPE",
        ),
        group="recipes",
        long=True,
    ),
)
