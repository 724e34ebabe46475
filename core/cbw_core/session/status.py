"""How the phases stand: what the ledger says, held against what is on disk now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cbw_core.session.ledger import Ledger, PhaseRecord
from cbw_core.session.look import Look
from cbw_core.session.model import PHASES, Phase, PhaseStatus, State

if TYPE_CHECKING:
    from cbw_core.session.session import Session


def current_inputs(session: Session, look: Look, book: Ledger, phase: Phase) -> Mapping[str, str]:
    """What the phase would take in now: name -> digest, with the runs it stands on."""
    from cbw_core.session.phases import CODE

    code = CODE[phase]
    return {**code.inputs(session, look), **{f"{p} phase": str(book[p].serial) for p in code.stands_on}}


def phase_statuses(session: Session, look: Look, book: Ledger, *, locked: bool) -> tuple[PhaseStatus, ...]:
    """All phases. A phase whose inputs changed is stale, and so are those that stand on it; only render's staleness
    does not spread: what it means for the others is known when it has run."""
    from cbw_core.session.phases import CODE

    found: dict[Phase, PhaseStatus] = {}
    for phase in PHASES:
        record = book[phase]
        state, why = _state(session, look, book, phase, record, locked)
        if state is State.DONE:
            shaky = [p for p in CODE[phase].stands_on if found[p].state not in (State.DONE, State.SKIPPED)]
            if shaky:
                state, why = State.STALE, tuple(f"{p} is {found[p].state}" for p in shaky)
        found[phase] = PhaseStatus(
            phase=phase,
            state=state,
            seconds=record.seconds,
            started=record.started,
            why_stale=why,
            error=record.error,
            log=str(session.layout.log(phase)),
            result=record.result,
        )
    return tuple(found[p] for p in PHASES)


def _state(
    session: Session, look: Look, book: Ledger, phase: Phase, record: PhaseRecord, locked: bool
) -> tuple[State, tuple[str, ...]]:
    if record.state is State.RUNNING and not locked:
        return State.INTERRUPTED, ()
    if record.state is not State.DONE:
        return record.state, ()
    now = current_inputs(session, look, book, phase)
    differ = sorted(name for name in {*now, *record.inputs} if now.get(name) != record.inputs.get(name))
    return (State.STALE, tuple(differ)) if differ else (State.DONE, ())
