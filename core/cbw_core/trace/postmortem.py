"""A Python program that an exception ended, looked into before it is gone."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from cbw_core.errors import UsageError, from_os_error
from cbw_core.process import Cancel
from cbw_core.trace.editing import Editing, Source
from cbw_core.trace.messages import Told
from cbw_core.trace.model import Evaluated, Frame, Reloaded, Stop, Variable
from cbw_core.trace.run import Run
from cbw_core.trace.tables import Going

# the folder comes before what PYTHONPATH has; python_hook.txt takes it away again
_HOOKED = 'PYTHONPATH="$0${PYTHONPATH:+:$PYTHONPATH}" exec "$@"'


class PythonRun(Run):
    """A Python program that stands where an exception ended it: its frames can be looked at, and then it ends."""

    post_mortem = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "snapshots": "off"})
        self.selected = 0
        self.editing = _Fixed(self.target)
        folder = self.folder / "python"
        try:
            folder.mkdir(exist_ok=True)
            hook = (files("cbw_core.trace") / "python_hook.txt").read_text(encoding="utf-8")
            (folder / "sitecustomize.py").write_text(hook, encoding="utf-8")
        except OSError as error:
            raise from_os_error(error, "preparing the debugger") from error

    @property
    def before(self) -> tuple[str, ...]:
        """What comes before the command that runs the program."""
        return ("sh", "-c", _HOOKED, str(self.folder / "python")) if self.on_fail else ()

    def go(self, going: Going, how: str, *, code: str = "") -> None:
        if how != "continue" or code:
            _over()
        super().go(going, how)

    def select(self, number: int) -> Stop:
        stop = self.stopped()
        if not 0 <= number < len(stop.frames):
            raise UsageError(
                f"there is no frame {number}", kind="not-here", why=f"They are 0 to {len(stop.frames) - 1} (`where`)."
            )
        self.selected = number
        return stop

    def evaluate(self, code: str, cancel: Cancel | None = None) -> Evaluated:
        """An expression, whose value is told, or statements; in the selected frame."""
        self.stopped()
        answer, output = self.link.ask(f"s{self.selected}\t{code}")
        return Evaluated(int(answer.partition("\t")[2] or 0), output)

    def variables(self) -> dict[str, Variable]:
        """The local names of the selected frame, as repr shows their values."""
        self.stopped()
        rows = json.loads(self.link.ask(f"i{self.selected}\t")[0])
        return {name: Variable(name, value) for name, value, _ in rows}

    def shell_only(self, what: str) -> None:
        raise UsageError(
            f"{what} is for shell scripts", kind="not-here", hint="eval EXPRESSION runs Python in a frame."
        )

    def _stop_of(self, told: Told) -> Stop:
        self.selected = 0
        frames = tuple(self._frame(function, line, file) for function, line, file in told.rows)
        return Stop(
            "failure",
            told.command,
            frames,
            told.status,
            0,
            told.pid,
            "",
            told.cwd,
            self._stops,
            self.target.phase,
            note="exception",
        )

    def _frame(self, function: str, line: int, file: str) -> Frame:
        if Path(file) != self.target.script:
            return Frame(function, file, line)
        place = self.target.place(self.text, line)
        known = place is not None and place.line
        return Frame(function, place.file if known and place else file, (known and place and place.line) or line, line)

    def _write_state(self) -> None:
        """Nothing is decided while it runs."""


class _Fixed(Editing):
    """Nothing can be read again."""

    def unread(self) -> str | None:
        return None

    def reload(self, running: str, stop: Stop, line: int | None, source: Source | None, extglob: bool) -> Reloaded:
        _over()


def _over() -> NoReturn:
    raise UsageError(
        "the program is over: an exception ended it",
        kind="not-here",
        hint="where, frame N, vars and eval look at it; `continue` lets it end, `run test` runs the edited test.",
    )
