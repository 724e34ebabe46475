"""The text of the logs: what the engine says now, and what earlier runs left in log files."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.cells import chop_cells

from cbw_core.events import Event, LogLine, Note, PhaseEnded, PhaseStarted, Resumed
from cbw_workbench.tui.state import COMMAND_LOG, LogKey, duration

MOST_LINES = 500_000
_CUT = 100_000
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"
)


def plain(line: str) -> str:
    """A line as a terminal would leave it: what a carriage return overwrote is gone, so are control sequences."""
    if line.isprintable():
        return line
    line = line.rstrip("\r")
    if "\r" in line:
        line = line[line.rindex("\r") + 1 :]
    return _CONTROL.sub("", line.expandtabs(8))


@dataclass
class Log:
    """The lines of one phase's log. `dropped`: how many of its oldest were let go to spare memory. `fresh`: where the
    lines begin that came since the script went on from a stop."""

    lines: list[str] = field(default_factory=list)
    dropped: int = 0
    version: int = 0
    fresh: int = 0

    def extend(self, lines: Iterable[str]) -> None:
        self.lines.extend(lines)
        if len(self.lines) > MOST_LINES:
            del self.lines[:_CUT]
            self.dropped += _CUT
            self.fresh = max(0, self.fresh - _CUT)
            self.version += 1

    def clear(self) -> None:
        self.lines = []
        self.dropped = self.fresh = 0
        self.version += 1


class LogBook:
    """The logs by key. Only the app's thread writes to it."""

    def __init__(self) -> None:
        self._logs: dict[LogKey, Log] = {}
        self._key = COMMAND_LOG

    def __contains__(self, key: LogKey) -> bool:
        return key in self._logs

    def log(self, key: LogKey) -> Log:
        """The log of `key`, empty where nothing is known of it."""
        return self._logs.get(key) or Log()

    def put(self, key: LogKey, lines: Sequence[str]) -> None:
        """A log read from a file. One that came in by events meanwhile is newer, and stays."""
        log = self._logs.setdefault(key, Log())
        if not log.lines:
            log.extend(lines)

    def forget(self, key: LogKey) -> None:
        self._logs.pop(key, None)

    def begin_command(self) -> None:
        """A command begins: what it says outside any phase goes to a log of its own."""
        self._key = COMMAND_LOG
        self._logs.pop(COMMAND_LOG, None)

    def add(self, events: Iterable[Event]) -> None:
        """What the engine said. A phase that starts begins its log anew."""
        waiting: list[str] = []
        for event in events:
            if isinstance(event, LogLine):
                waiting.append(plain(event.text))
            elif isinstance(event, Note):
                waiting.append(f"{event.level.replace('info', 'note')}: {plain(event.text)}")
            elif isinstance(event, PhaseStarted):
                self._flush(waiting)
                self._key = LogKey(event.session or event.output, event.phase)
                self._logs.setdefault(self._key, Log()).clear()
            elif isinstance(event, Resumed):
                self._flush(waiting)
                log = self._logs.setdefault(self._key, Log())
                log.fresh = len(log.lines)
            elif isinstance(event, PhaseEnded):
                waiting.append(f"── {event.phase} {event.state} after {duration(event.seconds)}")
                self._flush(waiting)
                self._key = COMMAND_LOG
        self._flush(waiting)

    def _flush(self, waiting: list[str]) -> None:
        if waiting:
            self._logs.setdefault(self._key, Log()).extend(waiting)
            waiting.clear()


def read_log(path: str) -> tuple[str, ...]:
    """The lines of a log file; empty when there is none."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    return tuple(plain(line) for line in text.split("\n")[: None if not text.endswith("\n") else -1])


def pieces(line: str, width: int) -> list[str]:
    """A line cut to rows of at most `width` cells."""
    if line.isascii():
        return [line[at : at + width] for at in range(0, len(line), width)] or [""]
    return chop_cells(line, width) or [line]  # rich finds no row for a line without any width


@dataclass
class Wrapping:
    """Where lines come to lie when each takes as many rows as it needs at `width` (0: one row each)."""

    width: int = 0
    ends: list[int] = field(default_factory=list)

    def extend(self, lines: Sequence[str]) -> None:
        """Lay out the lines that were added since."""
        at = self.height
        width = self.width
        for line in lines[len(self.ends) :]:
            short = width <= 0 or len(line) <= (width if line.isascii() else width // 2)
            at += 1 if short else len(pieces(line, width))
            self.ends.append(at)

    @property
    def height(self) -> int:
        return self.ends[-1] if self.ends else 0

    def line_at(self, row: int) -> tuple[int, int]:
        """The line a row belongs to, and which of its pieces (from 0) it is."""
        index = bisect_right(self.ends, row)
        return index, row - (self.ends[index - 1] if index else 0)

    def row_of(self, line: int) -> int:
        return self.ends[line - 1] if line else 0


def find_lines(lines: Sequence[str], text: str) -> list[int]:
    """The numbers (from 0) of the lines that contain `text`; capitals matter only when `text` has some."""
    if not text:
        return []
    if text == text.lower():
        return [i for i, line in enumerate(lines) if text in line.lower()]
    return [i for i, line in enumerate(lines) if text in line]
