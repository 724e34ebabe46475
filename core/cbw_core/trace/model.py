"""The words of the debugger: where a script stands, what is known there, and where it is to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from cbw_core.errors import Place

Reason: TypeAlias = Literal["step", "breakpoint", "failure", "exit", "end"]
Kind: TypeAlias = Literal["line", "function", "command", "file", "variable"]
FAILED: tuple[Reason, ...] = ("failure", "exit")
State: TypeAlias = Literal["idle", "running", "stopped", "ended"]


@dataclass(frozen=True)
class Target:
    """A bash script to trace. script: the file bash runs, by the path it is given; header: lines of it before the first
    one of `text`; text: what a person wrote; place: the place, in the file a person edits, of a line (from 1) of the
    text; read: the text as the recipe has it now, None where no recipe has it. prefix: where files of the build go."""

    phase: str
    name: str
    script: Path
    header: int
    text: str
    file: str | None
    place: Callable[[str, int], Place | None]
    read: Callable[[], str] | None
    prefix: Path
    work: Path


@dataclass(frozen=True)
class Frame:
    """One level of the backtrace. function: "main" at the top level, "source" in a sourced file, "trap EXIT" (ERR,
    RETURN) in a trap of the script, which stands at the line that set it. line counts in `file`; for the traced script
    that is the file a person edits, and `text_line` the line in its text."""

    function: str
    file: str
    line: int
    text_line: int | None = None


@dataclass(frozen=True)
class Stop:
    """Where a script stands. Before `command` for a step or breakpoint, behind it for a failure, at the end for exit.

    text_line: the line in the script's text (None in another file). status: $? . subshell: how deep in subshells.
    flags: bash's $- without what tracing sets. breakpoint: its number. serial: counts stops.
    """

    reason: Reason
    command: str
    frames: tuple[Frame, ...]
    status: int
    subshell: int
    pid: int
    flags: str
    cwd: str
    serial: int
    phase: str = ""
    breakpoint: int | None = None
    note: str = ""

    @property
    def text_line(self) -> int | None:
        return self.frames[0].text_line if self.frames else None

    @property
    def file(self) -> str:
        return self.frames[0].file if self.frames else ""

    @property
    def line(self) -> int:
        return self.frames[0].line if self.frames else 0

    def at_top_command(self, text: str) -> bool:
        """Whether it stands where a top-level command of the script's text begins, or at one that failed there."""
        from cbw_core.trace.commands import top_command_at

        if self.subshell or len(self.frames) != 1 or self.text_line is None or self.note:
            return False
        command = top_command_at(text, self.text_line)
        return command is not None and command.first == self.text_line

    @property
    def depth(self) -> int:
        """bash's count of frames there. A trap is a level of its own; below one that runs as the script ends there is
        no other."""
        return len(self.frames) + any(frame.function == "trap EXIT" for frame in self.frames)

    @property
    def script(self) -> str:
        """The script that stands: the traced one, or one that it started."""
        return next((frame.file for frame in self.frames if frame.function == "main"), self.file)

    @property
    def followed(self) -> bool:
        """Whether it is in a script that the traced one started."""
        return sum(frame.function == "main" for frame in self.frames) > 1

    @property
    def top_line(self) -> int | None:
        """The line of the script's own text that is being run at the top level."""
        return next((f.text_line for f in reversed(self.frames) if f.text_line is not None), None)


@dataclass(frozen=True)
class Breakpoint:
    """Where to stop. spec: line "12" or "path:12" (file "" is the script itself), a function's name, a pattern for
    commands (as `[[` has it), a glob below the prefix, a variable's name. condition: a bash command that must succeed.
    ignore: how many hits go by first. hits: how often it stopped so far. line counts in `file`; in the script's text
    where there is no file. placed: the line was held against the script that ran, and moved to its next command.
    turn: counts changes of its condition or `ignore`, so that a shell that counts hits begins anew."""

    number: int
    kind: Kind
    spec: str
    line: int | None = None
    file: str = ""
    condition: str = ""
    ignore: int = 0
    once: bool = False
    enabled: bool = True
    hits: int = 0
    placed: bool = False
    turn: int = 0

    @property
    def verified(self) -> bool:
        """Whether it is known that it can stop: an editor shows it so."""
        return self.kind != "line" or self.placed or self.hits > 0

    def __str__(self) -> str:
        text = (
            f"{Path(self.file).name or 'build script'}:{self.line}"
            if self.kind == "line"
            else f"{self.kind} {self.spec}"
        )
        text += f" if {self.condition}" if self.condition else ""
        text += f" ignore {self.ignore}" if self.ignore else ""
        return text + (" once" if self.once else "") + ("" if self.enabled else " (disabled)")


@dataclass(frozen=True)
class Variable:
    """A shell variable. value: its text; for arrays a tuple of (index or key, text). kind: "a" an array, "A" one with
    keys, "n" a reference, "" else. letters: all of its attributes, as `declare` has them."""

    name: str
    value: str | tuple[tuple[str, str], ...] | None
    exported: bool = False
    readonly: bool = False
    integer: bool = False
    changed: bool = False
    kind: str = ""
    letters: str = ""


@dataclass(frozen=True)
class FunctionAt:
    """A function of the script, and where it is defined."""

    name: str
    file: str
    line: int


@dataclass(frozen=True)
class Evaluated:
    """What `eval` gave: the command's exit status and what it wrote."""

    status: int
    output: str


@dataclass(frozen=True)
class Reloaded:
    """A script read again. diff: unified, "" when nothing changed. line: the line (from 1, of the new text) of the
    top-level command that `continue` will begin with. functions: those above it that are others now; not_run: changed
    lines above it that will not be run. source: where the edit was made, "recipe" or "work"; "" when there is none."""

    diff: str
    line: int | None
    text: str = ""
    functions: tuple[str, ...] = ()
    not_run: tuple[int, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class FileMade:
    """A file below the prefix or the work folder and the line that made or last changed it; text as in a timeline."""

    path: str
    line: int
    command: str
    changed: bool = False
    sure: bool = True
    text: int = 1
