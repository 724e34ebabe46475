"""How the phases stand: what the ledger says, held against what is on disk now."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from cbw_core.session.changes import edited_runs, live
from cbw_core.session.disk import locks
from cbw_core.session.folder import SessionFolder
from cbw_core.session.ledger import Ledger, PhaseRecord
from cbw_core.session.look import Look
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_core.session.phases import CODE


def look_at(session: SessionFolder) -> Look:
    """All sessions of the recipe, to be asked how they stand."""
    return Look(session.head, status_of)


def status_of(session: SessionFolder, look: Look) -> SessionStatus:
    """How every phase stands now. Reads files only. look: what was already seen of the recipe's other outputs."""
    book, layout, output = session.ledger, session.layout, session.output
    paths = {
        "root": session.root, "work": layout.work, "host_prefix": layout.host_prefix,
        "build_prefix": layout.build_prefix, "test_prefix": layout.test_prefix, "env_file": layout.env_file,
        "build_file": layout.build_file, "test_env_file": layout.test_env_file, "test_runner": layout.test_runner,
        "ledger": layout.ledger, "events": layout.events, "logs": layout.logs,
    }  # fmt: skip
    made = book[Phase.PACKAGE].result.get("package")
    return SessionStatus(
        root=str(session.root),
        recipe=str(session.recipe),
        output="TOPLEVEL" if output.is_toplevel else output.dist,
        phases=_phase_statuses(session, look, book, locked=locks.is_held(session.root)),
        paths={**{k: str(v) for k, v in paths.items()}, **({"package": made} if made else {})},
        channels=session.config.channels,
        variant={k: output.variant.get(k) for k in output.used_vars},
        activation=f"cd {shlex.quote(str(layout.work))} && source {shlex.quote(str(layout.env_file))}",
        env_changes=tuple(f"{change.env}: {change}" for change in live.read(session).changes),
        owed=edited_runs.owed(session),
    )


def current_inputs(session: SessionFolder, look: Look, book: Ledger, phase: Phase) -> Mapping[str, str]:
    """What the phase would take in now: name -> digest, with the runs it stands on."""
    code = CODE[phase]
    return {**code.inputs(session, look), **{f"{p} phase": str(book[p].serial) for p in code.stands_on}}


def _phase_statuses(session: SessionFolder, look: Look, book: Ledger, *, locked: bool) -> tuple[PhaseStatus, ...]:
    """All phases. A phase whose inputs changed is stale, and so are those that stand on it; only render's staleness
    does not spread: what it means for the others is known when it has run."""
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
    session: SessionFolder, look: Look, book: Ledger, phase: Phase, record: PhaseRecord, locked: bool
) -> tuple[State, tuple[str, ...]]:
    if record.state is State.RUNNING and not locked:
        return State.INTERRUPTED, ()
    if record.state is not State.DONE:
        return record.state, ()
    now = current_inputs(session, look, book, phase)
    differ = sorted(name for name in {*now, *record.inputs} if now.get(name) != record.inputs.get(name))
    return (State.STALE, tuple(differ)) if differ else (State.DONE, ())
