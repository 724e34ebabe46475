"""What a phase is given to do its work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cbw_core.events import Sink
from cbw_core.process import Cancel
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase, PhaseStatus


class Runner(Protocol):
    """What runs phases. A phase may need another session brought on, and yet knows none of what runs it."""

    def run(self, session: SessionFolder, upto: Phase, work: Work) -> Sequence[PhaseStatus]: ...

    def rerun(self, session: SessionFolder, phase: Phase, work: Work) -> PhaseStatus: ...


@dataclass(frozen=True)
class Work:
    """sink: told of what happens. cancel: asked whether to stop."""

    sink: Sink
    cancel: Cancel
    runner: Runner

    def run(self, session: SessionFolder, upto: Phase) -> Sequence[PhaseStatus]:
        """Run what is not done of another session, up to and with `upto`; the phases that ran."""
        return self.runner.run(session, upto, self)

    def rerun(self, session: SessionFolder, phase: Phase) -> PhaseStatus:
        """Run a phase of another session again."""
        return self.runner.rerun(session, phase, self)
