"""`cbw inspect linkages`: what programs and libraries need, where it comes from, and what is wrong with it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, UsageError
from cbw_workbench.commands.choosing import absolute, session_folder, surroundings
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import LinkageReport

if TYPE_CHECKING:
    from cbw_core.inspect.linkages import Branch, Way
    from cbw_core.linkage import Linkages


def linkages(context: Context, args: Namespace) -> Result:
    found: list[Linkages] = []
    errors: list[tuple[str, CbwError]] = []
    for given in _targets(context, args):
        try:
            found.append(_one(context, args, given))
        except CbwError as error:
            if error.exit_status == 130 or len(args.target) < 2:
                raise
            errors.append((given, error))
    report = LinkageReport(tuple(found), args.groupby, args.show_files, errors=tuple(errors))
    if args.why:
        report = replace(report, ways=_ways(found, *args.why), asked=tuple(args.why))
    elif args.tree:
        report = replace(report, trees=_trees(found))
    bad = bool(errors) or any(one.failures for one in found)
    return Result(report, 1 if bad else 0)


def _targets(context: Context, args: Namespace) -> Sequence[str]:
    """Those given; without any, with --all or --untracked, the whole prefix; else the current session."""
    if args.target:
        return list(args.target)
    if args.all or args.untracked:
        prefix = prefix_of(context, args.prefix)
        if prefix is None:
            raise UsageError("which prefix?", hint="Give one with -p PREFIX, or activate one.")
        return [str(prefix)]
    from cbw_workbench.commands.choosing import resolve_session

    return [str(resolve_session(context, None, None).root)]


def prefix_of(context: Context, given: str | None) -> Path | None:
    """The prefix of -p, or the active one."""
    wanted = given or surroundings(context).get("CONDA_PREFIX")
    path = absolute(wanted, context) if wanted else None
    if given and path is not None and not path.is_dir():
        raise UsageError(f"there is no prefix {given}", kind="target", hint="Give the folder of an environment.")
    return path


def _one(context: Context, args: Namespace, given: str) -> Linkages:
    from cbw_core.inspect.linkages import linkages as look
    from cbw_core.inspect.targets import target_of

    sysroot = str(absolute(args.sysroot, context)) if args.sysroot else None
    if sysroot and not Path(sysroot).is_dir():
        raise UsageError(f"there is no sysroot {args.sysroot}", kind="target", hint="Give a root file system's folder.")
    target = target_of(given, session_folder(given, context), prefix=prefix_of(context, args.prefix))
    if target.kind == "session":
        return of_session(context, given, target.path, sysroot)
    return look(
        target,
        prefix=prefix_of(context, args.prefix) if args.prefix else None,
        sysroot=sysroot,
        untracked=args.untracked,
        sink=context.sink,
        cancel=context.cancel,
    )


def of_session(context: Context, subject: str, root: Path, sysroot: str | None = None) -> Linkages:
    """Of a session's output as it stands now. Raises UsageError(kind="session") where nothing is built yet."""
    from cbw_core.inspect.linkages import of_session as look
    from cbw_core.session import open_session, packaged

    session = open_session(root, environ=surroundings(context))
    now = packaged(session)
    remarks = () if now.post else ("post has not run: rpaths and the choice of files are as the build left them",)
    return look(
        subject,
        session.output,
        session.layout,
        now.files,
        owned=now.owned,
        sysroot=sysroot,
        remarks=remarks,
        cancel=context.cancel,
    )


def _ways(found: Sequence[Linkages], file: str, library: str) -> tuple[Way, ...]:
    from cbw_core.inspect.linkages import ways

    errors: list[CbwError] = []
    every: list[Way] = []
    for one in found:
        try:
            every += ways(one, file, library)
        except UsageError as error:
            errors.append(error)
    if errors and len(errors) == len(found):
        raise errors[0]
    return tuple(every)


def _trees(found: Sequence[Linkages]) -> tuple[tuple[Branch, ...], ...]:
    from cbw_core.inspect.linkages import roots, tree

    return tuple(tuple(tree(one, path) for path in roots(one)) for one in found)


COMMAND = Command(
    "inspect linkages",
    "what programs and libraries need, which package has it, and what is wrong with that",
    linkages,
    description=(
        "For every ELF, Mach-O and PE file: the libraries it needs, what each resolves to by the loader's own rules,\n"
        "whose that is, and a verdict: ok, system, whitelisted, overlinked, overdepending, missing, absolute rpath,\n"
        "untracked, unknown (docs/linkage.md says what they mean). Works for files of any platform.\n"
        "Without a target: the current session. Exit status 1 where a file could not be read."
    ),
    args=(
        Arg(
            ("target",),
            "package file, prefix, session, folder, program or library; with -p, the name of an installed package",
            {"nargs": "*", "metavar": "TARGET"},
            "path",
        ),
        Arg(
            ("-p", "--prefix"),
            "the environment that names of packages are looked for in, and a package file's dependencies (default for "
            "names: the active one)",
            {"metavar": "PREFIX"},
            "path",
        ),
        Arg(
            ("--groupby",),
            "sum up by the package that libraries are of, or by the library",
            {"choices": ("package", "dependency"), "default": "package"},
        ),
        Arg(("--show-files",), "with each library, the files that need it", {"action": "store_true"}),
        Arg(("--untracked",), "of a prefix: also files that no package owns", {"action": "store_true"}),
        Arg(("--all",), "every package of the prefix", {"action": "store_true"}),
        Arg(
            ("--sysroot",), "root file system that has the system's libraries (default: /)", {"metavar": "DIR"}, "path"
        ),
        Arg(("--tree",), "as a tree: what each program loads, and what that loads", {"action": "store_true"}),
        Arg(
            ("--why",),
            "how FILE comes to need LIB: the way from one to the other",
            {"nargs": 2, "metavar": ("FILE", "LIB")},
        ),
    ),
    examples=(
        "cbw inspect linkages dist/linux-64/libtally-1.2.0-h5c0c3a3_0.conda",
        "cbw inspect linkages -p ~/env --all --show-files",
        "cbw inspect linkages --tree /usr/bin/gdb",
        "cbw inspect linkages ~/env --why bin/python libz",
        "cbw inspect linkages --json numpy-2.2.6-cp311-cp311-win_amd64.whl",
    ),
    group="recipes",
)
