"""`cbw build`: sessions run to the end."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.errors import CbwError, UsageError
from cbw_core.events import Event, Note, PhaseStarted
from cbw_workbench.commands import chain, diffing, options, statistics
from cbw_workbench.commands.choosing import absolute, surroundings
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.debugging import is_package
from cbw_workbench.commands.options import accepted, refused
from cbw_workbench.commands.results import BuildReport
from cbw_workbench.commands.several import each
from cbw_workbench.commands.testing import test_one

if TYPE_CHECKING:
    from cbw_core.session import Phase, Session
    from cbw_core.trace import Debugger


class _Follow:
    """A sink that passes events on and remembers the session the last phase began in."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.root = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, PhaseStarted) and event.session:
            self.root = event.session
        self.context.sink(event)


def build(context: Context, args: Namespace) -> Result:
    if args.extra_deps and not args.test:
        raise UsageError("--extra-deps is for --test", hint="Say test/requires in the recipe.")
    if args.check or args.output:
        return _rendered(context, args.recipe, check=args.check)
    if args.twice:
        return diffing.twice(context, args, _all)
    if args.test:
        return each(args.recipe, args.keep_going, lambda given: test_one(context, given))
    if args.post:
        return each(args.recipe, args.keep_going, lambda given: _post_again(context, given))
    started = time.monotonic()
    result = _all(context, args)
    report = result.value
    assert isinstance(report, BuildReport)
    steps = statistics.steps_of(report.sessions)
    used = statistics.total(steps.values(), time.monotonic() - started)
    if args.stats_file:
        statistics.write(absolute(args.stats_file, context), steps, used)
    return replace(result, value=replace(report, resources=used if steps else None))


def _all(context: Context, args: Namespace) -> Result:
    recipes = chain.in_order(context, args.recipe)
    work = partial(
        build_one,
        context,
        until=_until(args),
        skip_existing=args.skip_existing,
        solve_all=args.solve_all,
        dirty=args.dirty,
    )
    return each(recipes, args.keep_going, work)


def _until(args: Namespace) -> Phase:
    from cbw_core.session import Phase

    if args.source:
        return Phase.SOURCE
    if args.build_only:
        return Phase.BUILD
    return Phase.PACKAGE if args.no_test else Phase.TEST


def build_one(
    context: Context,
    given: str,
    *,
    until: Phase,
    skip_existing: bool = False,
    solve_all: bool = False,
    dirty: bool = False,
    debugger: Debugger | None = None,
    waiting: tuple[Path, ...] = (),
) -> tuple[list[Session], list[str]]:
    from cbw_core.session import Phase, build_recipe, open_session

    recipe = absolute(given, context)
    if given in ("purge", "purge-all") and not recipe.exists():
        raise UsageError(f"there is no recipe {given}", hint=f"`cbw {given}` is a command of its own here.")
    if is_package(recipe):
        raise UsageError(f"{given} is a package, not a recipe", hint=f"cbw test {given} runs its tests.")
    environ = surroundings(context)
    first: list[Session] = []

    def build_first(place: Path) -> None:
        upto = until if until in Phase.PACKAGE.after() else Phase.PACKAGE
        first.extend(build_one(context, str(place), until=upto, waiting=(*waiting, recipe))[0])

    made = chain.plan_after_neighbours(context, recipe, waiting, build_first)
    skipped = [f"{given}: {skip_line(row)}" for row in made.skipped]
    if not made.outputs:
        context.sink(Note(f"{given} is skipped: " + "; ".join(skip_line(row) for row in made.skipped), "warning"))
        return first, skipped or [f"{given}: no outputs"]
    if solve_all:
        chain.refuse_unsolved(context, made)
    there = chain.existing(context, made) if skip_existing else {}
    skipped += [f"{given}: {dist}: there is {url}" for dist, url in there.items()]
    outputs = [output for output in made.outputs if output.dist not in there]
    follow = _Follow(context)
    try:
        sessions = build_recipe(
            made,
            context.config,
            outputs=outputs,
            sink=follow,
            cancel=context.cancel,
            until=until,
            environ=environ,
            dirty=dirty,
            debugger=debugger,
        )
    except CbwError:
        if follow.root:
            context.session = open_session(Path(follow.root), environ=environ)
        raise
    if sessions:
        context.session = sessions[-1]
    return [*first, *sessions], skipped


def skip_line(row: Mapping[str, Any]) -> str:
    """A skipped output in a line: its name and why."""
    return f"{row['name']}: {row['why']}"


def _post_again(context: Context, given: str) -> tuple[list[Session], list[str]]:
    """conda build --post: what the last build of a recipe left, post-processed and packaged anew, every output."""
    from cbw_core.session import Phase, last_session

    head = last_session(context.config, absolute(given, context), environ=surroundings(context)).head
    sessions = [one for one in (head, *head.siblings()) if not one.output.is_toplevel]
    built = [one for one in sessions if one.status()[Phase.BUILD].state in ("done", "stale")]
    if not built:
        raise UsageError(
            f"no output of {given} is built: there is nothing to post-process",
            kind="session",
            hint=f"cbw build {given} builds it.",
        )
    for session in built:
        session.rerun(Phase.POST, sink=context.sink, cancel=context.cancel)
        session.rerun(Phase.PACKAGE, sink=context.sink, cancel=context.cancel)
    context.session = built[-1]
    return built, []


def _rendered(context: Context, recipes: Sequence[str], *, check: bool) -> Result:
    """conda build --check: is each recipe a valid one? Nothing is solved, fetched or built. --output: the paths of the
    packages there would be."""
    from cbw_workbench.commands import rendering

    names = Namespace(recipe=recipes, output=True, yaml=False, file=None, explain=False)
    if check:
        context.config = context.config.with_render(finalize=False, no_source=True)
    return rendering.run(context, names)


_NO_UPLOAD = "cbw never uploads"
_UPLOAD = "upload the package with the channel's own client, such as `anaconda upload FILE`."

COMMANDS = (
    Command(
        "build",
        "run recipes through all phases, to tested packages",
        build,
        args=(
            Arg(("recipe",), "folder of a recipe, or its meta.yaml", {"nargs": "+", "metavar": "RECIPE"}, "recipe"),
            Arg(("--check",), "only check that the recipe is valid", {"action": "store_true"}),
            Arg(("-s", "--source"), "stop after the source phase", {"action": "store_true"}),
            Arg(("-b", "--build-only"), "stop after the build phase", {"action": "store_true"}),
            Arg(("--no-test",), "stop after the package phase", {"action": "store_true"}),
            Arg(("-t", "--test"), "test packages: the arguments are package files", {"action": "store_true"}),
            Arg(
                ("--twice",),
                "build everything twice and hold the packages against each other: are they the same, and why not",
                {"action": "store_true"},
            ),
            Arg(("-k", "--keep-going"), "go on with the other recipes after a failure", {"action": "store_true"}),
            Arg(
                ("--skip-existing",),
                "leave out what a channel, or the folder of built packages, has in this very build",
                {"action": "store_true"},
            ),
            Arg(
                ("--solve-all",),
                "solve build, host and test environments of all outputs first; end there when one has no solution",
                {"action": "store_true"},
            ),
            Arg(
                ("--error-overlinking",),
                "fail where a program needs a library that requirements/run does not bring (the recipe's "
                "build/error_overlinking wins)",
                {"action": "store_true"},
            ),
            Arg(
                ("--dirty",),
                "go on in the recipe's last session: sources and environments stay, and the script runs in the work "
                "folder and prefix as its last run left them",
                {"action": "store_true"},
            ),
            options.ISOLATE,
            Arg(
                ("--error-overdepending",),
                "fail where requirements/run has a library that nothing in the package is linked to",
                {"action": "store_true"},
            ),
            Arg(("--output",), "only print the paths of the packages there would be", {"action": "store_true"}),
            Arg(
                ("-p", "--post"),
                "post-process and package anew what the last build of the recipe left",
                {"action": "store_true"},
            ),
            Arg(
                ("--test-run-post",),
                "post-process once more what is installed to be tested",
                {"action": "store_true"},
            ),
            Arg(
                ("--stats-file",),
                "write what it took (seconds, CPU, memory, disk) as JSON",
                {"metavar": "FILE"},
                "path",
            ),
            Arg(("--no-include-recipe",), "leave the recipe out of packages", {"action": "store_true"}),
            Arg(("--no-copy-test-source-files",), "leave test/source_files out of packages", {"action": "store_true"}),
            Arg(("--no-long-test-prefix",), "test in a prefix of the shortest name", {"action": "store_true"}),
            Arg(("--extra-meta",), "add to about.json", {"nargs": "*", "metavar": "KEY=VALUE"}),
            options.EXTRA_DEPS,
            Arg(("--package-format",), ".conda (2) or .tar.bz2 (1)", {"metavar": "FORMAT"}),
            Arg(
                ("--zstd-compression-level",),
                "level of .conda packages, 1 to 22",
                {"type": int, "choices": range(1, 23), "metavar": "LEVEL"},
            ),
            *options.RENDERING,
            *options.PATHS,
            options.QUIET,
            accepted("--no-anaconda-upload", "--no-binstar-upload", "--no-force-upload", why=_NO_UPLOAD),
            accepted(
                "--no-remove-work-dir", "--keep-old-work", why="every run has a session, which keeps its work folder"
            ),
            accepted("--no-prefix-length-fallback", why="the prefix is never made shorter"),
            accepted("--long-test-prefix", why="the test prefix is always long"),
            accepted("--no-error-overlinking", "--no-error-overdepending", why="it is so unless asked for"),
            accepted("--suppress-variables", why="values of script_env are never shown"),
            accepted("--no-verify", why="conda-verify is not run"),
            accepted("--debug", "--verbose", why="every line is in the phase's log"),
            options.NOT_HASHED,
            options.BOOTSTRAP,
            refused(
                "--no-build-id", "--build-id-pat", why="a session's folder is named by its time", hint="--croot DIR"
            ),
            refused("--prefix-length-fallback", hint="--prefix-length 80"),
            refused("--merge-build-host", hint="Say build/merge_build_host: true in the recipe."),
            refused("--verify", "--strict-verify", why="conda-verify is not run"),
            refused("--upload", "--token", "--user", "--label", why=_NO_UPLOAD, hint=_UPLOAD),
            refused("--password", "--sign", "--sign-with", "--identity", why=_NO_UPLOAD, hint=_UPLOAD),
            refused("--config-file", "-r", "--repository", why=_NO_UPLOAD, hint=_UPLOAD),
        ),
        examples=(
            "cbw build recipes-examples/bsdiff4 -c host",
            "cbw build --no-test --croot /tmp/croot RECIPE",
            "cbw build -k RECIPE OTHER_RECIPE",
        ),
        group="recipes",
        long=True,
    ),
)
