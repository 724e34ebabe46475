"""One phase performed: the ledger and the journal know of it from its beginning to its end, however that comes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cbw_core.errors import BuildError, CbwError, Interrupted, from_os_error
from cbw_core.events import PhaseEnded, PhaseStarted
from cbw_core.session import phases
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase, PhaseStatus, State
from cbw_core.session.phases.work import Work
from cbw_core.session.running.journal import Journal
from cbw_core.session.running.resources import Meter
from cbw_core.session.running.status import current_inputs, look_at


def perform(session: SessionFolder, phase: Phase, work: Work) -> PhaseStatus:
    """Run one phase. Raises its CbwError after the ledger has it; UsageError("session-busy") when another does one."""
    with session.working(), Journal(session.layout, phase, work.sink) as journal:
        serial = session.ledger[phase].serial + 1
        started = datetime.now(UTC).isoformat(timespec="seconds")
        session.record(phase, state=State.RUNNING, started=started, error=None, serial=serial, inputs={}, seconds=None)
        name = "TOPLEVEL" if session.output.is_toplevel else session.output.dist
        journal(PhaseStarted(phase, name, str(session.root)))
        ending, meter = _Ending(session, phase, journal, name), Meter(journal)
        try:
            result = _call(session, phase, replace(work, sink=meter))
        except CbwError as error:
            error.phase = error.phase or phase.value
            ending.failed(error)
            raise
        except Exception as error:  # a bug of ours: the ledger must not say that the phase still runs
            ending.failed(BuildError(f"a bug in cbw: {error!r}", kind="bug", phase=phase.value))
            raise
        ending.done(result, meter)
    return look_at(session).status(session)[phase]


def _call(session: SessionFolder, phase: Phase, work: Work) -> Mapping[str, Any]:
    try:
        work.cancel.check()
        return phases.CODE[phase].run(session, work)
    except KeyboardInterrupt:
        raise Interrupted(f"{phase} was interrupted", hint=f"`cbw run {phase}` goes on.") from None
    except OSError as error:
        raise from_os_error(error, f"the {phase} phase") from error


class _Ending:
    """The end of a phase, told to the ledger and the journal."""

    def __init__(self, session: SessionFolder, phase: Phase, journal: Journal, name: str) -> None:
        self._session, self._phase, self._journal, self._name = session, phase, journal, name
        self._begun = time.monotonic()

    def done(self, result: Mapping[str, Any], meter: Meter) -> None:
        used = meter.figures(self._phase, self._session.layout, time.monotonic() - self._begun)
        result = {**result, "resources": used} if used else result
        # after the run: only then are the files that rendering reads and the packages of siblings known
        self._session.record(self._phase, result=result)
        inputs = current_inputs(self._session, look_at(self._session), self._session.ledger, self._phase)
        self._tell(State.DONE, None, inputs=inputs)

    def failed(self, error: CbwError) -> None:
        self._tell(State.INTERRUPTED if isinstance(error, Interrupted) else State.FAILED, error.to_json())

    def _tell(self, state: State, error: dict[str, Any] | None, **changes: Any) -> None:
        seconds = round(time.monotonic() - self._begun, 3)
        self._session.record(self._phase, state=state, seconds=seconds, error=error, **changes)
        session = str(self._session.root)
        self._journal(PhaseEnded(self._phase, self._name, state, seconds, session, error))
