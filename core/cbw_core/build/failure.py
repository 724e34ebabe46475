"""Which command of a bash script failed, found out without disturbing the script.

A prelude, read by bash through BASH_ENV, sets an ERR trap that writes a record; bash runs it exactly where errexit
would end the script. A script that sets an ERR trap of its own is left alone; then, and for what ends bash without
ERR (unset variables under `set -u`, syntax errors), bash's own messages tell the line.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_OWN_TRAP = re.compile(r"^[^#\n]*\btrap\b.*\bERR\b", re.MULTILINE)
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_MESSAGE = re.compile(r"^(?P<file>\S.*?): line (?P<line>\d+): (?P<text>.*)$")


@dataclass(frozen=True)
class FailedCommand:
    """A command that ended a script: where it stands (`line` from 1 of `file`, as bash sees it), and how it ended."""

    file: str
    line: int
    command: str
    status: int


def prelude_for(text: str, record: Path) -> str | None:
    """What BASH_ENV is to hold for a script `text`, to have failing commands written to `record`; None: leave it."""
    if _OWN_TRAP.search(text):
        return None
    fields = '"$?" "$BASH_SUBSHELL" "$-" "$LINENO" "${BASH_SOURCE[0]-}" "$BASH_COMMAND"'
    # In a group with stderr away, so that a script under `set -x` shows nothing of it
    trap = rf"{{ printf '%s\t%s\t%s\t%s\t%s\t%s\0' {fields} >>{shlex.quote(str(record))}; }} 2>/dev/null"
    return f"unset BASH_ENV\nset -E\ntrap {shlex.quote(trap)} ERR\n"


def failed_command(record: Path, status: int, tail: Sequence[str], script: Path) -> FailedCommand | None:
    """The command that ended bash with `status`: from the record, else from bash's last message about `script`."""
    rows = _rows(record)
    for index in range(len(rows) - 1, -1, -1):
        code, depth, flags, found = rows[index]
        if depth == 0 and "e" in flags and code == status:
            # A subshell ends first, then the line that holds it: the first tells more
            while index and rows[index - 1][0] == code and rows[index - 1][1] > 0 and "e" in rows[index - 1][2]:
                index -= 1
                found = rows[index][3]
            return replace(found, line=_first_line(Path(found.file), found.line))
    for line in reversed(tail):
        message = _MESSAGE.match(plain(line))
        if message and Path(message["file"]).name == script.name:
            return FailedCommand(str(script), int(message["line"]), message["text"], status)
    return None


def _first_line(file: Path, line: int) -> int:
    """Where a command that goes on behind backslashes begins: bash names its second line."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return line
    while 1 < line <= len(lines) and lines[line - 2].endswith("\\"):
        line -= 1
    return line


def _rows(record: Path) -> list[tuple[int, int, str, FailedCommand]]:
    try:
        data = record.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    rows = []
    for row in data.split("\0"):
        fields = row.split("\t", 5)
        if len(fields) == 6 and all(fields[k].isdigit() for k in (0, 1, 3)):
            code, depth, flags, line, file, command = fields
            rows.append((int(code), int(depth), flags, FailedCommand(file, int(line), command, int(code))))
    return rows


def plain(text: str) -> str:
    """A line of output without the codes that colour a terminal."""
    return _ESCAPES.sub("", text)


def last_lines(tail: Sequence[str], count: int = 20) -> str:
    """The end of an output, for `details` of an error."""
    return "\n".join(plain(line) for line in list(tail)[-count:])


def short_command(command: str, width: int = 70) -> str:
    """The first line of a command, cut."""
    first = command.strip().split("\n")[0]
    return first if len(first) <= width and first == command.strip() else first[: width - 1].rstrip() + "…"


def traceback_line(tail: Sequence[str], file: Path) -> int | None:
    """The line of a Python or Perl file that an uncaught error in an output's end names; the innermost one."""
    name = re.escape(str(file))
    found = re.compile(rf'File "{name}", line (\d+)|at {name} line (\d+)')
    for line in reversed(tail):
        if match := found.search(plain(line)):
            return int(match[1] or match[2])
    return None
