"""A recipe over its variants: the top-level states, one for each combination of variables that the recipe itself uses
(conda_build.render.distribute_variants), and the outputs of each (get_output_metadata_set, render_metadata_tuples)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cbw_core.errors import CbwError
from cbw_core.render.finalize import ensure_matching_hashes, finalize_all, finalize_one
from cbw_core.render.hashing import build_string, dist
from cbw_core.render.order import build_order, check_circles
from cbw_core.render.others import Key
from cbw_core.render.outputs import Pair, check_run_constrained, declared_outputs, key_of, reduced_variants, split
from cbw_core.render.parsing import forgivable, parse_until_resolved
from cbw_core.render.state import State
from cbw_core.render.texts import numpy_xx, used_loop_vars, used_vars
from cbw_core.render.values import PLAIN, freeze
from cbw_core.render.versions import VersionError, parse_version
from cbw_core.variants import Variants

_XX = {"min_pin": "x.x", "max_pin": "x.x"}


@dataclass(frozen=True, eq=False)
class Made:
    """An output's dictionary, its state, the top-level state it came from, and its build string where it is known."""

    declared: dict[str, Any]
    state: State
    top: State
    build: str | None = None


def top_states(first: State, variants: Variants, *, offline: bool) -> list[State]:
    """The recipe with each combination of the variables it uses; those that come out alike are one.

    first: the recipe as first read. offline: pins need no solved environments (yet).
    """
    if first.noarch or first.noarch_python:
        variants = _newest_python(variants)
    first.variants = first.input_variants = variants
    first.variant = variants[0]
    used = used_loop_vars(first)
    states: dict[Key, State] = {}
    for variant in reduced_variants(first, used):
        state = first.copied()
        state.variant = variant
        state.variants = variants
        for key in sorted(used):
            state.variants = state.variants.where(key, variant[key])
        pins = dict(variant.get("pin_run_as_build") or {})
        if numpy_xx(state) and "numpy" not in pins:
            pins["numpy"] = dict(_XX)
            # variants are values: a changed one is a new one
            state.variant = {**variant, "pin_run_as_build": pins}
            state.variants = Variants([{**v, "pin_run_as_build": pins} for v in state.variants])
        try:
            parse_until_resolved(state, alone=True, offline=offline)
        except CbwError as error:
            if not forgivable(error):
                raise
        states[(dist(state), _target(state), _used_values(state))] = state
    return list(states.values())


def _newest_python(variants: Variants) -> Variants:
    """For noarch packages: the variants of the newest Python."""
    versions = {str(v) for v in variants.distinct("python") if v}
    try:
        newest = max(sorted(versions), key=lambda v: parse_version(v.split(" ")[0]))
    except (ValueError, VersionError):
        return variants
    return variants.where("python", newest)


def _target(state: State) -> Any:
    return state.variant.get("target_platform", state.build_subdir)


def _used_values(state: State) -> Key:
    return tuple((k, freeze(state.variant.get(k))) for k in sorted(used_vars(state)))


def outputs_of(state: State, *, finalize: bool) -> list[Made]:
    """The outputs of a top-level state over its remaining variants, in build order."""
    if state.final:
        return [Made(declared_outputs(state)[0], state, state)]
    pairs, top = split(state, permissive=not finalize)
    ordered = build_order(pairs)
    check_circles(ordered)
    conda: dict[Key, Pair] = {}
    others: list[Pair] = []
    for output, made in ordered:
        kind = output.get("type")
        if not kind or kind == PLAIN:
            conda[key_of(made)] = (output, made)
            continue
        if kind == "wheel":
            _add_pip(output, made)
        others.append((output, made))
    if finalize and not top.skip:
        conda = finalize_all(top, conda)
        ensure_matching_hashes(conda)
    for _, made in conda.values():
        made.final = True
    pairs = [*conda.values(), *others]
    check_run_constrained(pairs)
    return [Made(output, made, top) for output, made in pairs]


def _add_pip(output: dict[str, Any], state: State) -> None:
    """A wheel is built with pip and python."""
    reqs = output.get("requirements") or {}
    build = list(reqs.get("build") or [])
    if not any("pip" in str(r) for r in build):
        build += ["pip", f"python {state.variant['python']}"]
        output["requirements"] = {**reqs, "build": build}
        state.meta["requirements"] = {**state.section("requirements"), "build": build}


def all_outputs(tops: Sequence[State], *, finalize: bool) -> tuple[list[Made], list[State]]:
    """(outputs, what is skipped) of all top-level states; outputs that come out alike are one."""
    found: dict[Key, Made] = {}
    skipped: list[State] = []
    for top in tops:
        if top.skip:
            skipped.append(top)
            continue
        for made in outputs_of(top, finalize=finalize):
            state = made.state
            if state.skip:
                skipped.append(state)
                continue
            kind = made.declared.get("type")
            if kind is None or kind == "conda":
                if finalize and not state.final:
                    state = finalize_one(state)
                    made = Made(made.declared, state, made.top)
                made = replace(made, build=build_string(state))
                name = f"{state.name()}-{state.version()}-{made.build}"
            else:
                name = f"{kind}: {state.name()}"
            found[(name, state.variant.get("target_platform"), _used_values(state))] = made
    return list(found.values()), skipped
