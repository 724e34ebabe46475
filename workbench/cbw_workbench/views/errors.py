"""An error as a person reads it: what, where (with the line and a caret), why, what next. No rich is needed for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from cbw_core.errors import CbwError, Place

_LONGEST_LINE = 200


@dataclass(frozen=True)
class Part:
    """A piece of text and its style (rich's word, "" for none). Newlines are in the text."""

    text: str
    style: str = ""


def error_parts(error: CbwError) -> tuple[Part, ...]:
    """The error as styled pieces, ending with a newline. The first line is `error[kind] in PHASE: MESSAGE`."""
    return tuple(_parts(error))


def error_text(error: CbwError) -> str:
    """The error as plain text."""
    return "".join(part.text for part in error_parts(error))


def _parts(error: CbwError) -> Iterator[Part]:
    interrupted = error.exit_status == 130
    head = "interrupted" if interrupted else f"error[{error.kind}]"
    yield Part(head, "bold magenta" if interrupted else "bold red")
    yield Part(f" in {error.phase}" if error.phase else "", "bold")
    message = error.message if not interrupted or error.message != "interrupted" else ""
    yield Part(f": {message}\n" if message else "\n", "bold")
    if error.place:
        yield from _place(error.place)
    if error.why:
        yield from _labelled("why", error.why, "")
    if error.details and error.details.strip() != (error.why or "").strip():
        yield Part(_indented(error.details.rstrip("\n"), "    ") + "\n", "dim")
    if error.hint:
        yield from _labelled("next", error.hint, "cyan")


def _labelled(label: str, text: str, style: str) -> Iterator[Part]:
    yield Part(f"  {label}: ", "bold")
    yield Part(text.replace("\n", "\n" + " " * (len(label) + 4)) + "\n", style)


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line if line else line for line in text.split("\n"))


def _place(place: Place) -> Iterator[Part]:
    yield Part("  --> ", "bold blue")
    yield Part(f"{_short(place)}\n")
    line = source_line(place)
    if line is None or place.line is None:
        if place.text and place.line is None:
            yield Part(f"      {place.text}\n")
        return
    number = str(place.line)
    pad = " " * len(number)
    yield Part(f"  {pad} |\n  {number} | ", "blue")
    yield Part(f"{_printable(line)}\n")
    at, length = _caret(line, place)
    if at is not None:
        yield Part(f"  {pad} | ", "blue")
        yield Part(" " * at + "^" * length + "\n", "bold red")


def _short(place: Place) -> str:
    """The place with its file relative to the current folder where that is shorter."""
    file = place.file
    if os.path.isabs(file):  # noqa: PTH117 (text only)
        try:
            relative = os.path.relpath(file)
        except (OSError, ValueError):
            relative = file
        file = relative if len(relative) < len(file) else file
    return str(Place(file, place.line, place.column))


def source_line(place: Place) -> str | None:
    """The line of the file that the place names; its `text` where the file cannot be read; None without either."""
    if place.line is None:
        return None
    try:
        with open(place.file, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            lines = list(islice(stream, place.line - 1, place.line))
    except (OSError, ValueError):
        lines = []
    if lines:
        return lines[0].rstrip("\n")[:_LONGEST_LINE]
    return place.text.split("\n")[0][:_LONGEST_LINE] if place.text else None


def _caret(line: str, place: Place) -> tuple[int | None, int]:
    """Where the caret begins (0-based cells) and how long it is; None: nowhere in particular."""
    text = (place.text or "").split("\n")[0].strip()
    if place.column is not None and 0 < place.column <= len(line) + 1:
        at = place.column - 1
        fits = text and line[at : at + len(text)] == text
        return at, len(text) if fits else 1
    if text and text in line:
        return line.index(text), len(text)
    return None, 0


def _printable(line: str) -> str:
    """The line with tabs and control characters as one cell each, so that the caret stands right."""
    return "".join(" " if c == "\t" else c if c.isprintable() else "?" for c in line)
