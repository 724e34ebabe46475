"""`cbw inspect objects, files, prefix, prefix-lengths, info, channels`: what packages, prefixes and sessions hold."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cbw_core.errors import CbwError, UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute, resolve_session, session_folder, surroundings
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.linkages import prefix_of
from cbw_workbench.commands.results import ContentsReport

if TYPE_CHECKING:
    from cbw_core.inspect.listing import Files, Made
    from cbw_core.inspect.objects import Objects
    from cbw_core.inspect.targets import Target

T = TypeVar("T")


def objects(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect.objects import objects as look

    def one(given: str) -> Objects:
        target, made = _target(context, args, given)
        found = look(target, sink=context.sink, cancel=context.cancel)
        if made is None:
            return found
        return replace(found, subject=given, files=tuple(f for f in found.files if f.path in made.taken))

    return _each(context, args, one, symbols=args.symbols)


def files(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect.listing import files as look

    def one(given: str) -> Files:
        target, made = _target(context, args, given)
        found = look(target, made=made, installed_too=args.all, cancel=context.cancel)
        return replace(found, subject=given)

    return _each(context, args, one)


def prefix(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect.listing import files as look
    from cbw_core.inspect.listing import place_of_file

    if args.target:
        target, made = _target(context, args, args.target)
        found = look(target, made=made, only=args.file, cancel=context.cancel)
    else:
        path = absolute(args.file, context)
        if not path.is_file():
            raise UsageError(f"there is no file {args.file}", kind="target", hint="Give its path, or --in TARGET.")
        target, name = place_of_file(path)
        from cbw_core.inspect.placeholders import find

        if args.text:
            row = look(target, only=name).rows[0]
            found = look(target, only=name)
            found = replace(found, rows=(replace(row, prefix=find(name, str(path), args.text)),))
        else:
            found = look(target, only=name, cancel=context.cancel)
    return Result(ContentsReport((replace(found, subject=args.file),), places=True))


def prefix_lengths(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect.about import prefix_lengths as look

    rows = tuple(row for given in args.package for row in look(absolute(given, context), args.min_prefix_length))
    short = [row for row in rows if not row.fits]
    return Result(ContentsReport(rows, least=args.min_prefix_length), 1 if short else 0)


def info(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect.about import package_info

    return _each(context, args, lambda given: package_info(absolute(given, context), given))


def channels(context: Context, args: Namespace) -> Result:
    from cbw_core.env import ChannelResolver
    from cbw_core.inspect.channels import check_channel

    folder = absolute(args.channel_folder, context)
    if "://" in args.channel_folder or not folder.is_dir():
        raise UsageError(
            f"{args.channel_folder} is not a folder of this machine",
            kind="channel",
            why="Every package of the channel is solved for; only channels in local folders are checked this way.",
            hint="Give the folder of a channel, such as ~/conda-bld.",
        )
    config = replace(context.config, channels=(str(folder), *context.config.channels))
    resolver = ChannelResolver(config, sink=context.sink, cancel=context.cancel, environ=context.environ)
    try:
        found = check_channel(folder, resolver, sink=context.sink, cancel=context.cancel)
    finally:
        resolver.close()
    return Result(ContentsReport((found,)), 1 if found.refused else 0)


def _each(context: Context, args: Namespace, look: Callable[[str], object], *, symbols: bool = False) -> Result:
    """Each target looked at; one that cannot be does not keep the others from it."""
    found: list[object] = []
    errors: list[tuple[str, CbwError]] = []
    given: Sequence[str] = args.target or [str(resolve_session(context, None, None).root)]
    for one in given:
        try:
            found.append(look(one))
        except CbwError as error:
            if error.exit_status == 130 or len(given) < 2:
                raise
            errors.append((one, error))
    bad = bool(errors) or any(getattr(one, "failures", ()) for one in found)
    return Result(ContentsReport(tuple(found), symbols=symbols, errors=tuple(errors)), 1 if bad else 0)


def _target(context: Context, args: Namespace, given: str) -> tuple[Target, Made | None]:
    from cbw_core.inspect.targets import Target, target_of

    target = target_of(given, session_folder(given, context), prefix=prefix_of(context, args.prefix))
    if target.kind != "session":
        return target, None
    from cbw_core.session import open_session

    session = open_session(target.path, environ=surroundings(context))
    return Target(given, "folder", session.layout.host_prefix), _made(context, target.path)


def _made(context: Context, root: Path) -> Made:
    """Whose the files of a session's host prefix are. Files that several outputs take are those of all of them."""
    from cbw_core.inspect.listing import Made
    from cbw_core.session import open_session, packaged

    session = open_session(root, environ=surroundings(context))
    own = packaged(session)
    taken = {path: [session.output.dist] for path in own.files}
    for other in (session.head, *session.head.siblings()):
        if other.root == session.root or other.output.is_toplevel:
            continue
        try:
            theirs = packaged(other)
        except UsageError:
            continue  # not built yet
        for path in theirs.files:
            taken.setdefault(path, []).append(other.output.dist)
    return Made(
        env=own.owned,
        built=session.kept.made.files() if session.kept.made.exists else (),
        taken={path: tuple(dict.fromkeys(dists)) for path, dists in taken.items()},
        prefixes=own.post.prefix_files if own.post else {},
    )


_TARGETS = Arg(
    ("target",),
    "package file, prefix, session, folder or file; with -p, the name of an installed package (default: the current "
    "session)",
    {"nargs": "*", "metavar": "TARGET"},
    "path",
)
_PREFIX = Arg(
    ("-p", "--prefix"),
    "the environment that names of packages are looked for in (default: the active one)",
    {"metavar": "PREFIX"},
    "path",
)

MEMBERS = (
    Command(
        "inspect objects",
        "what programs and libraries are: type, architecture, soname, rpath, oldest system, hardening",
        objects,
        args=(
            _TARGETS,
            _PREFIX,
            Arg(("--symbols",), "also the symbols that each offers", {"action": "store_true"}),
        ),
        examples=(
            "cbw inspect objects dist/linux-64/libtally-1.2.0-h5c0c3a3_0.conda",
            "cbw inspect objects --symbols ~/env/lib/libz.so.1",
            "cbw inspect objects --json numpy-2.2.6-cp311-cp311-win_amd64.whl",
        ),
        group="recipes",
        long=True,
    ),
    Command(
        "inspect files",
        "every file: size, whose it is, which phase made it, which output takes it, where the prefix stands in it",
        files,
        args=(
            _TARGETS,
            _PREFIX,
            Arg(("--all",), "of a session: also the files of installed packages", {"action": "store_true"}),
        ),
        examples=("cbw inspect files", "cbw inspect files --json dist/linux-64/libtally-1.2.0-h5c0c3a3_0.conda"),
        group="recipes",
        long=True,
    ),
    Command(
        "inspect prefix",
        "where the prefix (the placeholder) stands in a file: bytes, lines, and the room that is left",
        prefix,
        args=(
            Arg(("file",), "a file by its path; with --in, by its path in the target", {"metavar": "FILE"}, "path"),
            Arg(
                ("--in",), "package file, prefix or session to look in", {"metavar": "TARGET", "dest": "target"}, "path"
            ),
            Arg(("--text",), "the text to look for instead of the prefix", {"metavar": "TEXT"}),
            _PREFIX,
        ),
        examples=(
            "cbw inspect prefix bin/foo-config --in dist/linux-64/foo-1.0-h5c0c3a3_0.conda",
            "cbw inspect prefix ~/env/bin/pip",
        ),
        group="recipes",
    ),
    Command(
        "inspect prefix-lengths",
        "the length of the placeholder in the binaries of packages; exit status 1 where one is too short",
        prefix_lengths,
        args=(
            Arg(("package",), "package files", {"nargs": "+", "metavar": "PACKAGE"}, "path"),
            Arg(
                ("--min-prefix-length",),
                "the least that will do (default: 255)",
                {"type": int, "default": 255, "metavar": "N"},
            ),
        ),
        examples=("cbw inspect prefix-lengths --min-prefix-length 80 dist/linux-64/libtally-1.2.0-h5c0c3a3_0.conda",),
        group="recipes",
    ),
    Command(
        "inspect info",
        "what packages say of themselves: index, about, run_exports, tests, recipe",
        info,
        args=(Arg(("target",), "package files", {"nargs": "+", "metavar": "PACKAGE"}, "path"),),
        examples=("cbw inspect info dist/linux-64/libtally-1.2.0-h5c0c3a3_0.conda",),
        group="recipes",
    ),
    Command(
        "inspect channels",
        "whether every package of a channel can be installed, and why not",
        channels,
        args=(
            Arg(
                ("channel_folder",),
                "the folder of a channel; -c names others that its packages may need",
                {"metavar": "CHANNEL"},
                "path",
            ),
            *options.CHANNELS,
        ),
        examples=("cbw inspect channels ~/conda-bld -c host",),
        group="recipes",
        long=True,
    ),
)
