"""render: the recipe and its variants become outputs; this session keeps its own one of them."""

from __future__ import annotations

from typing import Any

from cbw_core.events import Note, Sink
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.session import rendering
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase
from cbw_core.session.phases.work import Work


def inputs(session: SessionFolder, look: Look) -> dict[str, str]:
    return {} if session.is_package else inputs_now(session)


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    parent = session.parent
    if parent is not None:
        had = session.rendering.choosing(None)
        ran = work.run(parent, Phase.RENDER)
        # it has this one already, and is to make it again; who is helped holds the parent, and has seen to it
        if not ran and not session.helping and parent.rendering.choosing(None) == had:
            work.rerun(parent, Phase.RENDER)
        fresh = parent.rendering
    else:
        fresh = rendering.render(
            session.recipe, session.config, sink=work.sink, cancel=work.cancel, environ=session.environ
        )
    before = session.output
    output = rendering.again(fresh, before)
    _tell_of_another_variant(before, output, work.sink)
    session.keep_rendering(fresh, output)
    return {"dist": output.dist}


def take_in(session: SessionFolder, work: Work) -> None:
    """What ran went on with lines of the recipe as it is now: when the next phase renders, they are no others."""
    if inputs_now(session) != session.ledger[Phase.RENDER].inputs:
        result = run(session, work)
        session.record(Phase.RENDER, result=result, inputs=inputs_now(session))


def inputs_now(session: SessionFolder) -> dict[str, str]:
    return rendering.inputs(session.rendering, session.ledger.config)


def _tell_of_another_variant(before: Output, now: Output, sink: Sink) -> None:
    """A session whose variant the recipe no longer makes goes on with the nearest one: that must not go unseen."""
    names = sorted(set(before.used_vars) & set(now.used_vars))
    pairs = [(name, before.variant.get(name), now.variant.get(name)) for name in names]
    differ = ", ".join(f"{name} {old} is now {new}" for name, old, new in pairs if old != new)
    if differ:
        sink(Note(f"{now.name} is of another variant: {differ}", level="warning", phase=Phase.RENDER))


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    """Rendering changes no file but its own; the last one stays, so that the session still knows its output."""


def now(session: SessionFolder, sink: Sink) -> Output:
    """The output as its recipe makes it now, without anything being kept."""
    fresh = rendering.render(session.head.recipe, session.config, sink=sink, cancel=Cancel(), environ=session.environ)
    return rendering.again(fresh, session.output)
