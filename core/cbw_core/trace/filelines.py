"""Lines of the file that a person edits, and lines of the script's text: a script may be part of meta.yaml, or stand
behind a header in the work folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cbw_core.trace.model import Breakpoint, Target


def is_meant(file: str, target: Target) -> bool:
    """Whether a line breakpoint's file means the traced script: a line without a file means the build script."""
    return is_script(file, target) if file else target.phase == "build"


def is_script(file: str, target: Target) -> bool:
    """Whether a file's name, as a person wrote it, means the traced script."""
    names = {str(target.script), target.script.name, target.file or "", Path(target.file or "-").name}
    return file in names or (
        target.file is not None and "/" in file and Path(file).resolve() == Path(target.file).resolve()
    )


def to_text(file: str, line: int, target: Target, text: str) -> int:
    """The line of the script's text that `line` of a file is, or that follows it. file: one that means the script, or
    "" for the text itself."""
    if not file:
        return line
    if file in (str(target.script), target.script.name) and target.file != str(target.script):
        return max(line - target.header, 1)
    here = target.place(text, line)
    if here is None or here.line == line:
        return line
    places = ((n, target.place(text, n)) for n in range(1, text.count("\n") + 2))
    return next((n for n, place in places if place is not None and (place.line or 0) >= line), line)


def to_file(line: int, target: Target, text: str) -> tuple[str, int] | None:
    """(file, line) of a line of the text, where a person edits it."""
    place = target.place(text, line)
    return (place.file, place.line) if place is not None and place.line else None


def marked(points: Iterable[Breakpoint], target: Target, text: str) -> frozenset[int]:
    """The lines of the script's text at which an enabled breakpoint stands."""
    here = (p for p in points if p.kind == "line" and p.enabled and p.line is not None and is_meant(p.file, target))
    return frozenset(to_text(p.file, p.line or 1, target, text) for p in here)
