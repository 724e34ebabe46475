"""The environments of a recipe's outputs as questions to a resolver, with the outputs that are not built yet as
candidates; all of them asked at once (`solve_all`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cbw_core.errors import CbwError, EnvironmentFailure, Unsatisfiable
from cbw_core.events import Note, Progress, Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output, Resolved
from cbw_core.session import blame
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase, State

if TYPE_CHECKING:
    from cbw_core.config import Config
    from cbw_core.render.resolver import Resolver


@dataclass(frozen=True)
class Solution:
    """One environment of one output: its packages, or why it has none. env: "build", "host" or "test"."""

    output: str
    env: str
    specs: tuple[str, ...]
    packages: tuple[Resolved, ...] = ()
    error: CbwError | None = None

    def to_json(self) -> dict[str, Any]:
        """As the ledger keeps it: the packages by name, version and build."""
        return {
            "specs": list(self.specs),
            "packages": [package.dist for package in self.packages],
            "error": None if self.error is None else self.error.to_json(),
        }


def solve_all(
    outputs: Sequence[Output],
    config: Config,
    *,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    environ: Mapping[str, str],
) -> tuple[Solution, ...]:
    """Build, host and test environments of all `outputs` of a recipe, in their order.

    What has no solution is told in its Solution; a channel that cannot be read is raised, as in `Resolver.solve`.
    """
    from cbw_core.env import ChannelResolver

    resolver = ChannelResolver(config, cancel=cancel, environ=environ)
    asked = [(output, env) for output in outputs for env in ("build", "host", "test") if _specs(output, env)]
    found: list[Solution] = []
    try:
        for number, (output, env) in enumerate(asked):
            sink(Progress("solve all environments", number, len(asked), item=f"{env} of {output.name}"))
            found.append(_solution(output, env, outputs, resolver))
    finally:
        resolver.close()
    if asked:
        sink(Progress("solve all environments", len(asked), len(asked), finished=True))
    return tuple(found)


def solve_first(session: SessionFolder, *, sink: Sink = silent, cancel: Cancel | None = None) -> tuple[Solution, ...]:
    """Solve every environment of the recipe a session works on, and keep the answers in its ledger.

    Raises what keeps the build or host environment of its own output from being made, after the ledger has it as the
    failure of env. What the tests, or other outputs, cannot have is told as a warning.
    """
    own, every = session.output, session.rendering
    outputs = (*every.outputs, *(top for top in every.toplevel if top == own))
    with session.working():
        found = solve_all(outputs, session.config, sink=sink, cancel=cancel, environ=session.environ)
        kept: dict[str, dict[str, Any]] = {}
        for one in found:
            kept.setdefault(one.output, {})[one.env] = one.to_json()
        session.save(replace(session.ledger, solved=kept))
        failed = next((one.error for one in found if one.error and one.output == own.dist and one.env != "test"), None)
        if failed is not None:
            session.record(Phase.ENV, state=State.FAILED, error=failed.to_json())
            raise failed
    for one in found:
        if one.error is not None:
            place = f" ({one.error.place})" if one.error.place else ""
            sink(Note(f"{one.output}: {one.error.message}{place}. {one.error.hint or ''}".strip(), "warning"))
    return found


def _solution(output: Output, env: str, outputs: Sequence[Output], resolver: Resolver) -> Solution:
    specs = _specs(output, env)
    if env in output.solved and output.final:
        return Solution(output.dist, env, specs, tuple(output.solved[env]))
    try:
        return Solution(output.dist, env, specs, solve(output, env, outputs, resolver))
    except CbwError as error:
        if isinstance(error, EnvironmentFailure) and error.kind not in ("solve", "spec"):
            raise
        error.phase = error.phase or ("test" if env == "test" else "env")
        return Solution(output.dist, env, specs, error=error)


def solve(output: Output, env: str, outputs: Sequence[Output], resolver: Resolver) -> tuple[Resolved, ...]:
    """The packages of one environment of an output; outputs of its recipe, itself among them, stand for packages that
    are not built yet. Raises what `Resolver.solve` does, with the recipe's line."""
    siblings = [record(other) for other in outputs if other.name != output.name and _agree(output, other)]
    if env == "test":
        siblings.insert(0, record(output))
    platform = output.build_subdir if env == "build" else output.host_subdir
    with blame.requirement_lines(output, env, resolver=resolver):
        packages = resolver.solve(_specs(output, env), platform, env=env, siblings=siblings)
        # as conda-build's, the requirements of an output without a solution may be its siblings alone
        asked = re.search(r"no package (.+?)(?:,| is in| in the| for)", output.unsatisfied.get(env, ""))
        if asked and asked[1] not in _specs(output, env):
            raise Unsatisfiable(
                output.unsatisfied[env],
                requirements=[(env, asked[1])],
                hint="Loosen the requirement, or add the channel that has the package with -c; then render again.",
            )
        return packages


def record(output: Output) -> Resolved:
    """An output as a channel will tell of it."""
    return Resolved(
        name=output.name,
        version=output.version,
        build=output.build_string,
        build_number=output.build_number,
        subdir=output.subdir or output.host_subdir,
        noarch=output.noarch,
        depends=output.requirements.run,
        constrains=output.requirements.run_constrained,
        run_exports={kind: tuple(specs) for kind, specs in output.run_exports.items()},
    )


def _specs(output: Output, env: str) -> tuple[str, ...]:
    if env != "test":
        return tuple(getattr(output.requirements, env))
    from cbw_core import test

    if output.is_toplevel or output.package_type != "conda":
        return ()
    plan = test.plan_for(output)
    return plan.specs if plan.steps else ()


def _agree(one: Output, other: Output) -> bool:
    """Whether the variables that both use have the same values (conda_build.render._variants_match)."""
    shared = set(one.used_vars) & set(other.used_vars)
    return all(one.variant.get(k) == other.variant.get(k) for k in shared if k != "extend_keys")
