"""A whole recipe, as `cbw build` does it: every output in build order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cbw_core.config import Config
from cbw_core.errors import UsageError
from cbw_core.events import Note, Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.session.model import Phase, State
from cbw_core.session.planning import Plan
from cbw_core.session.session import Session
from cbw_core.session.store import create, last_session

if TYPE_CHECKING:
    from cbw_core.trace import Debugger


def build_recipe(
    plan: Plan,
    config: Config,
    *,
    outputs: Sequence[Output] | None = None,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    until: Phase = Phase.TEST,
    environ: Mapping[str, str] | None = None,
    dirty: bool = False,
    debugger: Debugger | None = None,
) -> tuple[Session, ...]:
    """Run every output's phases up to `until`, in one group of sessions; returns them. Raises the first CbwError.

    dirty: go on in the recipe's last sessions, where they are of the same outputs: sources and environments stay, the
    script runs in the work folder and prefix as it left them. debugger: what stops or records their scripts.
    """
    wanted = list(plan.outputs if outputs is None else outputs)
    if not wanted:
        return ()
    head = _earlier(plan, wanted, config, environ) if dirty else None
    if head is None:
        if dirty:
            sink(Note("no earlier session has these outputs: everything is built", "info"))
        head = create(plan, wanted[0], config, label=wanted[0].name, environ=environ)
        dirty = False
    made = []
    for output in wanted:
        session = head.for_output(output)
        session.debugger = debugger
        if dirty:
            _go_on(session, until, sink, cancel)
        else:
            session.run(until, sink=sink, cancel=cancel)
        made.append(session)
    return tuple(made)


def _earlier(plan: Plan, wanted: Sequence[Output], config: Config, environ: Mapping[str, str] | None) -> Session | None:
    """The recipe's last session, where it is of all these outputs."""
    try:
        head = last_session(config, plan.recipe, environ=environ).head
    except UsageError:
        return None
    known = {output.dist for output in head.rendering.outputs}
    return head if known.issuperset(output.dist for output in wanted) else None


def _go_on(session: Session, until: Phase, sink: Sink, cancel: Cancel | None) -> None:
    """The phases from build on, whatever changed before them; what was never made is made first."""
    session.dirty = True
    status = session.status()
    if any(status[phase].state not in (State.DONE, State.STALE) for phase in Phase.BUILD.before()):
        session.run(until, sink=sink, cancel=cancel)
        return
    for phase in (Phase.BUILD, *Phase.BUILD.after()):
        if phase in (*until.before(), until):
            session.rerun(phase, sink=sink, cancel=cancel)
