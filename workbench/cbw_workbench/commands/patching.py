"""`patch new`, `patch refresh`: patches of the recipe made from changes in the work folder."""

from __future__ import annotations

from argparse import Namespace

from cbw_workbench.commands import options
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import PatchReport


def new(context: Context, args: Namespace) -> Result:
    from cbw_core.session import new_patch

    session = context.session
    assert session is not None
    made = new_patch(session, args.name, args.file, sink=context.sink, cancel=context.cancel)
    return Result(PatchReport(made, session.status()))


def refresh(context: Context, args: Namespace) -> Result:
    from cbw_core.session import refresh_patch

    session = context.session
    assert session is not None
    made = refresh_patch(session, args.name, args.file, sink=context.sink, cancel=context.cancel)
    return Result(PatchReport(made, session.status()))


_FILES = Arg(
    ("file",),
    "changed files, folders or patterns below work/ to take (default: all that was changed by hand)",
    {"nargs": "*", "metavar": "FILE"},
    "path",
)
_COMMON = (_FILES, *options.SESSION, options.QUIET)

_NEW = Command(
    "patch new",
    "make a patch from what was changed in the work folder, and enter it in the recipe",
    new,
    args=(Arg(("name",), "the patch's file in the recipe's folder; .patch is added", {"metavar": "NAME"}), *_COMMON),
    examples=("cbw patch new fix-rpath", "cbw patch new patches/0001-endian.patch src/io.c src/io.h"),
    description=(
        "Taken are source files changed by hand, and new text files; what only the build changed is not. The name goes "
        "behind the other patches of that source in meta.yaml, of which everything else stays as it is. Then "
        "`cbw rewind source` and `cbw run build` build from the patched source."
    ),
    group="phases",
    needs_session=True,
    long=True,
)
_REFRESH = Command(
    "patch refresh",
    "make a patch of the recipe anew, with what was changed in the work folder",
    refresh,
    args=(Arg(("name",), "a patch that the recipe names", {"metavar": "NAME"}), *_COMMON),
    examples=("cbw patch refresh fix-rpath",),
    description=(
        "Without changes the patch is only brought up to date with the source (offsets, fuzz). Where source failed at "
        "this patch, it is made from the work_failed_provide folder once the rejects in it are worked in and removed. "
        "Patches behind it must still apply."
    ),
    group="phases",
    needs_session=True,
    long=True,
)


def _group(context: Context, args: Namespace) -> Result:
    raise AssertionError("a group is not run")


COMMANDS = (
    Command(
        "patch",
        "patches of the recipe, made from changes in the work folder",
        _group,
        group="phases",
        members=(_NEW, _REFRESH),
    ),
)
