"""Outputs of one recipe in each other's environments."""

from __future__ import annotations

from dataclasses import replace

from cbw_core.errors import EnvironmentFailure
from cbw_core.render.hashing import build_string, dist
from cbw_core.render.output import Resolved
from cbw_core.render.pinning import Solved, platform_of, solve
from cbw_core.render.state import State
from cbw_core.render.texts import used_vars
from cbw_core.variants import as_list


def agrees(one: State, other: State) -> bool:
    """Whether the variables that both use have the same values (_variants_match)."""
    shared = used_vars(one) & used_vars(other)
    extend = {*as_list(one.variant.get("extend_keys")), *as_list(other.variant.get("extend_keys")), "extend_keys"}
    return all(one.variant.get(k) == other.variant.get(k) for k in shared if k not in extend and other.variant.get(k))


def keep_solved(final: State, build: Solved, host: Solved | None) -> dict[str, EnvironmentFailure]:
    """What the environments hold, with those outputs of this recipe that belong in them. Returns the failures of those
    that do not go with these outputs."""
    failures: dict[str, EnvironmentFailure] = {}
    needed: list[State] = []
    solved: dict[str, tuple[Resolved, ...]] = {}
    for env, environment in (("build", build), ("host", host)):
        if environment is None:
            continue
        named = {s.split()[0] for s in map(str, final.reqs(env)) if s.split()}
        mine = _closure(final, named)
        needed += [s for s in mine if s not in needed]
        solved[env] = environment.packages
        if mine and not environment.failure:
            try:
                solved[env] = _with_siblings(final, env, environment, mine)
            except EnvironmentFailure as error:
                failures[env] = error
    final.solved = solved
    final.siblings = tuple(dist(s) for s in needed)
    return failures


def _closure(final: State, named: set[str]) -> list[State]:
    """The outputs among `named`, and those they need to run, in build order."""
    available: dict[str, State] = {}
    for (name, _), (_, other) in (final.others or {}).items():
        if name != final.name() and agrees(final, other):
            available[str(name)] = other
    wanted = [n for n in named if n in available]
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found.add(name)
        runs = as_list((available[name].meta.get("requirements") or {}).get("run"))
        wanted += [n for n in (str(r).split()[0] for r in runs if r) if n in available]
    return [other for name, other in available.items() if name in found]


def _with_siblings(final: State, env: str, environment: Solved, siblings: list[State]) -> tuple[Resolved, ...]:
    records = tuple(_record(s) for s in siblings)
    specs = [f"{p.name} {p.version} {p.build}" for p in environment.packages]
    specs += [f"{r.name} {r.version} {r.build}" for r in records]
    names = {r.name for r in records}
    # what the recipe says of them; exact pins name builds, which finalizing has seen to
    written = [str(s).split() for s in final.reqs(env) if s]
    specs += [" ".join(parts) for parts in written if len(parts) == 2 and parts[0] in names]
    return solve(final, specs, platform_of(final, env), env, records)


def _record(state: State) -> Resolved:
    """An output as a channel will tell of it."""
    reqs = state.meta.get("requirements") or {}
    noarch = state.noarch
    record = Resolved(
        name=state.name(),
        version=state.version(),
        build=build_string(state),
        build_number=state.build_number(),
        subdir="noarch" if noarch or state.noarch_python else state.host_subdir,
        noarch="generic" if noarch is True else str(noarch or ""),
        depends=tuple(str(r) for r in as_list(reqs.get("run")) if r),
        constrains=tuple(str(r) for r in as_list(reqs.get("run_constrained")) if r),
    )
    return replace(record, file_name=f"{record.dist}.conda")
