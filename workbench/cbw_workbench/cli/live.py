"""Events on a terminal: lines that stay, and below them bars for the work under way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from cbw_core.events import Event, LogLine, Note, PhaseEnded, PhaseStarted, Progress
from cbw_workbench.cli.output import coloured
from cbw_workbench.cli.sink import QUICK, ClosingSink
from cbw_workbench.views.events import amount, event_line
from cbw_workbench.views.states import look

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class LiveSink(ClosingSink):
    """Lines are written straight to the terminal, and bars vanish before one is: drawing bars anew below each of a
    build's many lines would slow it down. The next step of the work shows them again. Rich is loaded with the first."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self.colour = coloured(stream)
        self._bars: Bars | None = None
        self._work: dict[str, Progress] = {}
        self._begun: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        now = time.monotonic()
        if isinstance(event, Progress) and not event.finished:
            self._work[event.task] = event
            self._begun.setdefault(event.task, now)
            self._draw()
            return
        line = event_line(event)
        if isinstance(event, Progress):
            self._work.pop(event.task, None)
            if now - self._begun.pop(event.task, 0.0) < QUICK:
                line = None
        elif isinstance(event, PhaseEnded):
            self._work.clear()
            self._begun.clear()
        self._clear()
        if line is not None:
            self.stream.write(self._styled(event, line) + "\n")
            self.stream.flush()

    def close(self) -> None:
        with self._lock:
            self._gone = True
            self._clear()

    def _styled(self, event: Event, line: str) -> str:
        code = ""
        if isinstance(event, PhaseStarted):
            code = "1"
        elif isinstance(event, PhaseEnded):
            code = {"green": "32", "bold red": "1;31", "magenta": "35"}.get(look(event.state).style, "")
        elif isinstance(event, Note):
            code = {"warning": "33", "hint": "36"}.get(event.level, "")
        if not self.colour or not code or isinstance(event, LogLine):
            return line
        return f"\x1b[{code}m{line}\x1b[0m"

    def _draw(self) -> None:
        """Show the work under way as bars."""
        if self._bars is None:
            self._bars = _new_bars(self._console())
            self._bars.start()
        for name, event in self._work.items():
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(name, total=event.total, amount="", item="")
            self._bars.update(
                self._tasks[name], total=event.total, completed=event.done, amount=amount(event), item=event.item
            )

    def _clear(self) -> None:
        """Take the bars from the terminal."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def _console(self) -> Console:
        from rich.console import Console

        return Console(file=self.stream, no_color=not self.colour, highlight=False)


def _new_bars(console: Console) -> Bars:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[amount]}", markup=False),
        TextColumn("{task.fields[item]}", markup=False, style="dim"),
        console=console,
        transient=True,
        refresh_per_second=10,
    )
