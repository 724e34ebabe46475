"""What a traced bash says, read: docs/trace-protocol.md has the messages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cbw_core.events import Stopped
from cbw_core.trace.commands import statement_at
from cbw_core.trace.lines import LineMap
from cbw_core.trace.model import Frame, Reason, Stop, Target
from cbw_core.trace.placing import command_at, line_of, text_of

Row = tuple[str, int, str]


@dataclass(frozen=True)
class Told:
    """A `stop` message. kind: D, E or X; number: the breakpoint's; rows: (function, bash's line, file), innermost
    first."""

    kind: str
    reason: str
    number: int
    pid: int
    subshell: int
    status: int
    flags: str
    command: str
    cwd: str
    rows: tuple[Row, ...]

    @property
    def line(self) -> int:
        """The line as bash counts."""
        return self.rows[0][1]


def stop_told(fields: list[str]) -> Told:
    """The fields of a `stop` message behind its first word."""
    kind, reason, number, pid, subshell, status, flags, command, cwd, *rest = (unescaped(field) for field in fields)
    rows = tuple((rest[k], int(rest[k + 1] or 0), rest[k + 2]) for k in range(0, len(rest) - 2, 3))
    return Told(kind, reason, int(number), int(pid), int(subshell), int(status), flags, command, cwd, rows)


def stop_of(told: Told, target: Target, text: str, lines: LineMap, serial: int) -> Stop:
    """The stop that a message tells of. text, lines: those that count now."""
    rows = [row for row in told.rows if not row[0].startswith("__cbw_")]
    frames = [frame_of(row, target, text, lines, told, innermost=at == 0) for at, row in enumerate(rows)]
    return Stop(
        reason=cast("Reason", told.reason),
        command=_command(told, frames, text),
        frames=tuple(frames),
        status=told.status,
        subshell=told.subshell,
        pid=told.pid,
        flags="".join(flag for flag in told.flags if flag not in "ET"),
        cwd=told.cwd,
        serial=serial,
        phase=target.phase,
        breakpoint=told.number % 1000 if told.reason == "breakpoint" else None,
        note="ending" if told.kind == "X" else "",
    )


def frame_of(row: Row, target: Target, text: str, lines: LineMap, told: Told, *, innermost: bool) -> Frame:
    """A level of the backtrace, in lines of the file that a person edits."""
    function, line, file = row
    if file != str(target.script):
        other = text_of(Path(told.cwd, file))
        if innermost and other:
            line = line_of(other, line, function, told.command, told.subshell)
        return Frame(function, _found(file, told.cwd, target.work), line)
    text_line = lines.to_text(line)
    if text_line is not None:
        if innermost:
            text_line = line_of(text, text_line, function, told.command, told.subshell)
        elif function != "source":
            text_line = statement_at(text, text_line)[0]
        place = target.place(text, text_line)
        if place is not None:
            return Frame(function, place.file, place.line or 0, text_line)
    return Frame(function, target.file or file, line, text_line)


def _command(told: Told, frames: list[Frame], text: str) -> str:
    """The command: in a function that a trap of the script calls, bash names the one before the trap."""
    here = next((at for at, frame in enumerate(frames) if frame.function.startswith("trap ")), 0)
    if not here or told.kind == "X":
        return told.command
    line = frames[0].text_line
    if line is None:
        text, line = text_of(Path(told.cwd, frames[0].file)), frames[0].line
    return command_at(text, line) or f"a command of {frames[0].function}"


def _found(file: str, *folders: str | Path) -> str:
    """A sourced file as bash has it, as it was written: `. ./functions.sh` is looked for in the script's folder of now,
    and in the one it began in."""
    places = (Path(folder, file) for folder in folders) if not file.startswith("/") else ()
    return next((os.path.normpath(place) for place in places if place.is_file()), file)


def unescaped(field: str) -> str:
    if "\\" not in field:
        return field
    out, rest = [], iter(field)
    for character in rest:
        if character == "\\":
            following = next(rest, "\\")
            out.append({"t": "\t", "n": "\n"}.get(following, following))
        else:
            out.append(character)
    return "".join(out)


def stopped_event(stop: Stop) -> Stopped:
    """The event of a stop."""
    return Stopped(
        phase=stop.phase,
        reason=stop.reason,
        file=stop.file,
        line=stop.line,
        command=stop.command,
        function=stop.frames[0].function if stop.frames else "",
        status=stop.status,
        subshell=stop.subshell,
        breakpoint=stop.breakpoint,
        serial=stop.serial,
    )
