"""From a recipe to the outputs one can work on, and the choice of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import UsageError
from cbw_core.events import Note, Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.session import rendering
from cbw_core.session.rendering import Rendering
from cbw_core.variants import as_list

TOPLEVEL = "TOPLEVEL"


@dataclass(frozen=True)
class Plan:
    """A recipe rendered: what `cbw debug` chooses from. `names` are what --output-id is matched against."""

    recipe: Path
    rendering: Rendering
    package_format: str

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.rendering.outputs

    @property
    def skipped(self) -> tuple[Mapping[str, Any], ...]:
        return self.rendering.skipped

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.rendering.warnings

    @property
    def choices(self) -> tuple[tuple[str, Output], ...]:
        """(name, output) for every output in build order; TOPLEVEL last, when the recipe has outputs of its own."""
        named = [(o.file_name(self.package_format), o) for o in self.outputs]
        return (*named, *((TOPLEVEL, o) for o in self.rendering.toplevel))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.choices)


def plan(
    recipe: Path,
    config: Config,
    *,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    environ: Mapping[str, str] | None = None,
) -> Plan:
    """Render a recipe (folder or meta.yaml). Raises RecipeError or EnvironmentFailure."""
    environ = dict(os.environ) if environ is None else environ
    made = rendering.render(recipe, config, sink=sink, cancel=cancel or Cancel(), environ=environ)
    for warning in made.warnings:
        sink(Note(warning, level="warning", phase="render"))
    _tell_of_sources(made, config, sink)
    return Plan(recipe, made, config.package_format)


def _tell_of_sources(made: Rendering, config: Config, sink: Sink) -> None:
    """`channel_sources` of conda_build_config.yaml is for the programs that call conda-build: it does not read it."""
    rows = [as_list(output.variant.get("channel_sources")) for output in made.outputs]
    names = dict.fromkeys(name.strip() for row in rows for text in row for name in str(text).split(",") if name.strip())
    if any(name not in config.channels for name in names):
        given = " ".join(f"-c {name}" for name in names)
        sink(
            Note(f"channel_sources is not read, as conda-build does not: to search these channels give {given}", "hint")
        )


def matching(plan: Plan, pattern: str | None) -> tuple[Output, ...]:
    """The outputs whose file name matches (fnmatch); all but TOPLEVEL without a pattern."""
    if pattern is None:
        return plan.outputs
    return tuple(output for name, output in plan.choices if fnmatchcase(name, pattern))


def choose(plan: Plan, pattern: str | None) -> Output:
    """The one output that matches. UsageError(kind="output-id" or "skipped") otherwise, with the names in `details`."""
    found = matching(plan, pattern)
    if len(found) == 1:
        return found[0]
    if not plan.outputs:
        reasons = [f"{row['name']}: {row['why']}" for row in plan.skipped]
        raise UsageError(
            f"every output of {plan.recipe} is skipped here",
            kind="skipped",
            why=reasons[0] if reasons else "the recipe renders to no output",
            hint="Change build/skip or the variant (-m FILE, --variants), then try again.",
            details="\n".join(reasons) or None,
        )
    names = "\n".join(dict.fromkeys(plan.names))
    if not found:
        raise UsageError(
            f"--output-id {pattern!r} matches no output",
            kind="output-id",
            hint="Choose from the names below; * and ? stand for any text.",
            details=names,
        )
    what = (
        "there is more than one output" if pattern is None else f"--output-id {pattern!r} matches {len(found)} outputs"
    )
    listed = names if pattern is None else "\n".join(o.file_name(plan.package_format) for o in found)
    raise UsageError(what, kind="output-id", hint="Name one with --output-id (fnmatch on these names).", details=listed)
