"""Session: one output of one recipe being worked on; its phases run, run again, undone."""

from __future__ import annotations

from collections.abc import Sequence

from cbw_core.events import Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.session import making
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase, PhaseStatus, SessionStatus
from cbw_core.session.phases import test
from cbw_core.session.running import runner
from cbw_core.session.running.runner import work_of
from cbw_core.session.running.status import look_at
from cbw_core.test import TestPlan


class Session(SessionFolder):
    """A session as everybody works with it: what is known of it, how it stands, and the ways to go on with it.

    sink: told of what happens, in the thread that called. cancel: ends the work with Interrupted.
    """

    def for_output(self, output: Output) -> Session:
        """The session of an output of this recipe, made when absent."""
        return making.sibling(self.head, output)

    # -- how it stands --------------------------------------------------------------------------------------------

    def look(self) -> Look:
        """One look at all outputs of the recipe: what is read in it is read once."""
        return look_at(self)

    def status(self) -> SessionStatus:
        """How every phase stands now. Reads files only."""
        return self.look().status(self)

    def group(self) -> tuple[SessionStatus, ...]:
        """This recipe's outputs in build order (the top level first, where it has a script)."""
        return self.look().group()

    # -- doing ----------------------------------------------------------------------------------------------------

    def step(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus | None:
        """Run the next phase that is not done. None when nothing is left."""
        return runner.step(self, work_of(sink, cancel))

    def run(self, upto: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> tuple[PhaseStatus, ...]:
        """Run what is not done, up to and with `upto`; returns the phases that ran. Raises the CbwError of a phase that
        fails, after the ledger has it."""
        return runner.run(self, upto, work_of(sink, cancel))

    def rerun(self, phase: Phase, *, sink: Sink = silent, cancel: Cancel | None = None) -> PhaseStatus:
        """Run exactly this phase again, from the state that the one before it left. UsageError for a phase that the
        session has not, and where one before it was never done."""
        return runner.rerun(self, phase, work_of(sink, cancel))

    def rewind(self, phase: Phase, *, sink: Sink = silent) -> None:
        """Put files back to what they were before `phase`; it and the phases after it are pending then."""
        runner.rewind(self, phase, work_of(sink, None))

    # -- single tests ---------------------------------------------------------------------------------------------

    def test_plan(self) -> TestPlan:
        """The tests there are: the package's own in a session of a package, else those of the recipe."""
        return test.plan_of(self)

    def test_is_ready(self) -> bool:
        """Whether there is a test environment of the package and the tests as they are now."""
        return test.is_prepared(self)

    def prepare_test(self, *, sink: Sink = silent, cancel: Cancel | None = None) -> TestPlan:
        """The test environment and its scripts, without running them (`conda debug PACKAGE`)."""
        return runner.prepare_test(self, work_of(sink, cancel))

    def run_tests(self, numbers: Sequence[int], *, sink: Sink = silent, cancel: Cancel | None = None) -> None:
        """Run single tests, numbered from 1 as in `test_plan().steps`, in the test environment; the package and the
        environment are made where there are none. What the ledger says of the test phase stays. Raises what the phase
        raises, and UsageError for a number no test has."""
        runner.run_tests(self, numbers, work_of(sink, cancel))
