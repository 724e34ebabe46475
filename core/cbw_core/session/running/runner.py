"""Phases run, run again and undone, each held against how the session stands: what `Session` does, for any folder."""

from __future__ import annotations

from collections.abc import Sequence

from cbw_core.errors import CbwError, UsageError
from cbw_core.events import Sink
from cbw_core.process import Cancel
from cbw_core.session import phases
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase, PhaseStatus, SessionStatus, State
from cbw_core.session.phases import test
from cbw_core.session.phases.work import Work
from cbw_core.session.running.journal import Journal
from cbw_core.session.running.performing import perform
from cbw_core.session.running.status import look_at
from cbw_core.test import TestPlan

_SETTLED = (State.DONE, State.SKIPPED)


def step(session: SessionFolder, work: Work) -> PhaseStatus | None:
    """As Session.step tells."""
    phase = _status(session).next_phase
    return None if phase is None else perform(session, phase, work)


def run(session: SessionFolder, upto: Phase, work: Work) -> tuple[PhaseStatus, ...]:
    """As Session.run tells."""
    ran: list[PhaseStatus] = []
    status = _status(session)
    for phase in (*upto.before(), upto):
        if status[phase].state not in _SETTLED:
            ran.append(perform(session, phase, work))
            status = _status(session)
    return tuple(ran)


def rerun(session: SessionFolder, phase: Phase, work: Work) -> PhaseStatus:
    """As Session.rerun tells."""
    status = _status(session)
    if status[phase].state is State.SKIPPED:
        raise UsageError(f"this session has no {phase} phase", kind="session", hint="`cbw status` shows its phases.")
    missing = [p for p in phase.before() if status[p].state not in (*_SETTLED, State.STALE)]
    if missing:
        raise UsageError(
            f"cannot run {phase} again: {missing[0]} is {status[missing[0]].state}",
            kind="session",
            hint=f"`cbw run {phase}` runs what is not done, and then {phase}.",
        )
    return perform(session, phase, work)


def rewind(session: SessionFolder, phase: Phase, work: Work) -> None:
    """As Session.rewind tells."""
    undone = (phase, *phase.after())
    with session.working():
        book = session.ledger
        session.save(book.interrupted(undone))  # so that one that dies on the way leaves none as done
        for later in reversed(undone):
            if book.has_run(later):
                phases.CODE[later].undo(session, work, phase)
        session.save(session.ledger.reset(undone))


def prepare_test(session: SessionFolder, work: Work) -> TestPlan:
    """As Session.prepare_test tells."""
    if not session.is_package:
        run(session, Phase.PACKAGE, work)
    with session.working():
        return test.prepare(session, work)


def run_tests(session: SessionFolder, numbers: Sequence[int], work: Work) -> None:
    """As Session.run_tests tells."""
    if not session.is_package:
        run(session, Phase.PACKAGE, work)
    try:
        with session.working(), Journal(session.layout, Phase.TEST, work.sink) as journal:
            test.run_steps(session, numbers, work_of(journal, work.cancel))
    except CbwError as error:
        error.phase = error.phase or Phase.TEST.value
        raise


def _status(session: SessionFolder) -> SessionStatus:
    return look_at(session).status(session)


class _Runner:
    """The functions above, as phases are given them."""

    run = staticmethod(run)
    rerun = staticmethod(rerun)


def work_of(sink: Sink, cancel: Cancel | None) -> Work:
    """What phases are run with, for a caller who has a sink and perhaps a Cancel."""
    return Work(sink, cancel or Cancel(), _Runner())
