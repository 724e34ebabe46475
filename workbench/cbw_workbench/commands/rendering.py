"""`cbw render`: recipes to outputs, each refused recipe told beside the others."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.errors import CbwError, Interrupted, Unsatisfiable, from_os_error
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import Form, RenderedRecipe, RenderReport

if TYPE_CHECKING:
    from cbw_core.inspect import Explained
    from cbw_core.render import Rendered
    from cbw_core.render.resolver import Resolver

BUG_HINT = "This is a bug in cbw: please report it with the recipe."


def run(context: Context, args: Namespace) -> Result:
    resolver = resolver_for(context)
    recipes = tuple(_told(context, recipe, resolver, args.explain) for recipe in args.recipe)
    form: Form = "output" if args.output else "yaml" if args.yaml or args.file else "tree"
    if args.explain and form == "tree":
        form = "explain"
    written = None
    report = RenderReport(recipes, form, str(context.config.packages), context.config.package_format)
    if args.file:
        written = str(absolute(args.file, context))
        _write(Path(written), report)
        report = RenderReport(recipes, form, report.packages, report.package_format, written)
    return Result(report, max((r.error.exit_status for r in recipes if r.error), default=0))


def resolver_for(context: Context) -> Resolver | None:
    """One resolver for all recipes, so that channels are read once; None when nothing is to be solved."""
    if not context.config.render.finalize:
        return None
    from cbw_core.env import ChannelResolver

    return ChannelResolver(context.config, sink=context.sink, cancel=context.cancel, environ=context.environ)


def render_one(context: Context, given: str, resolver: Resolver | None, *, trails: bool = False) -> Rendered:
    """A recipe rendered, with its trails where it is to be explained. Raises CbwError; what is unexpected is one of
    kind "bug"."""
    from cbw_core.render import render_recipe
    from cbw_core.source import sources

    context.cancel.check()
    try:
        with sources(context.config, sink=context.sink, cancel=context.cancel) as made:
            return render_recipe(
                absolute(given, context),
                context.config,
                resolver=resolver,
                sources=made,
                sink=context.sink,
                environ=context.environ,
                cancel=context.cancel,
                trails=trails,
            )
    except Unsatisfiable:
        from cbw_core.session import while_rendering  # only now: loading it takes as long as rendering

        with while_rendering():
            raise
    except CbwError:
        raise
    except Exception as error:
        raise bug(error) from error


def _told(context: Context, given: str, resolver: Resolver | None, explained: bool) -> RenderedRecipe:
    """A recipe rendered; whatever goes wrong with it becomes its error (but a request to stop ends them all)."""
    try:
        rendered = render_one(context, given, resolver, trails=explained)
    except Interrupted:
        raise
    except CbwError as error:
        return RenderedRecipe(given, error=error)
    why: tuple[Explained, ...] = ()
    if explained:
        from cbw_core.inspect import explain

        why = explain(rendered, context.config, environ=context.environ, subject=given)
    skipped = tuple(_mapping(row) for row in rendered.skipped)
    return RenderedRecipe(given, rendered.outputs, skipped, tuple(rendered.warnings), explained=why)


def bug(error: Exception) -> CbwError:
    """An unexpected exception as an error object of kind "bug": what and where, without the traceback."""
    from cbw_workbench.bugs import Bug, raised_at

    return Bug(f"{type(error).__name__}: {error}", why=f"raised at {raised_at(error)}", hint=BUG_HINT)


def _mapping(row: Any) -> Mapping[str, Any]:
    return asdict(row) if is_dataclass(row) and not isinstance(row, type) else dict(row)


def _write(path: Path, report: RenderReport) -> None:
    from cbw_workbench.commands.yaml_form import yaml_of_outputs

    text = yaml_of_outputs([output for recipe in report.recipes for output in recipe.outputs])
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise from_os_error(error, f"writing {path}") from error


COMMANDS = (
    Command(
        "render",
        "show what a recipe becomes: its outputs, hashes and dependencies",
        run,
        args=(
            Arg(("recipe",), "folder of a recipe, or its meta.yaml", {"nargs": "+", "metavar": "RECIPE"}, "recipe"),
            Arg(("--output",), "print the file names of the packages only", {"action": "store_true"}),
            Arg(("--yaml",), "print the rendered recipes as YAML", {"action": "store_true"}),
            Arg(
                ("--explain",),
                "say why: what each used variable is used by and where its value is from, what is hashed, what brought "
                "each run dependency",
                {"action": "store_true"},
            ),
            Arg(("-f", "--file"), "write the YAML to this file", {"metavar": "FILE"}, "path"),
            Arg(
                ("--no-finalize",),
                "leave dependencies as written: solve nothing, read no channel",
                {"action": "store_true"},
            ),
            Arg(("--finalize",), "pin dependencies as the build would (the default)", {"action": "store_true"}),
            *options.RENDERING,
            options.accepted("--verbose", why="progress is always shown"),
            options.NOT_HASHED,
            options.BOOTSTRAP,
        ),
        examples=(
            "cbw render recipes-examples/bsdiff4 -c host",
            "cbw render --no-finalize --output RECIPE",
            "cbw render --explain recipes-examples/clib -c host",
            'cbw render --json --variants "{python: [3.11, 3.12]}" RECIPE OTHER_RECIPE',
        ),
        group="recipes",
    ),
)
