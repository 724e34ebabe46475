"""`cbw inspect ...` and `cbw variants`: looking into recipes and packages without changing anything.

A further subcommand of inspect is one more Command in MEMBERS, named in full.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.contents import MEMBERS as CONTENTS
from cbw_workbench.commands.debugging import is_package
from cbw_workbench.commands.environments import INSPECT_ENV
from cbw_workbench.commands.linkages import COMMAND as LINKAGES
from cbw_workbench.commands.rendering import render_one, resolver_for
from cbw_workbench.commands.results import CacheReport, HashReport
from cbw_workbench.commands.tracing import MEMBERS as TIMELINES

if TYPE_CHECKING:
    from cbw_core.inspect import Comparison, HashInputs


def hash_inputs(context: Context, args: Namespace) -> Result:
    found = [_inputs_of(context, given, args.output_id) for given in args.target]
    if len(found) != 2:
        return Result(HashReport(tuple(one for each in found for one in each)))
    comparisons, unmatched = _pairs(*found)
    return Result(HashReport((*found[0], *found[1]), tuple(comparisons), tuple(unmatched), compared=True))


def _inputs_of(context: Context, given: str, pattern: str | None) -> list[HashInputs]:
    """Of a package itself, of a recipe's outputs (those that match the pattern)."""
    from cbw_core.inspect import explain, hash_inputs_of_package

    path = absolute(given, context)
    if is_package(path):
        return [replace(hash_inputs_of_package(path), subject=given)]
    rendered = render_one(context, given, resolver_for(context), trails=True)
    every = explain(rendered, context.config, environ=context.environ, subject=given)
    found = [one.inputs for one in every if pattern is None or _matches(one.inputs.dist, pattern)]
    if not found:
        names = "\n".join(one.inputs.dist for one in every)
        what = f"no output of {given} matches {pattern!r}" if every else f"{given} has no outputs: all are skipped"
        raise UsageError(what, kind="output-id", details=names or None, hint="`cbw variants RECIPE` shows why.")
    return found


def _matches(dist: str, pattern: str) -> bool:
    return fnmatchcase(dist, pattern) or fnmatchcase(dist, f"{pattern}*")


def _pairs(left: Sequence[HashInputs], right: Sequence[HashInputs]) -> tuple[list[Comparison], list[str]]:
    """Each output of the side that has fewer, with the one it is most like; and the outputs left over."""
    from cbw_core.inspect import compare, nearest

    few, many, turned = (left, right, False) if len(left) <= len(right) else (right, left, True)
    rest = list(many)
    comparisons: list[Comparison] = []
    alone: list[str] = []
    for one in few:
        other = nearest(one, rest)
        if other is None:
            alone.append(f"{one.dist} ({one.subject})")
            continue
        rest.remove(other)
        comparisons.append(compare(other, one) if turned else compare(one, other))
    if len(few) == 1 and comparisons:
        rest = []  # one package against a recipe's variants: the others are not its counterparts
    return comparisons, alone + [f"{one.dist} ({one.subject})" for one in rest]


def variants(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect import variant_matrix

    own = context
    if not args.finalize:
        own = replace(context, config=context.config.with_render(finalize=False))
    rendered = render_one(own, args.recipe, resolver_for(own), trails=True)
    return Result(variant_matrix(rendered, own.config, environ=own.environ))


def cache(context: Context, args: Namespace) -> Result:
    from cbw_core.env import cached_packages
    from cbw_core.env.cache import folder

    found = cached_packages(context.config, sink=context.sink, cancel=context.cancel)
    report = CacheReport(str(folder(context.config)), found)
    return Result(report, 1 if report.damaged else 0)


def _group(context: Context, args: Namespace) -> Result:
    raise UsageError("inspect what?", hint="`cbw inspect --help` lists what there is.")


_NO_FINALIZE = Arg(
    ("--no-finalize",), "solve nothing, read no channel (run_exports cannot be hashed then)", {"action": "store_true"}
)

MEMBERS = (
    LINKAGES,
    *CONTENTS,
    Command(
        "inspect hash-inputs",
        "what makes the hash of a recipe's outputs or of a package; of two, what differs",
        hash_inputs,
        description=(
            "What is hashed for the build string, and why: every place that uses a variable, and the line its value\n"
            "comes from. With two arguments (recipes or packages): what differs, and which lines make it so."
        ),
        args=(
            Arg(
                ("target",),
                "folder of a recipe, its meta.yaml, or a package (.conda, .tar.bz2)",
                {"nargs": "+", "metavar": "RECIPE|PACKAGE"},
                "recipe",
            ),
            Arg(
                ("-o", "--output-id"),
                "of recipes, only the outputs whose name-version-build matches (a glob, or the beginning of it)",
                {"metavar": "PATTERN"},
            ),
            _NO_FINALIZE,
            *options.RENDERING,
        ),
        examples=(
            "cbw inspect hash-inputs -c host recipes-examples/clib",
            "cbw inspect hash-inputs RECIPE ~/conda-bld/linux-64/libtally-1.2.0-h5c0c3a3_0.conda",
            "cbw inspect hash-inputs --json OLD.conda NEW.conda",
        ),
        group="recipes",
    ),
    INSPECT_ENV,
    *TIMELINES,
    Command(
        "inspect cache",
        "the cache of extracted packages: what is in it, and whether every file still is what its package says",
        cache,
        description=(
            "Reads every file of the cache and holds it against its package's info/paths.json. Exit status 1 where\n"
            "one differs; `cbw purge --damaged` takes such packages out: they are extracted anew when needed."
        ),
        args=(options.CACHE_DIR,),
        examples=("cbw inspect cache", "cbw inspect cache --json"),
        group="house",
    ),
)

COMMANDS = (
    Command(
        "inspect",
        "look into recipes, packages and environments",
        _group,
        examples=MEMBERS[0].examples[:1],
        group="recipes",
        members=MEMBERS,
    ),
    Command(
        "variants",
        "show the matrix of a recipe: its variants, the keys that count and those that do not, and why",
        variants,
        args=(
            Arg(("recipe",), "folder of a recipe, or its meta.yaml", {"metavar": "RECIPE"}, "recipe"),
            Arg(
                ("--finalize",),
                "solve the environments too: names are then those that a build gives",
                {"action": "store_true"},
            ),
            *options.RENDERING,
        ),
        examples=(
            "cbw variants recipes-examples/matrix",
            'cbw variants --variants "{python: [3.11, 3.12]}" RECIPE',
            "cbw variants --json RECIPE",
        ),
        group="recipes",
    ),
)
