"""Where the REPL writes: the terminal (or a pipe), with what a command wrote kept for `assert output`."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from cbw_core.events import Event, Progress
from cbw_workbench.views import draw, draw_error, errors_of
from cbw_workbench.views.events import event_line
from cbw_workbench.views.texts import plain_text

if TYPE_CHECKING:
    from rich.console import Console

    from cbw_core.errors import CbwError

_KEPT = 4_000_000  # characters of output kept for `assert output`
_WIDE = 200
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Screen:
    """Writes text, results, errors and events to `stream`; a sink of its own. Thread-safe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._kept: deque[str] = deque()
        self._size = 0
        self._shown: set[str] = set()
        self._console: Console | None = None

    def begin(self) -> None:
        """A command begins: what was kept is forgotten."""
        with self._lock:
            self._kept.clear()
            self._size = 0
            self._shown.clear()

    @property
    def output(self) -> str:
        """What was written since `begin`, without colours; its end where it was very long."""
        with self._lock:
            return _ESCAPES.sub("", "".join(self._kept))

    def write(self, text: str) -> int:
        """A stream's write: to the terminal, and kept."""
        with self._lock:
            self._stream.write(text)
            self._kept.append(text)
            self._size += len(text)
            while self._size > _KEPT and len(self._kept) > 1:
                self._size -= len(self._kept.popleft())
        return len(text)

    @contextmanager
    def through(self, stream: TextIO) -> Iterator[None]:
        """While inside, what is written goes to another stream."""
        with self._lock:
            before, self._stream = self._stream, stream
        try:
            yield
        finally:
            with self._lock:
                self._stream = before

    def flush(self) -> None:
        with self._lock:
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def echo(self, line: str) -> None:
        """A command of a script, with its prompt: shown, not part of any output."""
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()

    def value(self, value: object, *, json: bool = False) -> None:
        """A result's value, and the errors it carries."""
        if value is None:
            return
        if json:
            from cbw_workbench.views.json_form import json_lines

            self.write("".join(line + "\n" for line in json_lines(value)))
            return
        text = plain_text(value)
        if text is None:
            self._print(draw(value))
        else:
            self.write(text)
        for name, error in errors_of(value):
            if name:
                self.write(f"{name}:\n")
            self.error(error)
        self.flush()

    def error(self, error: CbwError, *, json: bool = False) -> None:
        if json:
            from json import dumps

            self.write(dumps({"error": error.to_json()}, ensure_ascii=False) + "\n")
        else:
            self._print(draw_error(error))
        self.flush()

    def __call__(self, event: Event) -> None:
        """As a sink: events as lines, long work when it begins and ends."""
        with self._lock:
            line = event_line(event)
            if isinstance(event, Progress):
                if event.finished:
                    self._shown.discard(event.task)
                elif event.task not in self._shown:
                    self._shown.add(event.task)
                    line = f"{event.task} ..."
            if line is not None:
                self.write(line + "\n")
                self.flush()

    def _print(self, renderable: object) -> None:
        if self._console is None:
            import os

            from rich.console import Console

            width = None if self.isatty() else int(os.environ.get("COLUMNS") or _WIDE)
            self._console = Console(file=self, highlight=False, width=width)  # type: ignore[arg-type]
        self._console.print(renderable, soft_wrap=True)
