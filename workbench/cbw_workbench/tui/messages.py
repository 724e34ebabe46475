"""What widgets and screens ask for, and what the runner tells. Only the app acts on either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from cbw_core.session.model import Phase, SessionStatus
from cbw_core.trace.under_way import UnderWay
from cbw_workbench.tui.standing import Looked
from cbw_workbench.tui.state import Job, LogKey, Ran

# --- asked for by widgets and screens ---------------------------------------------------------------------------------


@dataclass
class RunLine(Message):
    """Run a command line on the selected output."""

    line: str


@dataclass
class SelectCell(Message):
    """Select an output (its row) and a phase."""

    row: int
    phase: Phase


@dataclass
class OpenPlace(Message):
    """Show a file at a line (from 1; None: its beginning)."""

    file: str
    line: int | None = None


@dataclass
class GutterClicked(Message):
    """The margin beside a line of a source was clicked."""

    file: str
    line: int


@dataclass
class ShowTab(Message):
    """Bring a page of a deck to the front. `focus`: go there."""

    tab: str
    focus: bool = True


@dataclass
class SearchFor(Message):
    """Search the page in front. `done`: the text is entered, not just being typed."""

    text: str
    done: bool = False


@dataclass
class CancelAll(Message):
    """Stop what runs."""


@dataclass
class Interrupt(Message):
    """Have the script that runs stop at its next command; where none does, stop what runs."""


@dataclass
class ReadAgain(Message):
    """Read how the outputs stand."""


@dataclass
class LeaveWorkbench(Message):
    """Leave the workbench; `status` is its exit status."""

    status: int = 0


@dataclass
class PromptClosed(Message):
    """The prompt was left."""


# --- told by the runner -----------------------------------------------------------------------------------------------


@dataclass
class JobStarted(Message):
    job: Job


@dataclass
class JobEnded(Message):
    """`leave`: the command asks to leave the workbench with this exit status (-1: that of the last failure)."""

    ran: Ran
    leave: int | None = None


@dataclass
class EventsWaiting(Message):
    """The engine said something: `Runner.drain()` gives it. Posted once until it is drained."""


@dataclass
class GroupRead(Message):
    """How the outputs stand now. `problem`: why that could not be read."""

    rows: Sequence[SessionStatus]
    current: str
    problem: str = ""


@dataclass
class LogRead(Message):
    """A log as its file has it."""

    key: LogKey
    lines: Sequence[str]


@dataclass
class UnderWayRead(Message):
    """What a running script does, as far as it is known."""

    what: UnderWay | None


@dataclass
class StopRead(Message):
    """What a stopped script's shell told, and the breakpoints."""

    looked: Looked
