"""Whether an environment gets the packages that rendering said: for a test, and for benchmarks/agreement.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cbw_core.config import Config
from cbw_core.env import ChannelResolver
from cbw_core.errors import CbwError, EnvironmentFailure
from cbw_core.events import silent
from cbw_core.render.output import Output
from cbw_core.session import Plan, Session, create, plan, solving
from cbw_core.session.phases import env as env_phase
from cbw_core.session.running.runner import work_of


@dataclass(frozen=True)
class Compared:
    """One environment. how: "installed" (what conda-meta of the prefix has), "solved" (it needs outputs that are not
    built: only solved again), "refused" (rendering and env both say that there is no solution)."""

    output: str
    env: str
    how: str
    rendered: frozenset[str]
    found: frozenset[str]

    @property
    def agrees(self) -> bool:
        return self.rendered == self.found


def compare(recipe: Path, config: Config, environ: Mapping[str, str]) -> Iterator[Compared]:
    """Every build and host environment of a recipe's outputs. Raises what rendering raises."""
    made = plan(recipe, config, environ=environ)
    for output in made.outputs:
        if output.package_type != "conda":
            continue
        if output.unsatisfied:
            yield from _refused(output, made, config, environ)
        elif any(output.solved.values()):
            _pins_are_what_was_solved(output)
            session = create(made, output, config, environ=environ)
            yield from _solved(session, made) if session.needed_outputs else _installed(session)


def _pins_are_what_was_solved(output: Output) -> None:
    """The finalized requirements of an environment say its packages to the build."""
    for env, packages in output.solved.items():
        specs = {spec for spec in getattr(output.requirements, env) if len(spec.split()) == 3 and "*" not in spec}
        solved = {f"{p.name} {p.version} {p.build}" for p in packages}
        merged = output.merges_build_and_host or not output.has_host
        assert specs <= solved or merged, (output.dist, env, specs - solved)


def _installed(session: Session) -> Iterator[Compared]:
    output = session.output
    with session.working():
        env_phase.run(session, work_of(silent, None))
    prefixes = {"host": session.layout.host_prefix, "build": session.layout.build_prefix}
    solved = {env: {p.dist for p in packages} for env, packages in output.solved.items()}
    if output.merges_build_and_host:
        names = {p.name for p in output.solved.get("host", ())}
        extra = {p.dist for p in output.solved.get("build", ()) if p.name not in names}
        solved = {"host": solved.get("host", set()) | extra}
    for env, dists in solved.items():
        if dists:
            yield Compared(output.dist, env, "installed", frozenset(dists), _records(prefixes[env]))


def _records(prefix: Path) -> frozenset[str]:
    rows = (json.loads(file.read_bytes()) for file in (prefix / "conda-meta").glob("*.json"))
    return frozenset(f"{row['name']}-{row['version']}-{row['build']}" for row in rows)


def _solved(session: Session, made: Plan) -> Iterator[Compared]:
    output = session.output
    resolver = ChannelResolver(session.config, environ=session.environ)
    try:
        for env, packages in output.solved.items():
            if packages:
                again = solving.solve(output, env, made.outputs, resolver)
                dists = frozenset(p.dist for p in packages)
                yield Compared(output.dist, env, "solved", dists, frozenset(p.dist for p in again))
    finally:
        resolver.close()


def _refused(output: Output, made: Plan, config: Config, environ: Mapping[str, str]) -> Iterator[Compared]:
    resolver = ChannelResolver(config, environ=environ)
    said = frozenset(["no solution"])
    for env in output.unsatisfied:
        try:
            found = frozenset(p.dist for p in solving.solve(output, env, made.outputs, resolver))
        except EnvironmentFailure as error:
            found = said if error.place is not None else frozenset(["no solution, without a line"])
        except CbwError as error:
            found = frozenset([error.message])
        yield Compared(output.dist, env, "refused", said, found)
    resolver.close()
