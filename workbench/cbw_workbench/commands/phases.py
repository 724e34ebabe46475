"""`step`, `run`, `rerun`, `rewind`: moving a session through its phases."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_core.events import Note
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import resolve_session
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import PhaseReport
from cbw_workbench.commands.stepping import times

if TYPE_CHECKING:
    from cbw_core.process import Cancel
    from cbw_core.session import Session

PHASE_NAMES = ("render", "source", "env", "build", "post", "package", "test")


def phase_name(text: str) -> str:
    """A phase's name, checked. UsageError names the nearest one."""
    from difflib import get_close_matches

    if text not in PHASE_NAMES:
        near = get_close_matches(text, PHASE_NAMES, n=1)
        raise UsageError(
            f"there is no phase {text!r}",
            hint=f"Did you mean {near[0]!r}?" if near else f"The phases are {', '.join(PHASE_NAMES)}.",
        )
    return text


PHASE = Arg(("phase",), ", ".join(PHASE_NAMES), {"type": phase_name, "metavar": "PHASE"}, "phase")


def _perform(context: Context, session: Session, work: Callable[[Cancel], Result]) -> Result:
    """Run phases: at a prompt under its debugger, where their scripts can stand still."""
    if context.held is None:
        _tell_breakpoints(context, session)
        return work(context.cancel)
    return context.held.run(context, session, work)


def _tell_breakpoints(context: Context, session: Session) -> None:
    from cbw_core.session.changes import breakpoints

    count = sum(point.enabled for point in breakpoints.read(session.head.kept))
    if count:
        these = "a breakpoint of this session is" if count == 1 else f"{count} breakpoints of this session are"
        context.sink(Note(f"{these} not stopped at here; a prompt does (cbw repl)", level="hint"))


def step(context: Context, args: Namespace) -> Result:
    if context.held is not None and context.held.stop is not None:
        if args.recipe is not None and not args.recipe.isdigit():
            raise UsageError(
                f"step {args.recipe}: a script stands at a stop", hint="step, or step N, goes on from there."
            )
        return times(context, int(args.recipe or 1), lambda debugger: debugger.step())
    session = context.session = resolve_session(context, args.session, args.recipe)

    def work(cancel: Cancel) -> Result:
        done = session.step(sink=context.sink, cancel=cancel)
        return Result(PhaseReport((done,) if done else (), session.status(), "" if done else "all phases are done"))

    return _perform(context, session, work)


def run(context: Context, args: Namespace) -> Result:
    from cbw_core.session import Phase

    session = context.session
    assert session is not None

    def work(cancel: Cancel) -> Result:
        ran = session.run(Phase(args.phase), sink=context.sink, cancel=cancel)
        return Result(PhaseReport(tuple(ran), session.status(), "" if ran else f"{args.phase} is done already"))

    return _perform(context, session, work)


def rerun(context: Context, args: Namespace) -> Result:
    from cbw_core.session import Phase

    session = context.session
    assert session is not None
    session.dirty = args.dirty

    def work(cancel: Cancel) -> Result:
        done = session.rerun(Phase(args.phase), sink=context.sink, cancel=cancel)
        return Result(PhaseReport((done,), session.status()))

    return _perform(context, session, work)


def rewind(context: Context, args: Namespace) -> Result:
    from cbw_core.session import Phase

    session = context.session
    assert session is not None
    if context.held is not None:
        context.held.end(context)
    session.rewind(Phase(args.phase), sink=context.sink)
    return Result(PhaseReport((), session.status(), f"files are as they were before {args.phase}"))


_COMMON = (options.RECIPE, *options.SESSION, options.QUIET)

COMMANDS = (
    Command(
        "step",
        "run the next phase that is not done; where a script stands at a stop: to its next command",
        step,
        args=_COMMON,
        examples=("cbw step", "cbw step RECIPE", "cbw step --session debug_1700000000000", "step 3"),
        group="phases",
        long=True,
        aliases=("s",),
        description="Run the next phase that is not done. At a prompt, while a build or test script stands at a stop, "
        "it goes on to\nits next command, into functions, sourced files and subshells (`next` goes over them); "
        "`step N` N times.",
    ),
    Command(
        "run",
        "bring a session up to a phase: run what is not done, nothing else",
        run,
        args=(PHASE, *_COMMON),
        examples=("cbw run build", "cbw run test RECIPE"),
        group="phases",
        needs_session=True,
        long=True,
    ),
    Command(
        "rerun",
        "run exactly one phase again, from the state it began with",
        rerun,
        args=(
            PHASE,
            Arg(
                ("--dirty",),
                "build: leave the work folder and the prefix as the last run left them",
                {"action": "store_true"},
            ),
            *_COMMON,
        ),
        examples=("cbw rerun build", "cbw rerun build --dirty", "cbw rerun test RECIPE"),
        group="phases",
        needs_session=True,
        long=True,
    ),
    Command(
        "rewind",
        "put files back to what they were before a phase",
        rewind,
        args=(PHASE, *_COMMON),
        examples=("cbw rewind build",),
        group="phases",
        needs_session=True,
        long=True,
    ),
)
