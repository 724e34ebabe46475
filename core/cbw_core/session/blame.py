"""The recipe line to blame when an environment cannot be made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cbw_core.errors import EnvironmentFailure, Place


@contextmanager
def requirement_lines(recipe_file: str, specs: Sequence[str]) -> Iterator[None]:
    """Give an EnvironmentFailure that has no place the line of the requirement it names, when one of `specs` is in its
    message or reason."""
    try:
        yield
    except EnvironmentFailure as error:
        if error.place is None and error.kind == "solve" and recipe_file:
            error.place = _place(Path(recipe_file), _named(specs, f"{error.message} {error.why or ''}"))
        raise


def _named(specs: Iterable[str], text: str) -> list[str]:
    """The specs that a text names, whole ones first."""
    found = []
    for spec in specs:
        name = spec.split()[0]
        at = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text)
        if at:
            found.append((spec not in text, at.start(), spec))
    return [spec for _, _, spec in sorted(found)]


def _place(file: Path, specs: Sequence[str]) -> Place | None:
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return None
    for spec in specs:
        rows = [(n, line) for n, line in enumerate(lines, 1) if _asks_for(line, spec.split()[0])]
        rows.sort(key=lambda row: spec not in row[1])
        if rows:
            number, line = rows[0]
            return Place(str(file), number, line.index(spec.split()[0]) + 1, line.strip())
    return None


def _asks_for(line: str, name: str) -> bool:
    """Whether a line is a list item that begins with a package's name, also inside `[a, b]`, quotes or a function."""
    return re.search(rf"""^\s*-.*?(?<![\w.-]){re.escape(name)}(?![\w.-])|\[.*\b{re.escape(name)}\b""", line) is not None
