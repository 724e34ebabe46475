"""The breakpoints of a debugger: they outlive the runs that they stop."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.events import Note, Sink
from cbw_core.trace.commands import next_statement
from cbw_core.trace.filelines import is_meant, is_script, to_file, to_text
from cbw_core.trace.model import Breakpoint, Kind
from cbw_core.trace.papers import passed_by
from cbw_core.trace.placing import stop_line, substitution_at
from cbw_core.trace.run import Run


class Points:
    """Breakpoints by number. tell: called when they are others now."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._points: dict[int, Breakpoint] = {}
        self._numbers = 0
        self._lock = threading.RLock()

    @property
    def all(self) -> tuple[Breakpoint, ...]:
        return tuple(self._points.values())

    def add(
        self,
        kind: Kind,
        spec: str,
        *,
        condition: str = "",
        ignore: int = 0,
        once: bool = False,
        run: Run | None = None,
    ) -> Breakpoint:
        """A breakpoint; Debugger.add has the arguments. run: the script that runs now, which moves a line to its next
        command."""
        file, line, placed = "", None, False
        if kind == "line":
            file, _, number = spec.rpartition(":")
            if not number.isdigit() or int(number) < 1:
                raise UsageError(f"{spec!r} is no line", kind="breakpoint", hint="break 12, or break build.sh:12")
            line = int(number)
            if run is not None and run.state != "ended" and (not file or is_script(file, run.target)):
                file, line = _place_of(run, file, line_with_command(run, to_text(file, line, run.target, run.text)))
                placed = True
        elif kind == "variable" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", spec):
            raise UsageError(f"{spec!r} is not the name of a variable", kind="breakpoint")
        elif not spec:
            raise UsageError(f"break {kind} needs something to look for", kind="breakpoint")
        with self._lock:
            same = Breakpoint(0, kind, spec, line, file, condition, ignore, once, placed=placed)
            for known in self._points.values():  # what an editor sets twice is one
                if (known.kind, known.file, known.line, known.condition) == (kind, file, line, condition) and (
                    line is not None or known.spec == spec
                ):
                    return known
            self._numbers += 1
            point = replace(same, number=self._numbers)
        self.put(point)
        return point

    def put(self, point: Breakpoint) -> None:
        """Keep a breakpoint as it is: one that a session kept, or a changed one."""
        with self._lock:
            before = dict(self._points)
            self._points[point.number] = point
            self._numbers = max(self._numbers, point.number)
        self._tell_or(before)

    def remove(self, number: int) -> Breakpoint:
        """UsageError when there is none of that number."""
        with self._lock:
            if number not in self._points:
                known = ", ".join(map(str, self._points)) or "none"
                raise UsageError(f"there is no breakpoint {number}", kind="breakpoint", why=f"There are: {known}.")
            before = dict(self._points)
            point = self._points.pop(number)
        self._tell_or(before)
        return point

    def _tell_or(self, before: dict[int, Breakpoint]) -> None:
        """Tell of the breakpoints as they are now; where that fails they are as they were."""
        try:
            self._tell()
        except BaseException:
            with self._lock:
                self._points = before
            raise

    def hit(self, number: int) -> None:
        """A script stopped at it."""
        with self._lock:
            point = self._points.get(number)
            if point is None:
                return
            if point.once:
                del self._points[number]
            else:
                self._points[number] = replace(point, hits=point.hits + 1)

    def change(self, number: int, **fields: object) -> Breakpoint:
        """Another condition, `ignore` or `enabled`. UsageError when there is none of that number."""
        with self._lock:
            point = self._points.get(number) or self.remove(number)  # which raises
        point = replace(point, turn=point.turn + 1, **fields)  # type: ignore[arg-type]
        self.put(point)
        return point

    def forget(self, number: int) -> None:
        """As if it had never been set."""
        self._points.pop(number, None)

    def check_lines(self, run: Run, sink: Sink) -> None:
        """Line breakpoints set before the script was known move to the next line that has a command."""
        for point in self.all:
            if point.kind != "line" or point.line is None or not is_meant(point.file, run.target):
                continue
            if run.post_mortem:
                said = f"breakpoint {point.number}: {run.target.name} is not stepped; a failure stops there"
                sink(Note(said, level="warning", phase=run.target.phase))
                continue
            found = stop_line(run.text, asked := to_text(point.file, point.line, run.target, run.text))
            if found is None:
                sink(Note(f"breakpoint {point.number}: {run.target.name} has no line {point.line}", level="warning"))
                continue
            file, line = _place_of(run, point.file, found)
            if (file, line, True) != (point.file, point.line, point.placed):
                self.put(replace(point, file=file, line=line, placed=True))
            if found != asked:
                sink(Note(f"breakpoint {point.number} stands at line {line}: {_why(run.text, asked, point.line)}"))

    def tell_unhit(self, run: Run, sink: Sink, hits: Mapping[int, int]) -> None:
        """Say which breakpoints did not stop a script that has run to its end. hits: of each, before it ran."""
        for point in self.all:
            if not point.enabled or point.hits != hits.get(point.number, 0) or not _concerns(point, run):
                continue
            by = passed_by(run.folder, f"{point.number}.{point.turn}")
            if by > point.ignore:  # another one stopped at the same place
                continue
            why = f": it was passed {by} times of {point.ignore}" if by else ""
            sink(Note(f"breakpoint {point.number} was never hit: {point}{why}", phase=run.target.phase))


def _concerns(point: Breakpoint, run: Run) -> bool:
    """Whether a script that did not stop at a breakpoint is one that should have: it, or a file that it may source."""
    if point.kind == "line" and is_meant(point.file, run.target):
        return True
    if run.target.phase != "build" or point.kind != "line" or not point.file:
        return run.target.phase == "build" and point.kind != "line"
    # a file beside the script is the script of another output or of the tests, which is told of when that runs
    return not (run.target.file and Path(run.target.file).with_name(Path(point.file).name).is_file())


def _why(text: str, line: int, shown: int) -> str:
    """Why a breakpoint on a line of the text does not stay there. shown: its number for a person."""
    inside = substitution_at(text, line) is not None and next_statement(text, line) == line
    return f"line {shown} " + ("is inside its $( … ), whose lines bash does not count" if inside else "has no command")


def _place_of(run: Run, file: str, line: int) -> tuple[str, int]:
    """(file, line) to keep for a line of the text. A line given without a file stays one of the text where the two
    count differently."""
    place = to_file(line, run.target, run.text)
    return place if place is not None and (file or place[1] == line) else ("", line)


def line_with_command(run: Run, line: int) -> int:
    """The first line, from `line` on, that has a command of the script. UsageError when none has."""
    found = stop_line(run.text, line)
    if found is None:
        raise UsageError(f"{run.target.name} has no command at or behind line {line}", kind="breakpoint")
    return found
