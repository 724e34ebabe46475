"""run_exports: what the packages of build and host bring to the requirements (conda_build.render.add_upstream_pins)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cbw_core.render.output import Resolved
from cbw_core.render.pinning import Solved, solve_environment
from cbw_core.render.state import State
from cbw_core.render.texts import build_is_host
from cbw_core.render.trail import Exported
from cbw_core.render.values import expand_requirements
from cbw_core.variants import as_list

Exports = Mapping[str, list[str]]


def add_run_exports(
    state: State, exclude: re.Pattern[str] | None, extra: Sequence[str]
) -> tuple[Solved, Solved | None]:
    """Solve build and host and put what they hold and export into the state's requirements.

    Strong exports of build go to host and run, those of host and its weak ones to run; for noarch packages only what
    host exports for noarch. Returns the two solved environments, None for no host.
    """
    reqs = state.section("requirements")
    if state.record:
        state.record.run += [str(r) for r in as_list(reqs.get("run")) if r]
        state.record.run_constrained += [str(r) for r in as_list(reqs.get("run_constrained")) if r]
    build = solve_environment(state, "build", exclude=exclude, extra=() if state.is_cross else extra, tolerant=True)
    from_build = _exported(state, build.packages, "build")
    noarch = bool(state.noarch or state.noarch_python)
    host: Solved | None = None
    run: list[str] = []
    constrained: list[str] = []
    build_deps: list[str] | None = list(dict.fromkeys(build.specs))
    host_deps: list[str] | None = []
    if state.is_cross:
        reqs = _add_to_host(state, from_build.get("strong", []))
        host = solve_environment(state, "host", exclude=exclude, extra=extra, tolerant=True)
        host_deps = list(dict.fromkeys(host.specs))
        from_host = _exported(state, host.packages, "host")
        if noarch:
            run = list(from_host.get("noarch", []))
        else:
            run = [*from_host.get("strong", []), *from_host.get("weak", []), *from_build.get("strong", [])]
            kinds = [(from_host, "strong"), (from_host, "weak"), (from_build, "strong")]
            constrained = [s for exports, kind in kinds for s in exports.get(f"{kind}_constrains", [])]
    elif noarch:
        if build_is_host(state):
            run, build_deps = list(from_build.get("noarch", [])), None
    else:
        run = list(from_build.get("strong", []))
        constrained = list(from_build.get("strong_constrains", []))
        if build_is_host(state):
            # conda-build then leaves the build section as it was written
            run += from_build.get("weak", [])
            constrained += from_build.get("weak_constrains", [])
            build_deps = None
        else:
            host_deps = list(from_build.get("strong", []))
    state.meta["requirements"] = reqs
    for kind, deps in (
        ("build", build_deps),
        ("host", host_deps),
        ("run", [*run, *as_list(reqs.get("run"))]),
        ("run_constrained", [*constrained, *as_list(reqs.get("run_constrained"))]),
    ):
        if deps:
            reqs[kind] = sorted({str(d) for d in deps if d})
    return build, host


def _add_to_host(state: State, strong: Sequence[str]) -> dict[str, list[str]]:
    """Put strong exports of build into host, before host is solved. Returns the requirements to go on with."""
    reqs: dict[str, list[str]] = state.meta.setdefault("requirements", {})
    host = as_list(state.value("requirements/host"))
    reqs["host"] = host
    if not host:
        same = next((o for o in state.section("outputs") if o.get("name") == state.name()), None)
        if same:
            reqs = expand_requirements(same.get("requirements") or {})
            same["requirements"] = reqs
            host = reqs.setdefault("host", [])
    host.extend(strong)
    return reqs


def _exported(state: State, packages: Sequence[Resolved], env: str) -> Exports:
    """What the explicit requirements of an environment export, kind -> specs, ignored ones left out."""
    named = {str(r).split(" ")[0] for r in state.reqs(env) if r}
    ignored_from = {str(r).split(" ")[0] for r in as_list(state.value("build/ignore_run_exports_from"))}
    ignored = [str(s) for s in as_list(state.value("build/ignore_run_exports"))]
    if state.python_version_independent and not state.noarch:
        ignored_from.add("python")
        ignored.append("python")
    asked = [p for p in packages if p.name in named and (state.record or p.name not in ignored_from)]
    if not asked:
        return {}
    assert state.work.resolver is not None
    exports = state.work.resolver.run_exports(asked)
    found: dict[str, list[str]] = {}
    for package in asked:
        for kind, specs in (exports.get(package.dist) or {}).items():
            for spec in specs:
                by, field = next((i for i in ignored if _ignores(i, spec)), ""), "ignore_run_exports"
                if package.name in ignored_from:
                    by, field = package.name, "ignore_run_exports_from"
                if not by:
                    found.setdefault(kind, []).append(spec)
                if state.record:
                    told = Exported(env, package.dist, kind, spec, ignored=field if by else "", by=by)
                    state.record.exported.append(told)
    return found


def _ignores(pattern: str, spec: str) -> bool:
    return pattern == "*" or spec == pattern or spec.startswith(f"{pattern} ")
