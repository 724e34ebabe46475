"""The words of a session: phases, their states and what the ledger keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """The phases of a build, in order."""

    RENDER = "render"
    SOURCE = "source"
    ENV = "env"
    BUILD = "build"
    POST = "post"
    PACKAGE = "package"
    TEST = "test"

    @property
    def number(self) -> int:
        return PHASES.index(self)

    def before(self) -> tuple[Phase, ...]:
        return PHASES[: self.number]

    def after(self) -> tuple[Phase, ...]:
        return PHASES[self.number + 1 :]


PHASES: tuple[Phase, ...] = tuple(Phase)


class State(StrEnum):
    """How a phase stands. Stale: it was done, but what it took in has changed since."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STALE = "stale"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class PhaseStatus:
    """A phase as it stands now. seconds: of its last run. why_stale: the names of the inputs that changed.
    error: CbwError.to_json() of a failed or interrupted one. result: what it gave out, JSON-able."""

    phase: Phase
    state: State
    seconds: float | None = None
    started: str | None = None
    why_stale: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    log: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionStatus:
    """A session as it stands now. paths: "root", "work", "host_prefix", "build_prefix", "test_prefix", "env_file",
    "build_file", "test_runner", "ledger", "events", "logs", "package" (when made) -> absolute path.
    env_changes: what a person changed in the environments ("host: added zlib 1.3"), in order.
    owed: clean runs of scripts that went on with edits, a sentence each."""

    root: str
    recipe: str
    output: str
    phases: tuple[PhaseStatus, ...]
    paths: Mapping[str, str]
    channels: tuple[str, ...] = ()
    variant: Mapping[str, Any] = field(default_factory=dict)
    activation: str = ""
    env_changes: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()

    def __getitem__(self, phase: Phase | str) -> PhaseStatus:
        return self.phases[Phase(phase).number]

    @property
    def next_phase(self) -> Phase | None:
        """The first phase that is not done or skipped; None when all are."""
        return next((p.phase for p in self.phases if p.state not in (State.DONE, State.SKIPPED)), None)
