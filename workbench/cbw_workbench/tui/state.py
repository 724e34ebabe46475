"""What the screen shows, as frozen data, and the pure functions that bring it on: state + what happened -> state.

Nothing here knows Textual. Widgets read a `WorkbenchState`; only the app replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cbw_core.events import (
    Event,
    LogLine,
    Note,
    PhaseEnded,
    PhaseStarted,
    Progress,
    Resumed,
    Stopped,
    TraceEnded,
)
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_core.trace.under_way import UnderWay
from cbw_workbench.tui.standing import NOT_LOOKED, Looked

HISTORY_KEPT = 200


@dataclass(frozen=True)
class Cursor:
    """The selected cell: `row` counts outputs from 0."""

    row: int = 0
    phase: Phase = Phase.RENDER


@dataclass(frozen=True)
class LogKey:
    """Whose log: a session folder (or, before it exists, an output) and a phase."""

    session: str = ""
    phase: str = ""


# what a command says outside any phase (`!git diff`)
COMMAND_LOG = LogKey("", "command")


@dataclass(frozen=True)
class Job:
    """A command line at work. `long`: it runs phases; one at a time. `since`: a monotonic clock's seconds."""

    number: int
    line: str
    long: bool
    since: float
    cancelling: bool = False


@dataclass(frozen=True)
class Running:
    """The phase at work."""

    key: LogKey
    output: str
    phase: Phase
    since: float


@dataclass(frozen=True)
class ErrorView:
    """A failure as the error panel shows it: the fields of CbwError.to_json(), none of them None but `line`."""

    message: str
    kind: str = ""
    phase: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    text: str = ""
    why: str = ""
    hint: str = ""
    details: str = ""

    @property
    def where(self) -> str:
        return ":".join(str(part) for part in (self.file or None, self.line, self.column) if part is not None)


@dataclass(frozen=True)
class Ran:
    """A command that ended: what the command log and the results pane show. `asks`: its result is what it is for."""

    number: int
    line: str
    seconds: float
    status: int = 0
    long: bool = False
    asks: bool = False
    value: object | None = None
    error: ErrorView | None = None


@dataclass(frozen=True)
class WorkbenchState:
    """All that the screens show.

    rows:     an entry per output, in build order. current: the root of the session that commands work on.
    follow:   the cursor goes with the running phase, until the person moves it.
    home:     the session folder and output that the cursor was on when the running command began.
    jobs:     commands at work; ran: those that ended, oldest first.
    aside:    the log to show is that of a command which says something outside any phase.
    revision: grows with every log line. clock: monotonic seconds, for what is running.
    edited:   grows when a file of the recipe was seen to change.
    standing: where a script stands that the debugger stopped; looked: what was found there. stood: the stop it went on
              from just now, so that a short step does not let all that is shown of it flicker.
    under_way: the command that a recorded script began last, while it runs.
    """

    rows: tuple[SessionStatus, ...] = ()
    current: str = ""
    cursor: Cursor = Cursor()
    follow: bool = True
    home: tuple[str, str] = ("", "")
    jobs: tuple[Job, ...] = ()
    running: Running | None = None
    progress: Progress | None = None
    failure: ErrorView | None = None
    ran: tuple[Ran, ...] = ()
    notice: str = ""
    aside: bool = False
    revision: int = 0
    clock: float = 0.0
    quitting: bool = False
    edited: int = 0
    standing: Stopped | None = None
    stood: Stopped | None = None
    looked: Looked = NOT_LOOKED
    under_way: UnderWay | None = None

    @property
    def row(self) -> SessionStatus | None:
        """The selected output."""
        return self.rows[self.cursor.row] if self.cursor.row < len(self.rows) else None

    @property
    def phase(self) -> PhaseStatus | None:
        """The selected phase of the selected output."""
        return self.row[self.cursor.phase] if self.row else None

    @property
    def job(self) -> Job | None:
        """The long command at work, else the newest short one."""
        return next((job for job in self.jobs if job.long), self.jobs[-1] if self.jobs else None)

    @property
    def at(self) -> Stopped | None:
        """The stop to show."""
        return self.standing or self.stood

    @property
    def busy(self) -> bool:
        """Whether a command that runs phases is at work."""
        return any(job.long for job in self.jobs)

    @property
    def last(self) -> Ran | None:
        return self.ran[-1] if self.ran else None


# --- what happened ---------------------------------------------------------------------------------------------------


def with_rows(state: WorkbenchState, rows: Sequence[SessionStatus], current: str) -> WorkbenchState:
    """The statuses as just read. The cursor stays with its output, unless another session became the current one."""
    rows = tuple(rows)
    kept = state.row.output if state.row else ""
    here = next((i for i, s in enumerate(rows) if s.root == current), 0)
    row = here if current != state.current else next((i for i, s in enumerate(rows) if s.output == kept), here)
    phase = state.cursor.phase
    if not state.rows or (current != state.current and state.running is None and rows[row:]):
        phase = _telling_phase(rows[row]) if rows else Phase.RENDER
    state = replace(state, rows=rows, current=current, cursor=Cursor(row, phase))
    if state.running is not None:  # the ledger may be a moment behind the events
        state = _with_phase(state, state.running.key.session, state.running.output, state.running.phase, State.RUNNING)
    return state


def select(state: WorkbenchState, row: int, phase: Phase) -> WorkbenchState:
    """The person chose a cell: the cursor no longer follows the running phase."""
    row = max(0, min(row, len(state.rows) - 1))
    return replace(state, cursor=Cursor(row, phase), follow=False, aside=False, failure=None)


def started(state: WorkbenchState, job: Job) -> WorkbenchState:
    state = replace(state, jobs=(*state.jobs, job), clock=job.since, notice="")
    if not job.long:
        return state
    home = (state.row.root, state.row.output) if state.row else ("", "")
    return replace(state, follow=True, home=home, failure=None, progress=None, aside=False)


def ended(state: WorkbenchState, ran: Ran) -> WorkbenchState:
    jobs = tuple(job for job in state.jobs if job.number != ran.number)
    state = replace(state, jobs=jobs, ran=(*state.ran, ran)[-HISTORY_KEPT:])
    if ran.long and state.standing is None:
        state = replace(state, running=None, progress=None)
    if ran.error is not None:
        return replace(state, failure=ran.error)
    return _back_home(state) if ran.long and state.follow else state


def _back_home(state: WorkbenchState) -> WorkbenchState:
    """The cursor on the output that the command was about: others it needed may have run last."""
    row = _row_of(state, *state.home)
    if row is None or row == state.cursor.row:
        return state
    return replace(state, cursor=Cursor(row, _telling_phase(state.rows[row])))


def cancelling(state: WorkbenchState) -> WorkbenchState:
    return replace(state, jobs=tuple(replace(job, cancelling=True) if job.long else job for job in state.jobs))


def happened(state: WorkbenchState, events: Iterable[Event], now: float) -> WorkbenchState:
    """Events of the engine, in order. Log lines are counted here only; their text is kept in a `LogBook`."""
    lines = 0
    for event in events:
        if isinstance(event, LogLine):
            lines += 1
            if state.running is None and not state.aside:
                state = replace(state, aside=True)
        elif isinstance(event, Progress):
            state = replace(state, progress=None if event.finished else event)
        elif isinstance(event, PhaseStarted):
            state = _phase_started(state, event, now)
            lines += 1  # the log begins anew
        elif isinstance(event, PhaseEnded):
            state = _phase_ended(state, event)
            lines += 1  # the log tells of it
        elif isinstance(event, Note):
            lines += 1
            state = replace(state, notice=event.text) if event.level != "info" else state
        elif isinstance(event, Stopped):
            state = replace(state, standing=event, stood=None, under_way=None)
            lines += 1
        elif isinstance(event, Resumed):
            state = replace(state, stood=state.standing, standing=None, under_way=None)
        elif isinstance(event, TraceEnded):
            state = replace(state, standing=None, stood=None, under_way=None)
    return replace(state, revision=state.revision + lines, clock=now)


def looked_at(state: WorkbenchState, looked: Looked) -> WorkbenchState:
    """A look at the script: what it did not ask about is as it was."""
    before = state.looked
    same = looked.serial == before.serial and looked.script == before.script
    spent = looked.spent if looked.spent is not None else before.spent
    closer = any(one.line for one in looked.made or ())
    made = before.made if same and before.made and not closer else looked.made
    return replace(state, looked=replace(looked, spent=spent, made=made))


def _phase_started(state: WorkbenchState, event: PhaseStarted, now: float) -> WorkbenchState:
    phase = Phase(event.phase)
    running = Running(LogKey(event.session or event.output, phase.value), event.output, phase, now)
    state = _with_phase(state, event.session, event.output, phase, State.RUNNING)
    looked = replace(state.looked, spent=None, made=None)
    state = replace(state, running=running, progress=None, aside=False, looked=looked)
    row = _row_of(state, event.session, event.output)
    if state.follow and row is not None:
        state = replace(state, cursor=Cursor(row, phase))
    return state


def _phase_ended(state: WorkbenchState, event: PhaseEnded) -> WorkbenchState:
    state = _with_phase(
        state, event.session, event.output, Phase(event.phase), State(event.state), event.seconds, event.error
    )
    return replace(state, running=None, progress=None, standing=None, stood=None)


def _row_of(state: WorkbenchState, session: str, output: str) -> int | None:
    by_root = (i for i, s in enumerate(state.rows) if session and s.root == session)
    by_name = (i for i, s in enumerate(state.rows) if s.output == output)
    return next(by_root, next(by_name, None))


def _with_phase(
    state: WorkbenchState,
    session: str,
    output: str,
    phase: Phase,
    new: State,
    seconds: float | None = None,
    error: Mapping[str, Any] | None = None,
) -> WorkbenchState:
    row = _row_of(state, session, output)
    if row is None:
        return state
    status = state.rows[row]
    changed = replace(status[phase], state=new, seconds=seconds, error=error, why_stale=())
    phases = tuple(changed if p.phase is phase else p for p in status.phases)
    rows = (*state.rows[:row], replace(status, phases=phases, root=session or status.root), *state.rows[row + 1 :])
    return replace(state, rows=rows)


def _telling_phase(status: SessionStatus) -> Phase:
    """The phase to look at first: the one that failed, else the next to run, else the last."""
    broken = (p.phase for p in status.phases if p.state in (State.FAILED, State.INTERRUPTED))
    return next(broken, status.next_phase or PHASES[-1])


# --- what follows from it --------------------------------------------------------------------------------------------


def error_view(data: Mapping[str, Any]) -> ErrorView:
    """CbwError.to_json() for the panel."""
    texts = {key: str(data.get(key) or "") for key in ("message", "kind", "phase", "file", "text", "why", "hint")}
    return ErrorView(**texts, details=str(data.get("details") or ""), line=data.get("line"), column=data.get("column"))


def shown_error(state: WorkbenchState) -> ErrorView | None:
    """The error to show: what the last command failed with, else that of the selected phase."""
    phase = state.phase
    if state.failure is not None:
        return state.failure
    if phase is not None and phase.error and phase.state in (State.FAILED, State.INTERRUPTED):
        view = error_view(phase.error)
        return view if view.phase else replace(view, phase=phase.phase.value)
    return None


def answer(state: WorkbenchState, kind: type, line: str) -> Ran | None:
    """The newest command that gave a value of a kind, or that was `line` and failed."""
    fits = (ran for ran in reversed(state.ran) if isinstance(ran.value, kind) or (ran.error and ran.line == line))
    return next(fits, None)


def recipe_folder(status: SessionStatus) -> Path:
    """The recipe's folder; SessionStatus.recipe is that or its meta.yaml."""
    recipe = Path(status.recipe)
    return recipe.parent if recipe.suffix in (".yaml", ".yml") else recipe


def log_key(state: WorkbenchState) -> LogKey:
    """The log to show: the selected phase's, or what a command says outside the phases."""
    status = state.row
    if state.aside:
        return COMMAND_LOG
    return LogKey((status.root or status.output) if status else "", state.cursor.phase.value)


def seconds_of(state: WorkbenchState, status: SessionStatus, phase: Phase) -> float | None:
    """How long a phase took, or has been running; None when that is not known."""
    running = state.running
    if running and running.phase is phase and running.key.session in (status.root, status.output):
        return max(0.0, state.clock - running.since)
    return status[phase].seconds


def duration(seconds: float | None) -> str:
    """Seconds in at most six characters: "0.4s", "12s", "3m05s", "2h07m"; "" for None."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
