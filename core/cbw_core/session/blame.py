"""The recipe line to blame when an environment cannot be made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, EnvironmentFailure, RecipeError, Unsatisfiable
from cbw_core.inspect.requirement_lines import Line, RequirementLines

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.render.resolver import Resolver


@contextmanager
def requirement_lines(output: Output | None, env: str, *, resolver: Resolver | None = None) -> Iterator[None]:
    """Give a failure to solve `env` ("build", "host" or "test") of an output, that has no place, the line of the
    requirement it blames; where that comes from run_exports or the variant, what brings it. None: there is no recipe.
    resolver: knows the run_exports of the output's packages."""
    try:
        yield
    except (EnvironmentFailure, RecipeError) as error:
        told = isinstance(error, Unsatisfiable) or error.kind == "spec"
        if told and error.place is None and output is not None and output.recipe_file:
            _blame(error, output, env, resolver)
        raise


@contextmanager
def while_rendering() -> Iterator[None]:
    """The same for an environment that rendering could not do without (pin_compatible pins on what is in it)."""
    try:
        yield
    except Unsatisfiable as error:
        if error.output is not None:
            # not the function that asked for the solution
            asked, error.place = error.place, None
            _blame(error, error.output, "host", None)
            error.place = error.place or asked
        raise


def _blame(error: CbwError, output: Output, env: str, resolver: Resolver | None) -> None:
    lines = RequirementLines(output)
    blamed = list(error.requirements) if isinstance(error, Unsatisfiable) else []
    if not blamed:
        specs = {"test": [*output.test_requires, *output.requirements.run]}.get(env) or getattr(
            output.requirements, env
        )
        blamed = [(env, spec) for spec in specs if spec in error.message]
    others: list[str] = []
    for section, spec in blamed:
        found, note = _line_of(output, lines, section, spec, resolver)
        if found is None:
            continue
        if note:
            error.why = f"{note} {error.why or ''}".strip()
        if error.place is None:
            error.place = found.place
        elif found.place.line != error.place.line:
            others.append(f"{spec} is asked for at line {found.place.line}.")
    if others:
        error.why = " ".join([error.why or "", *others]).strip()


def _line_of(
    output: Output, lines: RequirementLines, section: str, spec: str, resolver: Resolver | None
) -> tuple[Line | None, str]:
    """The line that asks for a spec, and where the spec comes from when the line does not say it."""
    name = spec.rpartition("::")[2].split()[0] if spec.strip() else ""
    if name == output.name and section == "test":
        return None, ""
    found = lines.best(("test", "run") if section == "test" else (section,), name, spec)
    if found is not None:
        return found, _of_variant(output, found, name, spec)
    for env in ("host", "build"):
        for dist in _exporters(output, env, spec, resolver):
            found = lines.best((env,), dist.rsplit("-", 2)[0], "")
            if found is not None:
                return found, f"{spec} comes from the run_exports of {dist} ({env})."
    return lines.best(("build", "host", "run", "run_constrained", "test"), name, spec), ""


def _of_variant(output: Output, line: Line, name: str, spec: str) -> str:
    """A version that the variant gives and the line does not say: where it is set."""
    version = spec.partition(" ")[2].split()[:1]
    value = output.variant.get(name.replace("-", "_"))
    if not version or not isinstance(value, str) or version[0].removesuffix(".*") != value.split()[0]:
        return ""
    if re.search(rf"(?<![\w.]){re.escape(value.split()[0])}", line.text):
        return ""
    for file in output.variant_files:
        place = _set_in(Path(file), name.replace("-", "_"))
        if place:
            return f"The recipe says {name}; {version[0]} is the variant's, set in {place}."
    return f"The recipe says {name}; {version[0]} is the variant's."


def _set_in(file: Path, key: str) -> str:
    try:
        rows = file.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    number = next((n for n, row in enumerate(rows, 1) if re.match(rf"\s*{re.escape(key)}\s*:", row)), None)
    return f"{file.name}:{number}" if number else ""


def _exporters(output: Output, env: str, spec: str, resolver: Resolver | None) -> list[str]:
    """The packages of a solved environment that export a spec."""
    named = {s.split()[0].lower() for s in getattr(output.requirements, env) if s.strip()}
    packages = [p for p in output.solved.get(env, ()) if p.name in named and (p.url or p.run_exports is not None)]
    if resolver is None or not packages:
        return []
    try:
        exports = resolver.run_exports(packages)
    except CbwError:
        return []  # the failure to tell of is another one
    name = spec.split()[0]
    given = {dist: [s for specs in kinds.values() for s in specs] for dist, kinds in exports.items()}
    exact = [dist for dist, specs in given.items() if spec in specs]
    return exact or [dist for dist, specs in given.items() if any(s.split()[0] == name for s in specs)]
