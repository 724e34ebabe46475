"""The ledger: what each phase took in, gave out and how it ended, in one JSON file written atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cbw_core.errors import Place, UsageError
from cbw_core.session.disk import jsonfile
from cbw_core.session.model import PHASES, Phase, State

VERSION = 2


@dataclass(frozen=True)
class PhaseRecord:
    """A phase as the ledger keeps it. inputs: name -> digest of what its last run took in. serial: how often it ran.
    touched: it began to change files and must start from a restored state next time."""

    state: State = State.PENDING
    seconds: float | None = None
    started: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    serial: int = 0
    touched: bool = False


@dataclass(frozen=True)
class Ledger:
    """A session on disk. kind: "recipe" or "package". target: the recipe's folder or the package's path.
    parent: the session that this one was made for (a sibling output's), else None.
    solved: dist of an output -> environment -> {"specs", "packages", "error"}, where all were solved first."""

    kind: str
    target: str
    config: Mapping[str, Any]
    started: str
    name: str
    toplevel: bool = False
    parent: str | None = None
    phases: Mapping[str, PhaseRecord] = field(default_factory=dict)
    solved: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, phase: Phase) -> PhaseRecord:
        return self.phases.get(phase.value, PhaseRecord())

    def with_phase(self, phase: Phase, **changes: Any) -> Ledger:
        return replace(self, phases={**self.phases, phase.value: replace(self[phase], **changes)})

    def has_run(self, phase: Phase) -> bool:
        """Whether a phase has been at work on the files."""
        record = self[phase]
        return record.state is not State.SKIPPED and (record.serial > 0 or record.state is not State.PENDING)

    def interrupted(self, phases: tuple[Phase, ...]) -> Ledger:
        """Those of the phases that have run as interrupted: their files are about to change."""
        running = {p.value: replace(self[p], state=State.INTERRUPTED) for p in phases if self.has_run(p)}
        return replace(self, phases={**self.phases, **running})

    def reset(self, phases: tuple[Phase, ...]) -> Ledger:
        """The phases as if never run; their serials go on, so that what stood on them knows."""
        fresh = {p.value: PhaseRecord(serial=self[p].serial, state=_at_rest(self[p].state)) for p in phases}
        return replace(self, phases={**self.phases, **fresh})


def _at_rest(state: State) -> State:
    return State.SKIPPED if state is State.SKIPPED else State.PENDING


def write(path: Path, ledger: Ledger) -> None:
    """Write the ledger; a reader sees the old one or the new one."""
    jsonfile.write(path, {"version": VERSION, **asdict(ledger)}, indent=1)


def read(path: Path) -> Ledger:
    """The ledger at `path`. UsageError(kind="session") when there is none or it cannot be understood."""
    try:
        data = json.loads(path.read_text())
        if data.pop("version") != VERSION:
            raise UsageError(
                f"{path} was written by another version of cbw",
                kind="session",
                hint="Use the cbw it was made with, or make a new session with `cbw debug`.",
            )
        known = {p.value for p in PHASES}
        data["phases"] = {
            name: PhaseRecord(**{**record, "state": State(record["state"])})
            for name, record in data["phases"].items()
            if name in known
        }
        return Ledger(**data)
    except FileNotFoundError:
        raise UsageError(
            f"{path.parent} is not a session: it has no ledger.json",
            kind="session",
            hint="`cbw sessions` lists the sessions there are; `cbw debug RECIPE` makes one.",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"the ledger of the session cannot be read: {error}",
            kind="session",
            place=Place(str(path)),
            hint="The file was damaged by something else than cbw. Make a new session with `cbw debug RECIPE`.",
        ) from error
