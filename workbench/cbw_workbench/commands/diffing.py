"""`cbw diff`: two packages, sessions or channels against each other; and `cbw build --twice`."""

from __future__ import annotations

import shutil
import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_core.events import Note
from cbw_workbench.commands.choosing import LEDGER, session_folder, surroundings
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import BuildReport, DiffReport

if TYPE_CHECKING:
    from cbw_core.inspect.diff import PackageDiff


def diff(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect.diff import diff_channels, diff_packages

    left, right = session_folder(args.left, context), session_folder(args.right, context)
    names = (args.left, args.right)
    kinds = _kind(args.left, left), _kind(args.right, right)
    if "channel" in kinds:
        if kinds != ("channel", "channel"):
            raise UsageError("a channel is compared with a channel", hint="Give two packages, sessions or channels.")
        channels = diff_channels(left, right, names=names)
        return Result(DiffReport((channels,), brief=args.brief), 0 if channels.same else 1)
    files = [
        _package_of(context, path) if kind == "session" else path
        for path, kind in zip((left, right), kinds, strict=True)
    ]
    found = diff_packages(*files, names=names, cancel=context.cancel)
    return Result(DiffReport((found,), brief=args.brief), 0 if found.same else 1)


def _kind(given: str, path: Path) -> str:
    if path.is_file():
        return "package"
    if (path / LEDGER).is_file():
        return "session"
    if path.is_dir():
        return "channel"
    raise UsageError(
        f"there is no {given}",
        kind="target",
        hint="Give a package file, a session, or the folder of a channel.",
    )


def _package_of(context: Context, root: Path) -> Path:
    """The package that a session made."""
    from cbw_core.session import open_session

    session = open_session(root, environ=surroundings(context))
    if not session.package.is_file():
        raise UsageError(
            f"{session.output.dist} is not packaged in {root}",
            kind="session",
            hint="Run the package phase first: `cbw run package`.",
        )
    return session.package


def twice(context: Context, args: Namespace, build: Callable[[Context, Namespace], Result]) -> Result:
    """Every recipe built, built once more in sessions of their own, and the packages held against each other. Exit
    status 1 where two are not the same bytes but for timestamps."""
    if args.dirty or args.source or args.build_only:
        raise UsageError(
            "--twice builds packages, from the start", hint="Leave out --dirty, --source and --build-only."
        )
    first = build(context, args)
    if not isinstance(first.value, BuildReport) or first.status:
        return first
    with tempfile.TemporaryDirectory(prefix="cbw-twice-") as folder:
        kept = [(Path(path), Path(folder, f"{n}-{Path(path).name}")) for n, path in enumerate(first.value.packages)]
        for made, copy in kept:
            shutil.copyfile(made, copy)
        context.sink(Note("once more, to see whether the packages are the same"))
        second = build(context, args)
        if second.status:
            return second
        found = tuple(_against(context, copy, made) for made, copy in kept)
    return Result(DiffReport(found, twice=True), 0 if all(one.same for one in found) else 1)


def _against(context: Context, copy: Path, made: Path) -> PackageDiff:
    from cbw_core.inspect.diff import diff_packages

    return diff_packages(copy, made, names=(f"{made.name}, first", f"{made.name}, second"), cancel=context.cancel)


COMMANDS = (
    Command(
        "diff",
        "what differs between two packages, the packages of two sessions, or two channels' records",
        diff,
        description=(
            "Files added, removed and changed (text as a diff; programs and libraries by sections, symbols, libraries\n"
            "needed and rpath; archives by their members), metadata, dependencies, size; and why two builds of one\n"
            "recipe are not the same. Exit status 1 where they differ in more than timestamps."
        ),
        args=(
            Arg(("left",), "a package file, a session, or the folder of a channel", {"metavar": "A"}, "path"),
            Arg(("right",), "what it is held against", {"metavar": "B"}, "path"),
            Arg(("--brief",), "only name what differs", {"action": "store_true"}),
        ),
        examples=(
            "cbw diff old/libtally-1.2.0-h5c0c3a3_0.conda new/libtally-1.2.0-h5c0c3a3_0.conda",
            "cbw diff --brief ~/conda-bld /srv/channel",
        ),
        group="recipes",
        long=True,
    ),
)
