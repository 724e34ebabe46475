"""The environments of a session: what is in them now, or what would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core import env, inspect, test
from cbw_core.errors import UsageError
from cbw_core.events import Note, Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved
from cbw_core.session import blame, solving
from cbw_core.session.changes import live
from cbw_core.session.model import Phase, State
from cbw_core.session.session import Session
from cbw_core.test.packaged import read_info, record_of

if TYPE_CHECKING:
    from cbw_core.inspect import Asked, Environment


def environment_of(session: Session, name: str, *, sink: Sink = silent, cancel: Cancel | None = None) -> Environment:
    """One of "build", "host", "run", "test", with why its packages are there: read from the prefix where it is
    installed, else as rendering solved it, else solved now. Raises what solving raises; UsageError for an environment
    that this session has not."""
    _refuse(session, name)
    output, prefix = session.output, prefix_of(session, name)
    installed = prefix is not None and _is_whole(prefix)
    packages = env.packages_of(prefix) if installed and prefix else wanted(session, name, sink=sink, cancel=cancel)
    return inspect.environment(
        name,
        output,
        packages,
        prefix=str(prefix or ""),
        installed=installed,
        asked=_asked(session, name),
        edited=env.edited_files(prefix) if installed and prefix else (),
        remarks=_remarks(session, name, installed),
    )


def prefix_of(session: Session, name: str) -> Path | None:
    """The folder of an environment; None for "run", which is never made."""
    layout = session.layout
    return {"build": layout.build_prefix, "host": layout.host_prefix, "test": layout.test_prefix}.get(name)


def wanted(
    session: Session, name: str, *, sink: Sink = silent, cancel: Cancel | None = None, changed: bool = True
) -> tuple[Resolved, ...]:
    """The packages that an environment is to have, with the changes a person made to it (without: changed=False)."""
    base = _base(session, name, sink, cancel)
    return live.applied(session, name, base, sink=sink, cancel=cancel) if changed else base


def _base(session: Session, name: str, sink: Sink, cancel: Cancel | None) -> tuple[Resolved, ...]:
    output = session.output
    if name in ("build", "host") and output.final:
        host, build = output.solved.get("host", ()), output.solved.get("build", ())
        if not output.merges_build_and_host:
            return tuple(output.solved.get(name, ()))
        names = {package.name for package in host}
        return (*host, *(package for package in build if package.name not in names)) if name == "host" else ()
    config = session.config
    if session.is_package:  # the packages beside it are found, as when it is tested
        config = replace(config, channels=(*config.channels, str(session.recipe.parent.parent)))
    resolver = env.ChannelResolver(config, sink=sink, cancel=cancel, environ=session.environ)
    try:
        return _solved(session, name, resolver)
    finally:
        resolver.close()


def _solved(session: Session, name: str, resolver: env.ChannelResolver) -> tuple[Resolved, ...]:
    """An environment that nobody has solved yet; outputs of the recipe stand for what no channel has."""
    output = session.output
    if session.is_package:
        record = record_of(read_info(session.package))
        specs = test.plan_of_package(session.package).specs
        return resolver.solve(specs, output.host_subdir, env=name, siblings=(record,))
    outputs = session.rendering.outputs
    if name != "run":
        return solving.solve(output, name, outputs, resolver)
    others = [solving.record(other) for other in outputs if other.name != output.name]
    with blame.requirement_lines(output, name, resolver=resolver):
        return resolver.solve(output.requirements.run, output.host_subdir, env=name, siblings=others)


def _asked(session: Session, name: str) -> tuple[Asked, ...]:
    found = list(inspect.asked_of(session.output, name, solved=session.output.solved))
    for change in live.read(session).of(name):
        if change.op == "add":
            found += [inspect.Asked(spec, "env add") for spec in change.specs]
        elif change.op == "use":
            found = [inspect.Asked(package.name, "lock", by=change.file) for package in change.packages]
    return tuple(found)


def _is_whole(prefix: Path) -> bool:
    return env.changes(prefix) is not None


def _refuse(session: Session, name: str) -> None:
    if name not in inspect.ENVIRONMENTS:
        raise UsageError(f"there is no environment {name!r}", hint=f"One of {', '.join(inspect.ENVIRONMENTS)}.")
    if session.is_package and name != "test":
        raise UsageError(
            f"the session of a package has no {name} environment", kind="inspect", hint="`cbw inspect env test`"
        )


def _remarks(session: Session, name: str, installed: bool) -> list[str]:
    output, remarks = session.output, []
    if name == "build" and output.merges_build_and_host:
        remarks.append("build and host are one environment: `cbw inspect env host` shows it")
    phase = session.status()[Phase.TEST if name == "test" else Phase.ENV]
    if installed and phase.state is State.STALE:
        remarks.append(f"{phase.phase} is stale ({', '.join(phase.why_stale)}): it will be made anew")
    remarks += [f"changed by hand: {change}" for change in live.read(session).of(name)]
    return remarks


def change_environment(
    session: Session, change: live.Change, *, sink: Sink = silent, cancel: Cancel | None = None
) -> live.Change:
    """Make a change to an environment and keep it; returns it as it was made. An environment that is there is
    made anew at once, another when its phase runs. Nothing is kept of a change that has no solution."""
    if change.env == "run":
        raise UsageError("the run environment is never made", hint="Change the host or the test environment.")
    _refuse(session, change.env)
    if change.env == "build" and session.output.merges_build_and_host:
        change = replace(change, env="host")
        sink(Note("build and host are one environment here: the change is made to host", phase=Phase.ENV))
    base = wanted(session, change.env, sink=sink, cancel=cancel, changed=False)
    after = live.changed_by(session, change, base, sink, cancel)
    with session.working():
        live.write(session, after)
    remake(session, change.env, sink=sink, cancel=cancel)
    return change


def remake(session: Session, name: str, *, sink: Sink = silent, cancel: Cancel | None = None) -> None:
    """Make an environment again where it is there already."""
    status = session.status()
    if name == "test":
        made = status[Phase.PACKAGE].state in (State.DONE, State.SKIPPED)
        if session.layout.test_prefix.is_dir() and made:
            session.prepare_test(sink=sink, cancel=cancel)
    elif session.ledger.has_run(Phase.ENV) and status[Phase.SOURCE].state in (State.DONE, State.STALE):
        session.rerun(Phase.ENV, sink=sink, cancel=cancel)


def reset_environments(
    session: Session, names: Sequence[str], *, sink: Sink = silent, cancel: Cancel | None = None
) -> None:
    """Take back all changes made to some environments, and make those again that are there."""
    found = live.read(session)
    changed = [name for name in names if found.of(name)]
    with session.working():
        live.write(session, replace(found, changes=tuple(c for c in found.changes if c.env not in names)))
    for name in changed:
        remake(session, name, sink=sink, cancel=cancel)
