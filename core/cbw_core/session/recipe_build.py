"""A whole recipe, as `cbw build` does it: every output in build order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cbw_core.config import Config
from cbw_core.events import Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.session.model import Phase
from cbw_core.session.plan import Plan
from cbw_core.session.session import Session
from cbw_core.session.store import create


def build_recipe(
    plan: Plan,
    config: Config,
    *,
    outputs: Sequence[Output] | None = None,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    until: Phase = Phase.TEST,
    environ: Mapping[str, str] | None = None,
) -> tuple[Session, ...]:
    """Run every output's phases up to `until`, in one group of sessions; returns them. Raises the first CbwError."""
    wanted = list(plan.outputs if outputs is None else outputs)
    if not wanted:
        return ()
    head = create(plan, wanted[0], config, label=wanted[0].name, environ=environ)
    made = []
    for output in wanted:
        session = head.for_output(output)
        session.run(until, sink=sink, cancel=cancel)
        made.append(session)
    return tuple(made)
