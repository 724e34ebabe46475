"""A bash script under the debugger, as the build room runs it, without a session around."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cbw_core.errors import Interrupted, Place
from cbw_core.events import Event
from cbw_core.process import Cancel, Finished, run
from cbw_core.trace import Debugger, Stop, Target


class Traced:
    """A script that runs in a thread of its own. `recipe` is the file a person edits."""

    def __init__(
        self,
        folder: Path,
        text: str,
        debugger: Debugger,
        errexit: bool,
        prefix: Path | None = None,
        header: str = "",
    ) -> None:
        self.debugger, self.errexit = debugger, errexit
        self.work, self.prefix = folder / "work", prefix or folder / "prefix"
        self.work.mkdir(parents=True, exist_ok=True)
        self.prefix.mkdir(parents=True, exist_ok=True)
        self.script, self.recipe = self.work / "conda_build.sh", folder / "build.sh"
        self.text, self.header = text, header
        self.script.write_text(header + text)
        self.recipe.write_text(text)
        self.folder = folder
        self.events: list[Event] = []
        self.lines: list[str] = []
        self.cancel = Cancel()
        self.finished: Finished | None = None
        self.error: BaseException | None = None
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> Traced:
        self._thread.start()
        assert self._began.wait(20)
        return self

    def _sink(self, event: Event) -> None:
        self.events.append(event)

    def _work(self) -> None:
        text = self.text
        target = Target(
            phase="build",
            name="build.sh",
            script=self.script,
            header=self.header.count("\n"),
            text=text,
            file=str(self.recipe),
            place=lambda _, line: Place(str(self.recipe), line),
            read=self.recipe.read_text,
            prefix=self.prefix,
            work=self.work,
        )
        try:
            with self.debugger.tracing(target, self.folder / "trace", self._sink) as traced:
                self._began.set()
                self.finished = run(
                    ["bash", *(["-o", "errexit"] if self.errexit else []), str(self.script)],
                    cwd=self.work,
                    env={**os.environ, "PREFIX": str(self.prefix), "BASH_ENV": str(traced.prelude)},
                    on_line=self.lines.append,
                    cancel=self.cancel,
                    pty=True,
                    settling=traced.settling,
                )
                traced.status = self.finished.status
        except Interrupted:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self._began.set()

    # -- for tests ------------------------------------------------------------------------------------------------

    def stop(self) -> Stop:
        """The next stop; fails when the script ends instead."""
        found = self.debugger.wait(20)
        assert found is not None, (self.debugger.state, self.lines, self.error)
        return found

    def at(self) -> tuple[int | None, str]:
        found = self.stop()
        return found.text_line, found.command

    def end(self) -> int:
        """Wait for the end; the exit status."""
        assert self.debugger.wait(20) is None, self.debugger.stop
        self._thread.join(20)
        assert self.error is None, self.error
        assert self.finished is not None
        return self.finished.status

    def edit(self, old: str, new: str) -> None:
        text = self.recipe.read_text()
        assert old in text
        self.recipe.write_text(text.replace(old, new))

    def join(self) -> None:
        self._thread.join(20)

    def close(self) -> None:
        self.cancel.request()
        self._thread.join(20)


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Callable[..., Traced]]:
    made: list[Traced] = []

    def traced(
        text: str, *, errexit: bool = True, debugger: Debugger | None = None, header: str = "", **options: object
    ) -> Traced:
        debugger = debugger or Debugger(**options)  # type: ignore[arg-type]
        one = Traced(tmp_path / f"run{len(made)}", text, debugger, errexit, header=header)
        made.append(one)
        return one.start()

    yield traced
    for one in made:
        one.close()
