"""Environments solved while rendering, and pins made from them (conda_build.render.get_env_dependencies,
jinja_context.pin_compatible)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from cbw_core.errors import EnvironmentFailure, RecipeError, Unsatisfiable
from cbw_core.recipe.patterns import any_of
from cbw_core.render.output import Output, Requirements, Resolved
from cbw_core.render.pins import freeze_pin_cfg, pin_of
from cbw_core.render.specs import with_star
from cbw_core.render.state import State
from cbw_core.render.texts import build_is_host, requirements_text
from cbw_core.render.trail import Pinned

_DASH = re.compile("[-_]")


@dataclass(frozen=True)
class Solved:
    """specs: every package of the environment as "name version build", and requirements that are not solved (outputs
    of this recipe). packages: the records. failure: why there is no solution, where that may be."""

    specs: tuple[str, ...]
    packages: tuple[Resolved, ...]
    failure: EnvironmentFailure | None = None


def platform_of(state: State, env: str) -> str:
    """The subdir that an environment's packages are for."""
    if env == "build":
        return state.build_subdir
    subdir = state.host_subdir
    return str(state.variant.get("target_platform", state.build_subdir)) if subdir == "noarch" else subdir


def excluded(names: Collection[str]) -> re.Pattern[str] | None:
    """A pattern for specs of these packages, which are handed through unsolved; None for none."""
    if not names:
        return None
    return any_of(sorted(names), "(?:^", r"(?:\s|$|\Z))")


def solve_environment(
    state: State,
    env: str,
    *,
    exclude: re.Pattern[str] | None = None,
    extra: Sequence[str] = (),
    tolerant: bool = False,
) -> Solved:
    """The packages of a state's "build" or "host" environment.

    exclude: specs handed through as they are. extra: specs to solve with the requirements. tolerant: no solution is
    told in the result. Raises EnvironmentFailure.
    """
    specs = state.top_and_output_reqs(env)
    specs = [_versioned(s, state) if " x.x" in s else s for s in map(str, specs)]
    siblings, wanted, through = _sorted_out(state, specs, exclude)
    wanted = list(dict.fromkeys([*wanted, *extra]))
    failure: EnvironmentFailure | None = None
    packages: tuple[Resolved, ...] = ()
    try:
        packages = solve(state, wanted, platform_of(state, env), env)
    except EnvironmentFailure as error:
        if isinstance(error, Unsatisfiable) and error.output is None:
            error.output = _as_far(state)
        if not tolerant or error.kind != "solve":
            raise
        failure = error
    found = [f"{p.name} {p.version} {p.build}" for p in packages] + siblings + through
    return Solved(tuple(found or [str(r) for r in state.reqs(env)]), packages, failure)


def _as_far(state: State) -> Output:
    """An output as far as it is known while it is being rendered."""
    return Output(
        recipe_dir=str(state.work.recipe_dir),
        recipe_file=state.work.file,
        name=state.name(),
        version="",
        build_string="",
        host_subdir=state.host_subdir,
        build_subdir=state.build_subdir,
        variant=dict(state.variant),
        requirements=Requirements(**{k: tuple(map(str, state.reqs(k))) for k in ("build", "host")}),
    )


def solve(
    state: State, specs: Sequence[str], platform: str, env: str, siblings: Sequence[Resolved] = ()
) -> tuple[Resolved, ...]:
    """The resolver's answer, asked once for the same question. No specs need no packages."""
    work = state.work
    wanted = sorted({with_star(s) for s in specs})
    if not wanted:
        return ()
    assert work.resolver is not None
    if work.cancel:
        work.cancel.check()
    key = (tuple(wanted), platform, tuple(s.dist for s in siblings))
    known = work.solved.get(key)
    if known is None:
        try:
            known = work.resolver.solve(wanted, platform, env=env, siblings=siblings)
        except EnvironmentFailure as error:
            known = error
        work.solved[key] = known
    if isinstance(known, EnvironmentFailure):
        raise known
    packages: tuple[Resolved, ...] = known
    return packages


def _versioned(spec: str, state: State) -> str:
    name = spec.split()[0]
    return f"{name} {state.variant.get(name, '')}"


def _sorted_out(
    state: State, specs: Sequence[str], exclude: re.Pattern[str] | None
) -> tuple[list[str], list[str], list[str]]:
    """(outputs of this recipe, specs to solve, specs handed through) (_categorize_deps)."""
    siblings: list[str] = []
    wanted: list[str] = []
    through: list[str] = []
    outputs = {o.get("name") for o in state.section("outputs")}
    for spec in specs:
        if exclude and exclude.match(spec):
            through.append(spec)
            continue
        name = spec.split()[0]
        if name in outputs:
            siblings.append(f"{name} {state.version()}")
        else:
            wanted.append(spec)
        # the variant's version, where the spec has none at all
        bare = _DASH.sub("", name)
        if not re.search(rf"{re.escape(name)}\s+[0-9a-zA-Z\_\.\<\>\=\*]", spec):
            for key, value in state.variant.items():
                if _DASH.sub("", key) == bare and isinstance(value, str):
                    wanted.append(f"{name} {value}")
    return siblings, wanted, through


def _pins(state: State) -> dict[str, list[str]]:
    """What is in the environment that pin_compatible pins on: name -> [version, build]."""
    work = state.work
    key = ("pins", state.name(), work.key_of(state.variant))
    if key not in work.loaded:
        merged = build_is_host(state)
        if state.is_cross and not merged:
            specs = list(solve_environment(state, "host").specs)
        else:
            specs = list(solve_environment(state, "build").specs)
            if merged:
                specs += solve_environment(state, "host").specs
        work.loaded[key] = {s.split(" ")[0]: s.split(" ")[1:] for s in specs}
    pins: dict[str, list[str]] = work.loaded[key]
    return pins


def pin_compatible(
    state: State,
    name: str,
    lower_bound: Any = None,
    upper_bound: Any = None,
    min_pin: str | None = "x.x.x.x.x.x",
    max_pin: str | None = "x",
    exact: bool = False,
) -> str:
    """A pin on the version of a package in the host environment (build, where there is no host)."""
    versions = _pins(state)
    compatible = ""
    if exact and versions.get(name):
        compatible = " ".join(versions[name])
    elif versions:
        version = lower_bound or next(iter(versions.get(name) or []), None)
        if version and upper_bound:
            compatible = (f">={version}," if min_pin or lower_bound else "") + f"<{upper_bound}"
        elif version:
            compatible = pin_of(str(version), min_pin, max_pin)
    if not compatible and re.search(rf'pin_compatible\s*\(\s*["]{re.escape(name)}["]', requirements_text(state)):
        raise RecipeError(
            f"pin_compatible({name!r}): {name} is not in the {'host' if state.is_cross else 'build'} environment",
            kind="jinja",
            place=state.place(("requirements",)),
            hint=f"Add {name} to requirements/host.",
        )
    return f"{name} {compatible}"


def resolved_packages(state: State, env: str, *, solve: bool) -> list[str]:
    """All packages of the host or build environment as "name version build"; empty until it is solved."""
    if env not in ("host", "build"):
        raise RecipeError(f"resolved_packages({env!r}): only host and build are resolved", kind="jinja")
    return list(solve_environment(state, env).specs) if solve else []


def pin_run(state: State, spec: str, versions: dict[str, str]) -> str:
    """A run requirement pinned to the version it is built with, where pin_run_as_build says so, or `numpy x.x`
    (conda_build.render.get_pin_from_build). versions: name -> "version build" of the environment."""
    parts = spec.split()
    if not parts:
        return spec
    name, build = parts[0], parts[2] if len(parts) >= 3 else ""
    version = versions.get(name) or state.variant.get(name)
    pins = state.variant.get("pin_run_as_build") or {}
    made = None
    if version and name in pins and name in versions and not (name == "python" and state.python_version_independent):
        made = pin_of(str(version).split()[0], **_bounds(pins[name]))
    elif spec.startswith("numpy") and "x.x" in spec:
        if not versions.get(name):
            raise RecipeError(
                "numpy x.x is required to run, but numpy is not in the build requirements",
                kind="schema",
                place=state.place(("requirements", "run")),
                hint="Add numpy x.x to requirements/host.",
            )
        made = pin_of(str(version).split()[0], "x.x", "x.x")
    return " ".join(p for p in (name, made, build) if p) if made else spec


def note_of_pin(state: State, before: str, after: str, versions: dict[str, str]) -> Pinned:
    """What pin_run (and with_star after it) made of a run requirement, for explaining."""
    name = before.split()[0] if before.split() else before
    if after == with_star(before):
        return Pinned(before, after)
    by_rule = name in (state.variant.get("pin_run_as_build") or {}) and name in versions
    version = str(versions.get(name) or state.variant.get(name) or "").split()
    return Pinned(before, after, "pin_run_as_build" if by_rule else "numpy x.x", version[0] if version else "")


def _bounds(config: Any) -> dict[str, Any]:
    bounds = {"min_pin": "x.x.x.x.x.x.x", "max_pin": "x"}
    return bounds | {k: v for k, v in freeze_pin_cfg(config).items() if k in bounds}
