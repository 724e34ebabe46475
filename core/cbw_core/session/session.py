"""Session: one output of one recipe being worked on; its phases run, run again, undone."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.config import Config
from cbw_core.errors import BuildError, CbwError, Interrupted, UsageError, from_os_error
from cbw_core.events import Note, PhaseEnded, PhaseStarted, Sink, silent
from cbw_core.layout import Layout
from cbw_core.process import Cancel
from cbw_core.session import aside, edits, locks, rendering, trees
from cbw_core.session import ledger as ledgers
from cbw_core.session.journal import Journal
from cbw_core.session.ledger import Ledger
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_core.session.rendering import Rendering
from cbw_core.session.status import phase_statuses

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.test import TestPlan


class Session:
    """A session folder, opened. Everything it knows is on disk: two Sessions of one folder agree."""

    def __init__(self, root: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.environ: Mapping[str, str] = dict(os.environ) if environ is None else environ
        self._rendering: tuple[tuple[int, int], Rendering] | None = None
        # it runs because another output needs it: that one stays the session a person works in
        self.helping = False

    # -- what it is -----------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        return ledgers.read(self.root / "ledger.json")

    @cached_property
    def config(self) -> Config:
        return Config.from_json(self.ledger.config)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.root, self.config.prefix_length)

    @cached_property
    def is_package(self) -> bool:
        """Whether it was made for a package file: only its test phase is to run."""
        return self.ledger.kind == "package"

    @cached_property
    def recipe(self) -> Path:
        """The recipe's folder or meta.yaml as it was given; the package for a package's session."""
        return Path(self.ledger.target)

    @cached_property
    def parent(self) -> Session | None:
        parent = self.ledger.parent
        return Session(Path(parent), environ=self.environ) if parent else None

    @property
    def rendering(self) -> Rendering:
        file = self.layout.private / "rendering.json"
        info = file.stat()
        key = (info.st_mtime_ns, info.st_ino)
        if self._rendering is None or self._rendering[0] != key:
            self._rendering = (key, rendering.read(file))
        return self._rendering[1]

    @property
    def output(self) -> Output:
        """The output as last rendered."""
        name, toplevel = self.ledger.name, self.ledger.toplevel
        dist = str(self.ledger[Phase.RENDER].result.get("dist", ""))
        all_ = self.rendering.all
        same = [o for o in all_ if o.name == name and o.is_toplevel == toplevel]
        return next((o for o in same if o.dist == dist), same[0])

    def keep_rendering(self, fresh: Rendering, output: Output) -> None:
        rendering.write(self.layout.private / "rendering.json", fresh)
        self._save(replace(self.ledger, name=output.name))

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

    # -- files of its own -----------------------------------------------------------------------------------------

    @property
    def kept_work(self) -> Path:
        return self.layout.private / "work"

    @property
    def after_build(self) -> Path:
        return self.layout.private / "after-build"

    @property
    def edits(self) -> Path:
        return self.layout.private / "edits"

    @property
    def work_manifest(self) -> Path:
        return self.layout.private / "work.json"

    @property
    def built_manifest(self) -> Path:
        return self.layout.private / "work-built.json"

    @property
    def host_manifest(self) -> Path:
        return self.layout.private / "host.json"

    @property
    def build_manifest(self) -> Path:
        return self.layout.private / "build-env.json"

    @property
    def taken_over(self) -> Path:
        return self.layout.private / "taken-over.json"

    @property
    def post_result(self) -> Path:
        return self.layout.private / "post.json"

    def read_manifest(self, file: Path) -> dict[str, trees.Signature]:
        return trees.manifest_from_json(json.loads(file.read_text())) if file.exists() else {}

    # -- the other outputs of the recipe --------------------------------------------------------------------------

    @property
    def head(self) -> Session:
        """The session that stands for the recipe: this one, or the one it was made for."""
        return self.parent or self

    def for_output(self, output: Output) -> Session:
        """The session of an output of this recipe, made when absent."""
        from cbw_core.session.store import sibling

        return sibling(self.head, output)

    def _others(self) -> tuple[Output, ...]:
        return () if self.is_package else self.rendering.outputs

    def needed_siblings(self) -> tuple[Session, ...]:
        """Sessions of the outputs that this output's build or host environment needs, in build order."""
        names = self.output.siblings
        wanted = (o for o in self._others() if o.dist in names and o.dist != self.output.dist)
        return tuple(self._helper(o) for o in wanted)

    def _helper(self, output: Output) -> Session:
        session = self.for_output(output)
        session.helping = True
        return session

    @property
    def base(self) -> Session | None:
        """The TOPLEVEL session whose build this output starts from: there is one when the recipe has a script of its
        own above its outputs (conda-build runs it first and hands its files to the outputs)."""
        from cbw_core import build

        if self.is_package or not self.output.is_output or not self.rendering.toplevel:
            return None
        mine = self.output
        tops = self.rendering.toplevel
        top = max(tops, key=lambda t: sum(t.variant.get(k) == v for k, v in mine.variant.items()))
        return None if build.script_of(top) is None else self._helper(top)

    # -- how it stands --------------------------------------------------------------------------------------------

    def status(self) -> SessionStatus:
        """How every phase stands now. Reads files only."""
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
            phases=phase_statuses(self, book, locked=locks.is_held(self.root)),
            paths={**{k: str(v) for k, v in paths.items()}, **({"package": made} if made else {})},
            channels=self.config.channels,
            variant={k: output.variant.get(k) for k in output.used_vars},
            activation=f"cd {shlex.quote(str(layout.work))} && source {shlex.quote(str(layout.env_file))}",
        )

    def group(self) -> tuple[SessionStatus, ...]:
        """This recipe's outputs in build order (the top level first, where it has a script)."""
        from cbw_core.session.store import group_of

        return group_of(self)

    # -- doing ----------------------------------------------------------------------------------------------------

    def step(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus | None:
        """Run the next phase that is not done. None when nothing is left."""
        phase = self.status().next_phase
        if phase is None:
            return None
        return self._run_one(phase, sink, cancel or Cancel())

    def run(self, upto: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> tuple[PhaseStatus, ...]:
        """Run what is not done, up to and with `upto`; returns the phases that ran. Raises the CbwError of a phase that
        fails, after the ledger has it."""
        done = []
        for phase in (*upto.before(), upto):
            if self.status()[phase].state not in (State.DONE, State.SKIPPED):
                done.append(self._run_one(phase, sink, cancel or Cancel()))
        return tuple(done)

    def rerun(self, phase: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus:
        """Run exactly this phase again, from the state that the one before it left."""
        status = self.status()
        if status[phase].state is State.SKIPPED:
            raise UsageError(
                f"this session has no {phase} phase", kind="session", hint="`cbw status` shows its phases."
            )
        missing = [p for p in phase.before() if status[p].state not in (State.DONE, State.SKIPPED, State.STALE)]
        if missing:
            raise UsageError(
                f"cannot run {phase} again: {missing[0]} is {status[missing[0]].state}",
                kind="session",
                hint=f"`cbw run {phase}` runs what is not done, and then {phase}.",
            )
        return self._run_one(phase, sink, cancel or Cancel())

    def rewind(self, phase: Phase, *, sink: Sink = silent) -> None:
        """Put files back to what they were before `phase`; it and the phases after it are pending then."""
        from cbw_core.session.phases import CODE

        with locks.held(self.root):
            book = self.ledger
            for later in reversed((phase, *phase.after())):
                record = book[later]
                if record.state is not State.SKIPPED and (record.serial or record.state is not State.PENDING):
                    CODE[later].undo(self, sink, phase)
            self._save(self.ledger.reset((phase, *phase.after())))

    def prepare_test(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> TestPlan:
        """The test environment and its scripts, without running them (`conda debug PACKAGE`)."""
        from cbw_core.session.phases import test

        if not self.is_package:
            self.run(Phase.PACKAGE, sink=sink, cancel=cancel)
        with locks.held(self.root):
            return test.prepare(self, sink, cancel or Cancel())

    def write_scripts(self, sink: Sink) -> None:
        """build_env_setup.sh, conda_build.sh and metadata_conda_debug.yaml, in the work folder."""
        from cbw_core import build
        from cbw_core.render import to_yaml

        (self.layout.work / "metadata_conda_debug.yaml").write_text(to_yaml(self.output))
        build.write_scripts(self.output, self.layout, self.config, environ=self.environ, sink=sink)

    def keep_edits(self, sink: Sink, *, carry: bool) -> tuple[str, ...]:
        """Save what a person changed in the work folder. carry: into the next run of the build; else put aside."""
        prepared = self.read_manifest(self.work_manifest)
        built = self.read_manifest(self.built_manifest) if self.built_manifest.exists() else None
        book = self.ledger[Phase.BUILD]
        if built is None and book.touched:
            found: tuple[str, ...] = ()  # the build was killed: what it changed and what a person did look the same
        else:
            found = edits.by_hand(self.layout.work, prepared, built)
            edits.keep(self.layout.work, self.edits, found)
        if not carry and self.edits.exists():
            aside = self.layout.private / f"edits-{time.time_ns() // 1_000_000}"
            self.edits.rename(aside)
            sink(Note(f"edits made by hand in the work folder are kept in {aside}", level="hint"))
        return found

    def touch(self, phase: Phase) -> None:
        """Say that `phase` begins to change files, so that its next run starts from a restored state."""
        self._save(self.ledger.with_phase(phase, touched=True))

    def _save(self, book: Ledger) -> None:
        ledgers.write(self.layout.ledger, book)

    def _record(self, phase: Phase, **changes: Any) -> None:
        self._save(self.ledger.with_phase(phase, **changes))

    @contextmanager
    def _working(self) -> Iterator[None]:
        from cbw_core.session.store import remember

        with locks.held(self.root):
            aside.bring_back(self.layout)
            if not self.helping:
                remember(self.config, self.root, self.recipe)
            yield

    def _run_one(self, phase: Phase, sink: Sink, cancel: Cancel) -> PhaseStatus:
        with self._working(), Journal(self.layout, phase, sink) as journal:
            name = "TOPLEVEL" if self.output.is_toplevel else self.output.dist
            begun = time.monotonic()
            serial = self.ledger[phase].serial + 1
            started = datetime.now(UTC).isoformat(timespec="seconds")
            self._record(
                phase, state=State.RUNNING, started=started, error=None, serial=serial, inputs={}, seconds=None
            )
            journal(PhaseStarted(phase, name, str(self.root)))
            try:
                result = self._call(phase, journal, cancel)
            except CbwError as error:
                error.phase = error.phase or phase.value
                state = State.INTERRUPTED if isinstance(error, Interrupted) else State.FAILED
                self._ended(phase, name, state, begun, journal, error=error)
                raise
            except Exception as error:  # a bug of ours: the ledger must not say that the phase still runs
                told = BuildError(f"a bug in cbw: {error!r}", kind="bug", phase=phase.value)
                self._ended(phase, name, State.FAILED, begun, journal, error=told)
                raise
            self._ended(phase, name, State.DONE, begun, journal, result=result)
        return self.status()[phase]

    def _call(self, phase: Phase, sink: Sink, cancel: Cancel) -> Mapping[str, Any]:
        from cbw_core.session.phases import CODE

        try:
            cancel.check()
            return CODE[phase].run(self, sink, cancel)
        except KeyboardInterrupt:
            raise Interrupted(f"{phase} was interrupted", hint=f"`cbw run {phase}` goes on.") from None
        except OSError as error:
            raise from_os_error(error, f"the {phase} phase") from error

    def _ended(
        self,
        phase: Phase,
        name: str,
        state: State,
        begun: float,
        journal: Journal,
        *,
        result: Mapping[str, Any] | None = None,
        error: CbwError | None = None,
    ) -> None:
        from cbw_core.session.status import current_inputs

        seconds = round(time.monotonic() - begun, 3)
        told = error.to_json() if error else None
        changes: dict[str, Any] = {"state": state, "seconds": seconds, "error": told}
        if result is not None:
            # after the run: only then are the files that rendering reads and the packages of siblings known
            self._record(phase, **changes, result=result)
            changes["inputs"] = current_inputs(self, self.ledger, phase)
        self._record(phase, **changes)
        journal(PhaseEnded(phase, name, state, seconds, str(self.root), told))


__all__ = ["PHASES", "Session"]
