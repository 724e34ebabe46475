"""Sessions against a simple model: whatever a person does in whatever order, what must hold holds."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cbw_core.config import Config
from cbw_core.errors import BuildError, CbwError
from cbw_core.events import Event
from cbw_core.session import PHASES, Phase, PhaseStatus, Session, State, choose, create, open_session, plan
from support.sessions import sha256, states, tree

META = """\
package: {{name: model, version: "1.0"}}
source: {{path: ../src}}
build: {{number: 0, noarch: generic}}
test: {{commands: ["echo {test}", "test -f $PREFIX/share/hello.txt"]}}
about: {{summary: "{about}"}}
"""
BUILD = """\
echo {build} > $PREFIX/built.txt
mkdir -p $PREFIX/share obj
cat hello.txt plain.txt > $PREFIX/share/hello.txt
echo object > obj/hello.o
echo log >> generated.txt
"""
WORDS = st.sampled_from(["a", "b"])
AFTER_RENDER = st.sampled_from(PHASES[1:])


class Killed(BaseException):
    """Ends the work where it stands."""


class Sessions(RuleBasedStateMachine):
    """What a person does to a session and its recipe, and what the model expects of it."""

    @initialize()
    def begin(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="cbw-model-"))
        self.recipe, self.sources = self.base / "recipe", self.base / "src"
        self.recipe.mkdir()
        self.sources.mkdir()
        self.now = {"test": "a", "about": "a", "build": "a", "hello": "a", "plain": "a"}
        self.write()
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.base), "SOURCE_DATE_EPOCH": "1700000000",
            "CBW_CROOT": str(self.base / "croot"), "CBW_CACHE": str(self.base / "cache"),
            "XDG_STATE_HOME": str(self.base / "state"),
        }  # fmt: skip
        self.environ = environ
        config = Config.load(environ, override_channels=True)
        made = plan(self.recipe, config, environ=environ)
        self.root = create(made, choose(made, None), config, environ=environ).root
        self.packages: dict[tuple[str, ...], str] = {}
        self.by_hand = ""
        self.plain_removed = self.output_removed = False
        self.by_detour = False
        self.count = 0

    def teardown(self) -> None:
        if hasattr(self, "base"):
            shutil.rmtree(self.base)

    def write(self) -> None:
        (self.recipe / "meta.yaml").write_text(META.format(**self.now))
        (self.recipe / "build.sh").write_text(BUILD.format(**self.now))
        (self.sources / "hello.txt").write_text(self.now["hello"] + "\n")
        (self.sources / "plain.txt").write_text(self.now["plain"] + "\n")
        (self.sources / "generated.txt").write_text("")

    @property
    def session(self) -> Session:
        """Opened anew each time: what one process knew must not matter to the next."""
        return open_session(self.root, environ=self.environ)

    def work(self, do: Callable[[Session], object]) -> None:
        """Do something that runs phases. It fails only where a phase misses what a person removed; then they do what
        the error says, and it does not."""
        try:
            do(self.session)
        except BuildError as error:
            self.by_detour = True
            if error.phase == "build":
                assert self.plain_removed and "plain.txt" in (error.details or "")
                self.session.rewind(Phase.BUILD)
                self.plain_removed = False
            else:
                assert self.output_removed and "share/hello.txt" in f"{error} {error.place} {error.details}"
                self.session.rerun(Phase.BUILD)
            self.output_removed = False
            self.work(do)

    # -- what a person does ---------------------------------------------------------------------------------------

    @rule(what=st.sampled_from(["test", "about", "build", "hello", "plain"]), word=WORDS)
    def edit_recipe(self, what: str, word: str) -> None:
        self.now[what] = word
        self.write()

    @rule()
    def step(self) -> None:
        before = self.session.status().next_phase
        done: list[PhaseStatus | None] = []
        self.by_detour = False
        self.work(lambda session: done.append(session.step()))
        assert self.by_detour or (done[0].phase if done[0] else None) == before

    @rule(phase=st.sampled_from(PHASES))
    def run_to(self, phase: Phase) -> None:
        self.work(lambda session: session.run(phase))
        shown = states(self.session)
        assert all(shown[p] == "done" for p in (*phase.before(), phase))
        assert self.session.run(phase) == ()

    @rule(phase=AFTER_RENDER)
    def rerun(self, phase: Phase) -> None:
        ready = all(states(self.session)[p] in ("done", "stale") for p in phase.before())
        if not ready:
            with pytest.raises(CbwError, match="cannot run"):
                self.session.rerun(phase)
        else:
            try:
                assert self.session.rerun(phase).phase is phase
            except CbwError as error:  # one that stands on files that a person removed
                assert error.hint

    @rule(phase=AFTER_RENDER)
    def rewind(self, phase: Phase) -> None:
        self.session.rewind(phase)
        shown = states(self.session)
        assert all(shown[p] == "pending" for p in (phase, *phase.after()))
        work, prefix = tree(self.session.layout.work), tree(self.session.layout.host_prefix)
        if phase is Phase.SOURCE:
            assert work == {}
        if phase <= Phase.ENV:
            assert prefix == {}
        if phase is Phase.BUILD and shown["env"] == "done":
            scripts = {"build_env_setup.sh", "conda_build.sh", "metadata_conda_debug.yaml"}
            assert set(work) == {"hello.txt", "plain.txt", "generated.txt", *scripts} and prefix == {}
            assert work["generated.txt"][1] == b""

    @rule(phase=st.sampled_from(PHASES), events=st.integers(0, 25))
    def killed(self, phase: Phase, events: int) -> None:
        left = events

        def sink(event: Event) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        with contextlib.suppress(Killed):
            self.work(lambda session: session.run(phase, sink=sink))

    @rule()
    @precondition(lambda self: (self.session.layout.work / "hello.txt").exists())
    def edit_work(self) -> None:
        self.count += 1
        self.by_hand = f"by hand {self.count}\n"
        (self.session.layout.work / "hello.txt").write_text(self.by_hand)

    @rule(what=st.sampled_from(["work", "work/plain.txt", "prefix", "prefix/share/hello.txt", "package", "logs"]))
    def remove(self, what: str) -> None:
        session = self.session
        first, _, rest = what.partition("/")
        if first == "package":
            made = session.status().paths.get("package")
            if made:
                Path(made).unlink(missing_ok=True)
            return
        root = {"work": session.layout.work, "prefix": session.layout.host_prefix, "logs": session.layout.logs}[first]
        if what == "work":
            self.by_hand = ""  # the person threw the edit away
        if what == "work/plain.txt":
            self.plain_removed = True
        if what == "prefix/share/hello.txt":
            self.output_removed = True
        path = root / rest
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @rule()
    def finish(self) -> None:
        self.work(lambda session: session.run(Phase.TEST))
        assert set(states(self.session).values()) == {"done"}

    @rule()
    def finish_from_clean(self) -> None:
        """The same recipe gives the same package, whatever came before."""
        self.session.rewind(Phase.SOURCE)
        self.plain_removed = self.output_removed = False
        self.session.run(Phase.TEST)
        key = (self.now["about"], self.now["build"], self.now["hello"], self.now["plain"], self.now["test"])
        assert self.packages.setdefault(key, sha256(self.session)) == sha256(self.session)

    # -- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def states_are_known(self) -> None:
        status = self.session.status()
        assert State.RUNNING not in {p.state for p in status.phases}
        for phase in status.phases:
            assert bool(phase.why_stale) == (phase.state is State.STALE)

    @invariant()
    def nothing_written_by_hand_is_lost(self) -> None:
        layout = self.session.layout
        places = [layout.work / "hello.txt", *layout.private.glob("edits*/hello.txt")]
        assert not self.by_hand or any(p.exists() and p.read_text() == self.by_hand for p in places)


# The same steps each time, so that a failure is one of the change at hand. A long walk: raise max_examples and leave
# derandomize away.
Sessions.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestSessions = pytest.mark.slow(Sessions.TestCase)
