"""Events on a terminal: lines that stay, and below them bars for the work under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from cbw_core.events import Event, LogLine, Note, PhaseEnded, PhaseStarted, Progress
from cbw_workbench.cli.output import coloured
from cbw_workbench.cli.sinks import ClosingSink
from cbw_workbench.views.events import amount, event_line
from cbw_workbench.views.states import look

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class LiveSink(ClosingSink):
    """Rich is loaded with the first bar; the display runs only while there is unfinished work, so that a build's lines
    are written straight to the terminal."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self.colour = coloured(stream)
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
            return
        if isinstance(event, PhaseEnded):
            self._stop()
        line = event_line(event)
        if line is None:
            return
        styled = self._styled(event, line)
        if self._bars is not None:
            from rich.text import Text

            self._bars.console.print(Text.from_ansi(styled), soft_wrap=True)
        else:
            self.stream.write(styled + "\n")
            self.stream.flush()

    def close(self) -> None:
        with self._lock:
            self._gone = True
            self._stop()

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

    def _progress(self, event: Progress) -> None:
        if event.finished:
            task = self._tasks.pop(event.task, None)
            if self._bars is not None and task is not None:
                self._bars.remove_task(task)
                if not self._tasks:
                    self._stop()
            line = event_line(event)
            if line and self._bars is None:
                self.stream.write(line + "\n")
                self.stream.flush()
            elif line and self._bars is not None:
                self._bars.console.print(line, soft_wrap=True, markup=False, highlight=False)
            return
        if self._bars is None:
            self._bars = _new_bars(self._console())
            self._bars.start()
        if event.task not in self._tasks:
            self._tasks[event.task] = self._bars.add_task(
                event.task, total=event.total, completed=event.done, amount=amount(event), item=event.item
            )
            return
        self._bars.update(
            self._tasks[event.task],
            total=event.total,
            completed=event.done,
            amount=amount(event),
            item=event.item,
        )

    def _stop(self) -> None:
        if self._bars is not None:
            for task in self._tasks.values():
                self._bars.remove_task(task)
            self._tasks.clear()
            self._bars.stop()
            self._bars = None

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
