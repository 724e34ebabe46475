"""Finalizing: outputs rendered once more with solved environments, pins between them to a fixed point
(finalize_outputs_pass, conda_build.render.finalize_metadata)."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbw_core.errors import EnvironmentFailure, RecipeError
from cbw_core.recipe import read_text
from cbw_core.render.hashing import build_string
from cbw_core.render.order import link_order
from cbw_core.render.others import Key, Others
from cbw_core.render.outputs import (
    Pair,
    insert_versions,
    key_of,
    output_state,
    rendered_output,
    share_top_level,
)
from cbw_core.render.parsing import parse_until_resolved
from cbw_core.render.pinning import excluded, note_of_pin, pin_run, platform_of, solve, solve_environment
from cbw_core.render.run_exports import add_run_exports
from cbw_core.render.siblings import agrees, keep_solved
from cbw_core.render.specs import with_star
from cbw_core.render.state import State
from cbw_core.render.trail import Record
from cbw_core.render.values import PLAIN, expand_requirements
from cbw_core.variants import as_list

_LINE = re.compile(r"(?P<name>[^=<>!\s]+)\s*((?P<cc>=[^=]+(=[^=]+)?)|(?P<pc>(?:[=!]=|[><]=?|~=).+))?$")


def finalize_all(top: State, conda: Mapping[Key, Pair]) -> dict[Key, Pair]:
    """Every output of a top-level state with its environments solved, in the order given; each sees those before it as
    they came out."""
    done = Others()
    for declared, state in conda.values():
        if state.skip:
            continue
        base = top.copied()
        base.others = state.others
        base.variant = state.variant
        parent = base.copied()
        if base.others is not None:
            base.others.add(done)
        base.final = False
        try:
            output = rendered_output(base, state.name(), permissive=False) or {"name": state.name()}
            made = output_state(base, output)
            parse_until_resolved(parent)
            final = finalize(made, parent)
        except EnvironmentFailure as error:
            if error.kind != "solve":
                raise
            final, output = state, declared
            final.unsatisfied = {**final.unsatisfied, "host": error}
            state.work.warn(f"{state.name()} cannot be finalized: {error}")
        if not output.get("type") or output["type"] == PLAIN:
            done[key_of(final)] = (output, final)
    top.others = done
    top.final = False
    return {key_of(state): (output, state) for output, state in done.values()}


def finalize_one(state: State) -> State:
    """An output that was left out of the others' pass (one with a `type`)."""
    try:
        return finalize(state, state)
    except EnvironmentFailure as error:
        if error.kind != "solve":
            raise
        state.unsatisfied = {**state.unsatisfied, "host": error}
        state.work.warn(f"{state.name()} cannot be finalized: {error}")
        return state


def finalize(made: State, parent: State) -> State:
    """One output with its requirements solved and pinned. parent: the recipe with the same variant, fully rendered."""
    if made.skip:
        made.final = True
        return made
    others = {str(name) for name, _ in made.others or ()}
    ignored = set(map(str, as_list(made.variant.get("ignore_version", []))))
    ignored -= set(made.variant.get("pin_run_as_build") or {})
    exclude = excluded(ignored | others)
    extra = _extra_specs(made, parent, others)
    output = rendered_output(made, made.name(), permissive=False)
    if output is None:
        raise RecipeError(f"output {made.name()!r} is not rendered for this variant", kind="schema", place=made.place())
    final = output_state(parent, output)
    final.others = made.others
    final.record = Record() if final.work.trails else None
    build, host = add_run_exports(final, exclude, extra)
    _pin_requirements(final, exclude if not others else excluded(others), extra)
    _finish(final)
    apart = keep_solved(final, build, host)
    failures = {k: s.failure for k, s in (("build", build), ("host", host)) if s and s.failure}
    final.unsatisfied = {k: f for k, f in {**apart, **failures}.items() if f}
    for env, failure in final.unsatisfied.items():
        final.work.warn(f"the {env} environment of {final.name()} has no solution: {failure.message}")
    final.final = not failures
    return final


def _extra_specs(made: State, parent: State, others: set[str]) -> list[str]:
    """What the outputs that this one is built with need to run: it is in the environment, too."""
    output = rendered_output(parent, made.name(), permissive=False, variant=made.variant)
    itself = True
    if output:
        if "package" in output or "name" not in output:
            output = {"name": made.name()}
        else:
            itself = False
        if not made.parent or made.parent.get("name") == made.name():
            share_top_level(made, output)
        made.meta["requirements"] = expand_requirements(output.get("requirements") or {})
    reqs = made.section("requirements")
    if reqs:
        insert_versions(reqs, made.variant, "build")
        insert_versions(reqs, made.variant, "host")
    needed = {str(r).split(" ")[0] for r in reqs.get("host" if made.is_cross else "build", []) or [] if r}
    if not output or not others or itself or not needed:
        return []
    return _run_requirements_of(made, others, needed)


def _run_requirements_of(made: State, others: set[str], needed: set[str]) -> list[str]:
    runs: dict[str, list[str]] = {}
    for (name, _), (_, other) in (made.others or {}).items():
        if name != made.name() and agrees(made, other):
            runs[str(name)] = [str(r) for r in as_list((other.meta.get("requirements") or {}).get("run"))]
    found: dict[str, None] = {}
    waiting = [name for name in sorted(others) if name in needed]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in runs:
            continue
        seen.add(name)
        for req in runs[name]:
            if req.split(" ")[0] in others:
                waiting.append(req.split(" ")[0])
            else:
                found.setdefault(req)
    return list(found)


def _pin_requirements(final: State, exclude: re.Pattern[str] | None, extra: list[str]) -> None:
    """The solved environment as requirements, and run requirements pinned to it."""
    reqs = final.section("requirements")
    env = "host" if final.is_cross else "build"
    listed = reqs.get(env) or []
    if "python" in listed:
        listed.append(f"python {final.variant['python']}")
        final.meta["requirements"][env] = listed
    solved = solve_environment(final, env, exclude=exclude, extra=extra, tolerant=True)
    versions = {s.split()[0]: " ".join(s.split()[1:]) for s in solved.specs if s.split()}
    if not reqs.get("run"):
        more = _requirements_txt(final)
        if more is not None:
            reqs["run"] = more
            if final.record:
                final.record.added += [(spec, "requirements.txt") for spec in more]
    given = [str(r) for r in as_list(reqs.get("run")) if r]
    run = [with_star(pin_run(final, r, versions)) for r in given]
    if final.record:
        final.record.pinned += [note_of_pin(final, *pair, versions) for pair in zip(given, run, strict=True)]
    reqs[env] = sorted(solved.specs)
    reqs["run"] = sorted(run)
    final.meta["requirements"] = reqs
    is_app = final.value("build/osx_is_app", False) and final.build_subdir.startswith("osx-")
    if is_app and "python.app" not in reqs["run"]:
        reqs["run"].append("python.app")
        if final.record:
            final.record.added.append(("python.app", "build/osx_is_app"))
    if str(final.value("build/pin_depends", "")).lower() == "strict":
        packages = solve(final, reqs["run"], platform_of(final, "host"), "run")
        reqs["run"] = [f"{p.name} {p.version} {p.build}" for p in link_order(packages)]
        if final.record:
            final.record.added += [(spec, "build/pin_depends") for spec in reqs["run"]]
    tests = as_list(final.value("test/requires"))
    if tests:
        pinned = dict.fromkeys(with_star(pin_run(final, str(t), versions)) for t in tests if t)
        final.meta["test"]["requires"] = list(pinned)


def _requirements_txt(state: State) -> list[str] | None:
    """A requirements.txt in the recipe's folder stands for run requirements that are not given."""
    path = state.work.recipe_dir / "requirements.txt"
    if not path.is_file():
        return None
    state.work.note_read(path)
    specs: list[str] = []
    for line in read_text(path).splitlines():
        text = line.split("#")[0].strip()
        if not text:
            continue
        match = _LINE.match(text)
        if not match:
            raise RecipeError(f"{path.name}: {line!r} is not a requirement", kind="schema")
        name = match["name"].lower()
        if match["cc"]:
            specs.append(name + match["cc"].replace("=", " "))
        else:
            specs.append(f"{name} {match['pc'].replace(' ', '')}" if match["pc"] else name)
    return specs


def _finish(final: State) -> None:
    """Sources by absolute path, and exact pins in place of looser ones."""
    folder = final.work.recipe_dir
    extra = final.meta.setdefault("extra", {})
    extra["copy_test_source_files"] = True
    for source in final.section("source"):
        path, url = source.get("path"), source.get("git_url")
        if path and not Path(path).is_absolute():
            source["path"] = os.path.normpath(folder / path)
        elif url and not Path(url).is_absolute() and ":" not in url:
            source["git_url"] = os.path.normpath(folder / url)
    if final.meta.get("build") is None:
        final.meta["build"] = {}
    reqs = final.meta.get("requirements") or {}
    for kind in ("build", "host", "run"):
        simplified = _exact(final, [str(r) for r in as_list(reqs.get(kind)) if r])
        if kind in reqs and simplified:
            reqs[kind] = simplified
    final.meta["requirements"] = reqs


def _exact(state: State, specs: list[str]) -> list[str]:
    """Where a package is pinned exactly, that pin alone; else every different spec (_simplify_to_exact_constraints)."""
    by_name: dict[str, list[list[str]]] = {}
    for spec in specs:
        name, *rest = with_star(spec).split()
        by_name.setdefault(name, []).append(rest)
    found: list[str] = []
    for name, rests in by_name.items():
        exact = [r for r in rests if len(r) > 1 and not any(c in r[0] for c in "><*") and "*" not in r[1]]
        if len(rests) == 1 and not rests[0]:
            found.append(name)
        elif exact:
            if any(pin != exact[0] for pin in exact):
                raise RecipeError(
                    f"{state.name()} needs {name} at two exact versions: {' and '.join(' '.join(e) for e in exact)}",
                    kind="schema",
                    place=state.place(("requirements",)),
                    hint="Keep one of the exact pins.",
                )
            found.append(" ".join([name, *exact[0]]))
        else:
            found += [" ".join([name, *r]) for r in rests if r]
    return found


def ensure_matching_hashes(conda: Mapping[Key, Pair]) -> None:
    """Refuse outputs that pin each other exactly, to a build that is not the one that came out."""
    wrong: list[str] = []
    states = [state for _, state in conda.values()]
    for state in states:
        for other in states:
            if other is state:
                continue
            for dep in _all_specs(other):
                name, _, rest = dep.partition(" ")
                parts = rest.split(" ")
                if name != state.name() or len(parts) != 2:
                    continue
                if not _build_matches(parts[1], build_string(state)) and _same_where_shared(state, other):
                    wrong.append(f"{other.name()} needs {dep}, but {name} is build {build_string(state)}")
    if wrong:
        raise RecipeError(
            f"outputs pin each other exactly, and the pins change the hashes they pin: {wrong[0]}",
            kind="schema",
            place=states[0].place(("outputs",)),
            hint="Change one of the exact pins to a range of versions.",
            details="\n".join(wrong[1:]) or None,
        )


def _all_specs(state: State) -> list[str]:
    exports: Any = state.value("build/run_exports", [])
    if isinstance(exports, dict):
        exports = [s for specs in exports.values() for s in as_list(specs)]
    reqs = state.meta.get("requirements") or {}
    listed = [s for kind in ("build", "host", "run") for s in as_list(reqs.get(kind))]
    return [str(s) for s in [*listed, *as_list(exports)]]


def _build_matches(pattern: str, build: str) -> bool:
    return fnmatch.fnmatchcase(build.lower(), pattern.lower()) if "*" in pattern else pattern.lower() == build.lower()


def _same_where_shared(one: State, other: State) -> bool:
    return all(other.variant[k] == v for k, v in one.variant.items() if k in other.variant)
