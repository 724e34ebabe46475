"""A session that does what it is told, under the real commands: the screen is tested apart from the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.pilot import Pilot

from cbw_core.config import Config
from cbw_core.errors import CbwError, Interrupted
from cbw_core.events import Event, PhaseEnded, PhaseStarted, Sink, silent
from cbw_core.process import Cancel
from cbw_core.session import Session, choose, create, plan
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_workbench.commands import Context
from cbw_workbench.tui.app import WorkbenchApp
from cbw_workbench.tui.logbook import LogBook
from cbw_workbench.tui.screens.base import Tools
from cbw_workbench.tui.start import workbench
from cbw_workbench.views import draw

META = "package:\n  name: zoo\n  version: '1.0'\nbuild:\n  noarch: generic\ntest:\n  commands:\n    - 'true'\n"
ZOO = "package: {name: zoo, version: '1.0'}\nbuild: {number: 0}\ntest: {commands: ['true']}\n"
SCRIPT = "set -e\nmkdir -p $PREFIX/share\nfor a in cat dog; do\n  echo $a > $PREFIX/share/$a\ndone\n"

Work = Callable[[Phase, Sink, Cancel], None]


def nothing(phase: Phase, sink: Sink, cancel: Cancel) -> None:
    """A phase that is done at once."""


@dataclass
class FakeSession:
    """The Session API over a dictionary of states. `work` is what every phase does: it may say, fail or wait."""

    root: Path
    recipe: Path
    config: Config
    name: str = "zoo-1.0-0"
    work: Work = nothing
    states: dict[Phase, PhaseStatus] = field(default_factory=dict)
    siblings: list[FakeSession] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    @property
    def head(self) -> FakeSession:
        return self

    def __post_init__(self) -> None:
        for phase in PHASES:
            log = str(self.root / "logs" / f"{phase}.log")
            state = State.DONE if phase is Phase.RENDER else State.PENDING
            self.states.setdefault(phase, PhaseStatus(phase, state, log=log))

    @property
    def layout(self) -> SimpleNamespace:
        return SimpleNamespace(root=self.root, log=lambda phase: self.root / "logs" / f"{phase}.log")

    @property
    def kept(self) -> SimpleNamespace:
        return SimpleNamespace(breakpoints=self.root / "breakpoints.json", timeline=self.root / "timeline.json")

    def set(self, phase: str, state: State, **changes: object) -> None:
        self.states[Phase(phase)] = replace(self.states[Phase(phase)], state=state, **changes)

    def status(self) -> SessionStatus:
        return SessionStatus(
            root=str(self.root),
            recipe=str(self.recipe),
            output=self.name,
            phases=tuple(self.states[p] for p in PHASES),
            paths={"root": str(self.root), "work": str(self.root / "work")},
            channels=("host",),
            variant={"python": "3.12"},
        )

    def group(self) -> tuple[SessionStatus, ...]:
        return tuple(session.status() for session in (self, *self.siblings))

    def step(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus | None:
        self.calls.append("step")
        phase = self.status().next_phase
        return None if phase is None else self._run(phase, sink, cancel or Cancel())

    def run(self, upto: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> tuple[PhaseStatus, ...]:
        self.calls.append(f"run {upto}")
        todo = [p for p in (*upto.before(), upto) if self.states[p].state is not State.DONE]
        return tuple(self._run(p, sink, cancel or Cancel()) for p in todo)

    def rerun(self, phase: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus:
        self.calls.append(f"rerun {phase}")
        return self._run(phase, sink, cancel or Cancel())

    def rewind(self, phase: Phase, *, sink: Sink = silent) -> None:
        self.calls.append(f"rewind {phase}")
        for later in (phase, *phase.after()):
            self.set(later, State.PENDING, error=None, seconds=None)

    def _run(self, phase: Phase, sink: Sink, cancel: Cancel) -> PhaseStatus:
        sink(PhaseStarted(phase, self.name, str(self.root)))
        self.set(phase, State.RUNNING)
        begun = time.monotonic()
        state, error = State.DONE, None
        try:
            self.work(phase, sink, cancel)
        except CbwError as failure:
            failure.phase = phase.value
            state = State.INTERRUPTED if isinstance(failure, Interrupted) else State.FAILED
            error = failure
            raise
        finally:
            told = error.to_json() if error else None
            self.set(phase, state, seconds=time.monotonic() - begun, error=told)
            sink(PhaseEnded(phase, self.name, state, time.monotonic() - begun, str(self.root), told))
        return self.states[phase]


@dataclass
class Says:
    """A phase that says something, in events."""

    events: tuple[Event, ...]

    def __call__(self, phase: Phase, sink: Sink, cancel: Cancel) -> None:
        for event in self.events:
            sink(event)


@dataclass
class Waits:
    """A phase that runs until `go` is set or it is cancelled. `began` is set when it runs."""

    began: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, phase: Phase, sink: Sink, cancel: Cancel) -> None:
        forget = cancel.on_request(self.go.set)
        self.began.set()
        assert self.go.wait(30)
        forget()
        cancel.check()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recipe = tmp_path / "zoo"
    recipe.mkdir()
    (recipe / "meta.yaml").write_text(META)
    (recipe / "build.sh").write_text(SCRIPT)
    return recipe


@pytest.fixture
def session(tmp_path: Path, folder: Path) -> FakeSession:
    config = Config(croot=tmp_path / "croot", cache=tmp_path / "cache", state=tmp_path / "state", channels=("host",))
    return FakeSession(tmp_path / "session", folder, config)


@pytest.fixture
def waits() -> Iterator[Waits]:
    work = Waits()
    yield work
    work.go.set()


class Screen:
    """A running workbench and its pilot, with what tests ask of them."""

    def __init__(self, app: WorkbenchApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def state(self):  # type: ignore[no-untyped-def]
        return self.app.state

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, line: str) -> None:
        """A command at the prompt."""
        await self.pilot.press("colon")
        self.app.screen.command.input.start(line)
        await self.pilot.press("enter")

    async def until(self, holds: Callable[[], object], what: str = "", *, seconds: float = 20) -> None:
        """Let the app work until `holds()`; fail when it does not come to that."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"it never came to that: {what}\n{self.text()}"
            await self.pilot.pause(0.01)

    async def idle(self) -> None:
        """Let commands end and their traces reach the screen."""
        await self.until(lambda: not self.state.jobs and self.app.runner.idle, "idle")
        await self.pilot.pause(0.05)

    async def stands(self, line: int, file: str = "") -> None:
        """Until a script stands at a line, and is looked at."""

        def there() -> bool:
            stop = self.state.standing
            return stop is not None and stop.line == line and stop.file.endswith(file)

        await self.until(there, f"a stop at {file}:{line}")
        await self.until(lambda: self.state.looked.serial == self.state.standing.serial, "a look")
        await self.idle()

    def pane(self, name: str) -> str:
        """What the terminal shows of a widget, by its id."""
        region = self.app.screen.query_one(f"#{name}").region
        rows = self.text().split("\n")[region.y : region.bottom]
        return "\n".join(row[region.x : region.right] for row in rows)

    def line(self, name: str, holds: str) -> str:
        """The row of a widget that holds a text, its words parted by one space."""
        return next((" ".join(row.strip("│ ").split()) for row in self.pane(name).split("\n") if holds in row), "")

    def text(self) -> str:
        """What the terminal shows."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)


@asynccontextmanager
async def opened(app: WorkbenchApp, size: tuple[int, int]) -> AsyncIterator[Screen]:
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        await screen.until(lambda: app.state.rows, "rows")
        await pilot.pause()
        yield screen


@pytest.fixture
def start(config: Config, world: dict[str, str]) -> Callable[[Path], Session]:
    """start(recipe): a real session of a recipe's one output, that needs no channel."""

    def make(recipe: Path) -> Session:
        alone = replace(config, channels=(), override_channels=True)
        made = plan(recipe, alone, environ=world)
        return create(made, choose(made, None), alone, environ=world)

    return make


@pytest.fixture
def open_screen(session: FakeSession):  # type: ignore[no-untyped-def]
    """open_screen(size) -> async context manager that gives a Screen on the fake session."""

    def open_it(size: tuple[int, int] = (80, 24), on: object | None = None):  # type: ignore[no-untyped-def]
        given = on or session
        context = Context(config=given.config, sink=silent, cancel=Cancel(), face="cli", cwd=given.recipe)
        return opened(workbench(context, given), size)

    return open_it


@pytest.fixture
def scripted(start: Callable[[Path], Session], recipe: Callable[..., Path]) -> Callable[..., Session]:
    """scripted(build, **files) -> a session of a recipe with that build.sh, its environment made."""

    def make(build: str, meta: str = ZOO, **files: str) -> Session:
        session = start(recipe("zoo", meta, **{"build.sh": build, **files}))
        session.run(Phase.ENV)
        return session

    return make


__all__ = ["FakeSession", "LogBook", "Says", "Screen", "Tools", "Waits", "draw"]
