"""What the command line prints: results on stdout, errors on stderr (with --json: objects on stdout)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from cbw_core.errors import CbwError
    from cbw_core.session import Session
    from cbw_workbench.commands.command import Result

# the few styles of error parts as terminals know them, so that an error needs no rich
_CODES = {
    "": "",
    "bold": "1",
    "dim": "2",
    "blue": "34",
    "bold blue": "1;34",
    "bold red": "1;31",
    "bold magenta": "1;35",
    "cyan": "36",
}
_WIDE = 200  # columns where nobody looks: a file or a pipe


def coloured(stream: TextIO) -> bool:
    """Whether to write colours to `stream` (no-color.org: any NO_COLOR that is not empty says no)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Output:
    """Where a command's result and error go. json: as lines of JSON, all on stdout."""

    def __init__(self, *, json: bool) -> None:
        self.json = json

    def text(self, text: str) -> None:
        sys.stdout.write(text)

    def result(self, result: Result) -> None:
        if result.value is None:
            return
        if self.json:
            from cbw_workbench.views.json_form import json_lines

            self.text("".join(line + "\n" for line in json_lines(result.value)))
            return
        self._draw(result.value)
        from cbw_workbench.views import errors_of

        for name, error in errors_of(result.value):
            sys.stdout.flush()
            if name:
                sys.stderr.write(f"{name}:\n")
            self.error(error)

    def _draw(self, value: object) -> None:
        from cbw_workbench.views.texts import plain_text

        text = plain_text(value)
        if text is not None:
            self.text(text)
            return
        from rich.console import Console

        from cbw_workbench.views import draw

        # soft_wrap: long lines are the terminal's to wrap, so that they can be copied
        if sys.stdout.isatty():
            console = Console(file=sys.stdout, no_color=not coloured(sys.stdout), highlight=False)
            console.print(draw(value), soft_wrap=True)
            return
        console = Console(file=sys.stdout, highlight=False, width=int(os.environ.get("COLUMNS") or _WIDE))
        with console.capture() as captured:
            console.print(draw(value), soft_wrap=True)
        self.text("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))

    def error(self, error: CbwError) -> None:
        if self.json:
            import json

            self.text(json.dumps({"error": error.to_json()}, ensure_ascii=False) + "\n")
            return
        from cbw_workbench.views.errors import error_parts

        colour = coloured(sys.stderr)
        for part in error_parts(error):
            code = _CODES[part.style] if colour else ""
            sys.stderr.write(f"\x1b[{code}m{part.text}\x1b[0m" if code else part.text)
        sys.stderr.flush()

    def kept(self, error: CbwError, session: Session | None) -> None:
        """After the failure of a phase of `session`: where that is, to be looked into."""
        if self.json or session is None or error.phase is None:
            return
        if session.status()[error.phase].state not in ("failed", "interrupted"):
            return  # it failed elsewhere: before there was a session
        sys.stderr.write(f"  session kept: {session.root}\n")
        log = f"`cbw log {error.phase}`, " if session.layout.log(error.phase).is_file() else ""
        sys.stderr.write(f"  look: {log}`cbw status`\n")
