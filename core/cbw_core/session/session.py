"""Session: one output of one recipe being worked on; its phases run, run again, undone."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cbw_core.config import Config
from cbw_core.errors import CbwError, UsageError, from_os_error
from cbw_core.events import Sink, silent
from cbw_core.layout import Layout
from cbw_core.process import Cancel
from cbw_core.session import aside, edits, live, locks, rendering
from cbw_core.session import ledger as ledgers
from cbw_core.session.kept import Kept
from cbw_core.session.ledger import Ledger
from cbw_core.session.look import Look
from cbw_core.session.model import Phase, PhaseStatus, SessionStatus, State
from cbw_core.session.rendering import Rendering
from cbw_core.session.status import phase_statuses

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.test import TestPlan
    from cbw_core.trace import Debugger

T = TypeVar("T")
_SETTLED = (State.DONE, State.SKIPPED)


class _Cached(Generic[T]):
    """A file's data, read again when the file is another one: our files are replaced, never written into."""

    def __init__(self, file: Path, read: Callable[[Path], T]) -> None:
        self._file, self._read = file, read
        self._known: tuple[tuple[int, int, int], T] | None = None

    @property
    def value(self) -> T:
        try:
            info = self._file.stat()
        except FileNotFoundError:
            return self._read(self._file)  # which says what is missing
        key = (info.st_ino, info.st_mtime_ns, info.st_size)
        if self._known is None or self._known[0] != key:
            self._known = (key, self._read(self._file))
        return self._known[1]


class Session:
    """A session folder, opened. Everything it knows is on disk: two Sessions of one folder agree."""

    def __init__(self, root: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.environ: Mapping[str, str] = dict(os.environ) if environ is None else environ
        self._ledger = _Cached(root / "ledger.json", ledgers.read)
        # it runs because another output needs it: that one stays the session a person works in
        self.helping = False
        # its build goes on in the work folder and prefix as the last run left them
        self.dirty = False
        # what stops the scripts of this session's phases on their way; they run in the thread that called `run`
        self.debugger: Debugger | None = None

    # -- what it is -----------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        return self._ledger.value

    @cached_property
    def config(self) -> Config:
        return Config.from_json(self.ledger.config)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.root, self.config.prefix_length, self.config.long_test_prefix)

    @cached_property
    def kept(self) -> Kept:
        return Kept(self.layout)

    @cached_property
    def is_package(self) -> bool:
        """Whether it was made for a package file: only its test phase is to run."""
        return self.ledger.kind == "package"

    @cached_property
    def recipe(self) -> Path:
        """The recipe's folder or meta.yaml as it was given; the package for a package's session."""
        return Path(self.ledger.target)

    @cached_property
    def _rendering(self) -> _Cached[Rendering]:
        return _Cached(self.kept.rendering, rendering.read)

    @property
    def rendering(self) -> Rendering:
        return self._rendering.value

    @cached_property
    def _output(self) -> _Cached[Output]:
        return _Cached(self.kept.rendering, rendering.read_chosen)

    @property
    def output(self) -> Output:
        """The output as last rendered."""
        return self._output.value

    def keep_rendering(self, fresh: Rendering, output: Output) -> None:
        rendering.write(self.kept.rendering, fresh.choosing(output))

    @property
    def package(self) -> Path:
        """The package under test. UsageError when there is none yet."""
        made = str(self.recipe) if self.is_package else self.ledger[Phase.PACKAGE].result.get("package")
        if not made or not Path(made).exists():
            raise UsageError(
                f"there is no package of {self.output.name} to test",
                kind="session",
                hint="`cbw run package` makes it.",
            )
        return Path(made)

    # -- the other outputs of the recipe --------------------------------------------------------------------------

    @cached_property
    def parent(self) -> Session | None:
        """The session this one was made for: the folder it lies in belongs to that one."""
        if self.ledger.parent is None:
            return None
        beside = self.root.parent.parent  # also when the whole has been moved
        root = beside if (beside / "ledger.json").is_file() else Path(self.ledger.parent)
        return Session(root, environ=self.environ)

    @property
    def head(self) -> Session:
        """The session that stands for the recipe: this one, or the one it was made for."""
        return self.parent or self

    def for_output(self, output: Output) -> Session:
        """The session of an output of this recipe, made when absent."""
        from cbw_core.session.store import sibling

        return sibling(self.head, output)

    def siblings(self) -> tuple[Session, ...]:
        """The sessions that were made for other outputs of the recipe; they lie in the head's folder."""
        ledgers_ = sorted(self.root.glob("outputs/*/ledger.json"))
        return tuple(Session(file.parent, environ=self.environ) for file in ledgers_)

    def helper(self, output: Output) -> Session:
        """The session of an output that this one needs, made when absent; it does not become the last one used."""
        session = self.for_output(output)
        session.helping = True
        session.debugger = self.debugger
        return session

    @property
    def needed_outputs(self) -> tuple[Output, ...]:
        """The outputs of this recipe that this one's build or host environment needs, in build order."""
        if self.is_package:
            return ()
        mine = self.output
        return tuple(o for o in self.rendering.outputs if o.dist in mine.siblings and o.dist != mine.dist)

    @property
    def base_output(self) -> Output | None:
        """The top level whose build this output starts from: there is one when the recipe has a script of its own
        above its outputs (conda-build runs it first and hands its files to the outputs)."""
        from cbw_core import build

        if self.is_package or not self.output.is_output or not self.rendering.toplevel:
            return None
        mine = self.output
        tops = self.rendering.toplevel
        top = max(tops, key=lambda t: sum(t.variant.get(k) == v for k, v in mine.variant.items()))
        return None if build.script_of(top) is None else top

    # -- how it stands --------------------------------------------------------------------------------------------

    def status(self, look: Look | None = None) -> SessionStatus:
        """How every phase stands now. Reads files only. look: what was already seen of the recipe's other outputs."""
        book, layout, output = self.ledger, self.layout, self.output
        paths = {
            "root": self.root, "work": layout.work, "host_prefix": layout.host_prefix,
            "build_prefix": layout.build_prefix, "test_prefix": layout.test_prefix, "env_file": layout.env_file,
            "build_file": layout.build_file, "test_env_file": layout.test_env_file, "test_runner": layout.test_runner,
            "ledger": layout.ledger, "events": layout.events, "logs": layout.logs,
        }  # fmt: skip
        made = book[Phase.PACKAGE].result.get("package")
        return SessionStatus(
            root=str(self.root),
            recipe=str(self.recipe),
            output="TOPLEVEL" if output.is_toplevel else output.dist,
            phases=phase_statuses(self, look or Look(self.head), book, locked=locks.is_held(self.root)),
            paths={**{k: str(v) for k, v in paths.items()}, **({"package": made} if made else {})},
            channels=self.config.channels,
            variant={k: output.variant.get(k) for k in output.used_vars},
            activation=f"cd {shlex.quote(str(layout.work))} && source {shlex.quote(str(layout.env_file))}",
            env_changes=tuple(f"{change.env}: {change}" for change in live.read(self).changes),
        )

    def group(self) -> tuple[SessionStatus, ...]:
        """This recipe's outputs in build order (the top level first, where it has a script)."""
        return Look(self.head).group()

    # -- doing ----------------------------------------------------------------------------------------------------

    def step(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus | None:
        """Run the next phase that is not done. None when nothing is left."""
        phase = self.status().next_phase
        return None if phase is None else self._perform(phase, sink, cancel)

    def run(self, upto: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> tuple[PhaseStatus, ...]:
        """Run what is not done, up to and with `upto`; returns the phases that ran. Raises the CbwError of a phase that
        fails, after the ledger has it."""
        ran: list[PhaseStatus] = []
        status = self.status()
        for phase in (*upto.before(), upto):
            if status[phase].state not in _SETTLED:
                ran.append(self._perform(phase, sink, cancel))
                status = self.status()
        return tuple(ran)

    def rerun(self, phase: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus:
        """Run exactly this phase again, from the state that the one before it left."""
        status = self.status()
        if status[phase].state is State.SKIPPED:
            raise UsageError(
                f"this session has no {phase} phase", kind="session", hint="`cbw status` shows its phases."
            )
        missing = [p for p in phase.before() if status[p].state not in (*_SETTLED, State.STALE)]
        if missing:
            raise UsageError(
                f"cannot run {phase} again: {missing[0]} is {status[missing[0]].state}",
                kind="session",
                hint=f"`cbw run {phase}` runs what is not done, and then {phase}.",
            )
        return self._perform(phase, sink, cancel)

    def rewind(self, phase: Phase, *, sink: Sink = silent) -> None:
        """Put files back to what they were before `phase`; it and the phases after it are pending then."""
        from cbw_core.session.phases import CODE

        undone = (phase, *phase.after())
        with self.working():
            book = self.ledger
            self.save(book.interrupted(undone))  # so that one that dies on the way leaves none as done
            for later in reversed(undone):
                if book.has_run(later):
                    CODE[later].undo(self, sink, phase)
            self.save(self.ledger.reset(undone))

    def prepare_test(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> TestPlan:
        """The test environment and its scripts, without running them (`conda debug PACKAGE`)."""
        from cbw_core.session.phases import test

        if not self.is_package:
            self.run(Phase.PACKAGE, sink=sink, cancel=cancel)
        with self.working():
            return test.prepare(self, sink, cancel or Cancel())

    def test_plan(self) -> TestPlan:
        """The tests there are: the package's own in a session of a package, else those of the recipe."""
        from cbw_core import test

        return test.plan_of_package(self.package) if self.is_package else test.plan_for(self.output)

    def run_tests(self, numbers: Sequence[int], *, sink: Sink = silent, cancel: Cancel | None = None) -> None:
        """Run single tests, numbered from 1 as in `test_plan().steps`, in the test environment; the package and the
        environment are made where there are none. What the ledger says of the test phase stays. Raises what the phase
        raises, and UsageError for a number no test has."""
        from cbw_core.session.journal import Journal
        from cbw_core.session.phases import test

        if not self.is_package:
            self.run(Phase.PACKAGE, sink=sink, cancel=cancel)
        try:
            with self.working(), Journal(self.layout, Phase.TEST, sink) as journal:
                test.run_steps(self, numbers, journal, cancel or Cancel())
        except CbwError as error:
            error.phase = error.phase or Phase.TEST.value
            raise

    def test_is_ready(self) -> bool:
        """Whether there is a test environment of the package and the tests as they are now."""
        from cbw_core.session.phases import test

        return test.is_prepared(self)

    def _perform(self, phase: Phase, sink: Sink, cancel: Cancel | None) -> PhaseStatus:
        from cbw_core.session.performing import perform

        return perform(self, phase, sink, cancel or Cancel())

    # -- for the phases -------------------------------------------------------------------------------------------

    def write_scripts(self, sink: Sink) -> None:
        """build_env_setup.sh, conda_build.sh and metadata_conda_debug.yaml, in the work folder."""
        from cbw_core import build
        from cbw_core.render import to_yaml

        self.layout.work.mkdir(parents=True, exist_ok=True)
        with edits.rewriting_scripts(self.kept, sink):
            (self.layout.work / "metadata_conda_debug.yaml").write_text(to_yaml(self.output), encoding="utf-8")
            build.write_scripts(self.output, self.layout, self.config, environ=self.environ, sink=sink)

    def save(self, book: Ledger) -> None:
        ledgers.write(self.layout.ledger, book)

    def record(self, phase: Phase, **changes: Any) -> None:
        """Change fields of a phase's PhaseRecord in the ledger."""
        self.save(self.ledger.with_phase(phase, **changes))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold the session while its files are changed, and make it the last one used."""
        from cbw_core.session.store import remember

        with locks.held(self.root):
            try:
                aside.bring_back(self.layout)
                if not self.helping:
                    remember(self.config, self.root, self.recipe)
                yield
            except OSError as error:
                raise from_os_error(error, f"working in the session {self.root}") from error
