"""What a command said, as plain text: `assert output` looks at it."""

from __future__ import annotations

import io
from collections import deque

from cbw_core.events import Event, LogLine, Note

_LINES_KEPT = 20_000
_WIDTH = 120


class Said:
    """The lines of the command at work; the oldest of very many are let go."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)

    def begin(self) -> None:
        self._lines.clear()

    def add(self, event: Event) -> None:
        if isinstance(event, (LogLine, Note)):
            self._lines.append(event.text)

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in tuple(self._lines))


def text_of(value: object | None) -> str:
    """A result as text, as a terminal of 120 columns without colours shows it."""
    if value is None:
        return ""
    from rich.console import Console

    from cbw_workbench.views import draw
    from cbw_workbench.views.texts import plain_text

    text = plain_text(value)
    if text is None:
        console = Console(file=io.StringIO(), width=_WIDTH, color_system=None)
        console.print(draw(value))
        text = console.file.getvalue()  # type: ignore[attr-defined]
    return text
