"""`trace`: a build recorded; `timeline`, `blame`: what its lines took and made, at a stop what they did so far."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute, resolve_session
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.stops import Blame

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Pair, Part, Timeline


@dataclass(frozen=True)
class Recorded:
    """The recorded build of a session. slowest: lines of the script, the slowest first."""

    session: str
    output: str
    timeline: Timeline
    slowest: tuple[Part, ...]


@dataclass(frozen=True)
class TimelineReport:
    """Recorded builds, and the packages that came of them."""

    recorded: tuple[Recorded, ...]
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimelineDiff:
    """Two runs: their sessions, the seconds and memory (bytes) of each, and their commands and lines side by side."""

    before: str
    after: str
    seconds: tuple[float, float]
    memory: tuple[int | None, int | None]
    commands: tuple[Pair, ...]
    lines: tuple[Pair, ...]


def trace(context: Context, args: Namespace) -> Result:
    from cbw_core.session import Phase, timeline_of
    from cbw_core.trace import Debugger
    from cbw_workbench.commands.building import build_one

    debugger = Debugger(on_fail=False, record=sys.maxsize, phases=("build",))
    until = Phase.BUILD if args.build_only else Phase.PACKAGE if args.no_test else Phase.TEST
    sessions, _ = build_one(context, args.recipe, until=until, debugger=debugger)
    group = {one.root: one for session in sessions for one in (session.head, *session.head.siblings())}
    tops = [one for one in group.values() if one.output.is_toplevel]  # built for the sake of the outputs
    built = {one.root: one for one in (*tops, *sessions) if one.kept.timeline.exists()}
    found = tuple(_recorded(session, timeline_of(session), args.slowest) for session in built.values())
    packages = (session.status().paths.get("package") for session in sessions)
    return Result(TimelineReport(found, tuple(path for path in packages if path)))


def _recorded(session: Session, timeline: Timeline, count: int) -> Recorded:
    from cbw_core.trace import slowest

    output = "TOPLEVEL" if session.output.is_toplevel else session.output.dist
    return Recorded(str(session.root), output, timeline, slowest(timeline.lines, count))


def _timeline(context: Context, session: Session) -> Timeline:
    """Of a build that stands at a stop so far, else of the last one."""
    from cbw_core.session import timeline_of

    held = context.held
    if held is not None and held.stop is not None and held.session is not None and held.session.root == session.root:
        so_far = held.debugger.so_far()
        if so_far is not None:
            return so_far
    return timeline_of(session)


def timeline(context: Context, args: Namespace) -> Result:
    from cbw_core.session import timeline_of
    from cbw_core.trace import compare

    session = resolve_session(context, None, args.session)
    if args.diff is None:
        return Result(TimelineReport((_recorded(session, _timeline(context, session), args.slowest),)))
    if args.diff == PREVIOUS:
        other = session
        before, after = timeline_of(session, before=True), _timeline(context, session)
    else:
        other = resolve_session(context, None, args.diff)
        before, after = _timeline(context, session), _timeline(context, other)
    return Result(
        TimelineDiff(
            str(session.root),
            str(other.root),
            (before.seconds, after.seconds),
            (before.memory, after.memory),
            compare(before.commands, after.commands),
            compare(before.lines, after.lines),
        )
    )


def blame(context: Context, args: Namespace) -> Result:
    session = resolve_session(context, args.session, None)
    made = _timeline(context, session).files
    if args.file is None:
        return Result(Blame(made))
    wanted = _names(context, session, args.file)
    found = tuple(one for one in made if any(fnmatchcase(one.path, name) for name in wanted))
    if not found:
        raise UsageError(
            f"the build script made no file {args.file}",
            kind="blame",
            hint="`blame` without a file lists those it made or changed: below $PREFIX, and below $SRC_DIR.",
        )
    return Result(Blame(found))


def _names(context: Context, session: Session, given: str) -> tuple[str, ...]:
    """What a file that a person wrote may be called in the timeline: it may be a pattern too."""
    if given.startswith(("$PREFIX/", "$SRC_DIR/")):
        return (given,)
    if given.startswith(("PREFIX/", "SRC_DIR/")):
        return (f"${given}",)
    path, layout = absolute(given, context), session.layout
    for name, root in (("$PREFIX", layout.host_prefix), ("$SRC_DIR", layout.work)):
        if path.is_relative_to(root):
            return (f"{name}/{path.relative_to(root)}",)
    return (f"$PREFIX/{given}", f"$SRC_DIR/{given}")


_SLOWEST = Arg(
    ("--slowest",), "how many of the slowest lines to tell (default: 5)", {"type": int, "default": 5, "metavar": "N"}
)

PREVIOUS = "previous"

MEMBERS = (
    Command(
        "inspect timeline",
        "what each command and line of a recorded build script took and made; of two builds, what differs",
        timeline,
        args=(
            Arg(
                ("session",),
                "a session (folder or name), or a recipe: its last session (default: the current or last one)",
                {"nargs": "?", "metavar": "SESSION"},
                "session",
            ),
            Arg(
                ("--diff",),
                "a second build, to hold against the first: its session; `previous`: the build before in this session, "
                "to hold this one against",
                {"metavar": "OTHER"},
                "session",
            ),
            _SLOWEST,
            options.CROOT,
        ),
        examples=(
            "cbw inspect timeline",
            "cbw inspect timeline debug_1795241286504 --diff debug_1795241299120",
            "cbw inspect timeline --diff previous",
            "cbw inspect timeline --json RECIPE",
        ),
        group="session",
    ),
    Command(
        "inspect blame",
        "which line of a recorded build script made a file, or changed it last; without FILE all of them, by line",
        blame,
        args=(
            Arg(
                ("file",),
                "by its path in $PREFIX or the work folder, or a pattern for such paths",
                {"nargs": "?", "metavar": "FILE"},
                "made",
            ),
            Arg(("--session",), "the session (default: the current or last one)", {"metavar": "SESSION"}, "session"),
            options.CROOT,
        ),
        examples=(
            "cbw inspect blame lib/libtally.so.1",
            "cbw inspect blame '$PREFIX/include/*'",
            "cbw inspect blame --json",
        ),
        group="session",
    ),
)

COMMANDS = (
    Command(
        "trace",
        "build a recipe and record what each line of its build script takes and makes",
        trace,
        description=(
            "Runs all phases as `cbw build` does and stops nowhere. The timeline is kept with the session, also of a\n"
            "build that fails; `cbw inspect timeline` and `cbw inspect blame` read it."
        ),
        args=(
            Arg(("recipe",), "folder of a recipe, or its meta.yaml", {"metavar": "RECIPE"}, "recipe"),
            Arg(("-b", "--build-only"), "stop after the build phase", {"action": "store_true"}),
            Arg(("--no-test",), "stop after the package phase", {"action": "store_true"}),
            _SLOWEST,
            *options.RENDERING,
            *options.PATHS,
            options.ISOLATE,
            options.QUIET,
            options.NOT_HASHED,
            options.BOOTSTRAP,
        ),
        examples=("cbw trace recipes-examples/clib -c host", "cbw trace --no-test --slowest 10 RECIPE"),
        group="recipes",
        long=True,
    ),
    replace(
        MEMBERS[0],
        name="timeline",
        summary="what each command and line of the build script took and made: at a stop so far, else the last build",
        examples=("timeline", "timeline --diff previous", "timeline --slowest 10"),
        group="debugger",
        faces=PROMPTS,
    ),
    replace(
        MEMBERS[1],
        name="blame",
        summary="which line of the build script made a file, or changed it last: at a stop so far; without FILE all",
        examples=("blame lib/libz.so.1", "blame '$PREFIX/include/*'", "blame"),
        group="debugger",
        faces=PROMPTS,
    ),
)
