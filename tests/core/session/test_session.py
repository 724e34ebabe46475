"""Sessions over the real engine, with recipes that need no channel and run through all phases in about a second."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import BuildError, CbwError, Interrupted, UsageError
from cbw_core.events import LogLine, PhaseEnded, PhaseStarted, Recorder
from cbw_core.process import Cancel
from cbw_core.session import (
    PHASES,
    Phase,
    Session,
    State,
    choose,
    create,
    last_session,
    open_session,
    plan,
    purge,
    sessions,
)
from cbw_core.session.disk import trees

META = """\
package:
  name: greeting
  version: "1.0"
source:
  path: src
build:
  number: 0
  noarch: generic
test:
  commands:
    - test -f $PREFIX/share/greeting/hello.txt
about:
  summary: says hello
"""
BUILD_SH = """\
mkdir -p $PREFIX/share/greeting
cp hello.txt $PREFIX/share/greeting/
echo made > made-by-build.txt
echo "run" >> $RECIPE_DIR/../runs.txt
"""

Write = Callable[..., Path]


@pytest.fixture
def greeting(recipe: Write) -> Path:
    return recipe("greeting", META, **{"build.sh": BUILD_SH, "src/hello.txt": "hello\n"})


@pytest.fixture
def start(config: Config, world: Mapping[str, str]) -> Callable[[Path], Session]:
    def make(folder: Path, pattern: str | None = None) -> Session:
        made = plan(folder, config, environ=world)
        return create(made, choose(made, pattern), config, environ=world)

    return make


def states(session: Session) -> dict[str, str]:
    return {p.phase.value: p.state.value for p in session.status().phases}


def runs(folder: Path) -> int:
    file = folder.parent / "runs.txt"
    return len(file.read_text().splitlines()) if file.exists() else 0


def tree(root: Path) -> dict[str, bytes | str | None]:
    found: dict[str, bytes | str | None] = {}
    for path in trees.scan(root):
        file = root / path
        found[path] = str(file.readlink()) if file.is_symlink() else None if file.is_dir() else file.read_bytes()
    return found


def test_a_new_session_is_rendered_and_nothing_else(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    assert states(session) == {p.value: "done" if p is Phase.RENDER else "pending" for p in PHASES}


def test_steps_go_through_all_phases_and_then_there_is_nothing_left(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    taken = []
    while (status := session.step()) is not None:
        assert status.state is State.DONE
        taken.append(status.phase)
    assert taken == list(PHASES[1:])
    package = Path(session.status().paths["package"])
    assert package.name.startswith("greeting-1.0-") and package.parent.name == "noarch"


def test_run_runs_only_what_is_not_done(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    assert [p.phase for p in session.run(Phase.BUILD)] == [Phase.SOURCE, Phase.ENV, Phase.BUILD]
    assert session.run(Phase.BUILD) == ()
    assert runs(greeting) == 1


def test_events_tell_each_phase_and_its_log_lines(greeting: Path, start: Callable[[Path], Session]) -> None:
    (greeting / "build.sh").write_text(BUILD_SH + "echo a line from the script\n")
    session, seen = start(greeting), Recorder()
    session.run(Phase.BUILD, sink=seen)
    began = [e.phase for e in seen.events if isinstance(e, PhaseStarted)]
    ended = [(e.phase, e.state) for e in seen.events if isinstance(e, PhaseEnded)]
    assert began == ["source", "env", "build"]
    assert ended == [("source", "done"), ("env", "done"), ("build", "done")]
    assert any(isinstance(e, LogLine) and e.text == "a line from the script" for e in seen.events)
    assert "a line from the script" in session.layout.log(Phase.BUILD).read_text()
    kept = [json.loads(line) for line in session.layout.events.read_text().splitlines()]
    assert [e["phase"] for e in kept if e["event"] == "PhaseEnded"] == ["source", "env", "build"]


def test_editing_the_test_section_makes_only_render_and_test_run_again(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    (greeting / "meta.yaml").write_text(META.replace("    - test -f", "    - echo more\n    - test -f"))
    assert session.status()[Phase.RENDER].state is State.STALE
    assert session.status()[Phase.RENDER].why_stale == ("meta.yaml",)
    assert [p.phase for p in session.run(Phase.TEST)] == [Phase.RENDER, Phase.TEST]
    assert runs(greeting) == 1


def test_editing_about_packages_again_but_builds_nothing(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    (greeting / "meta.yaml").write_text(META.replace("says hello", "says hello, nicely"))
    assert [p.phase for p in session.run(Phase.TEST)] == [Phase.RENDER, Phase.PACKAGE, Phase.TEST]
    assert runs(greeting) == 1


def test_editing_the_build_script_builds_again_from_a_clean_work_folder(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    (greeting / "build.sh").write_text("test ! -e made-by-build.txt\n" + BUILD_SH)
    status = session.status()[Phase.BUILD]
    assert status.state is State.STALE and any("script" in why or "build.sh" in why for why in status.why_stale)
    session.run(Phase.BUILD)
    assert runs(greeting) == 2


def test_editing_the_source_makes_everything_after_it_stale(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    (greeting / "src/hello.txt").write_text("good evening\n")
    shown = states(session)
    assert {name for name, state in shown.items() if state == "stale"} == {"source", "build", "post", "package", "test"}
    session.run(Phase.TEST)
    assert (session.layout.host_prefix / "share/greeting/hello.txt").read_text() == "good evening\n"


def test_rerunning_build_brings_back_a_deleted_file(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    made = session.layout.host_prefix / "share/greeting/hello.txt"
    made.unlink()
    session.rerun(Phase.BUILD)
    assert made.read_text() == "hello\n"


def test_rewinding_build_leaves_work_and_prefix_as_after_env(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    session.run(Phase.ENV)
    before = tree(session.layout.work), tree(session.layout.host_prefix)
    session.run(Phase.TEST)
    session.rewind(Phase.BUILD)
    assert (tree(session.layout.work), tree(session.layout.host_prefix)) == before
    assert states(session)["build"] == "pending" and states(session)["env"] == "done"
    session.run(Phase.TEST)


@pytest.mark.parametrize("phase", PHASES[1:])
def test_after_rewinding_any_phase_the_session_goes_on_to_the_same_package(
    phase: Phase, greeting: Path, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    first = session.status()[Phase.PACKAGE].result["sha256"]
    session.rewind(phase)
    assert states(session)[phase.value] == "pending"
    session.run(Phase.TEST)
    assert session.status()[Phase.PACKAGE].result["sha256"] == first


def test_an_edit_made_by_hand_goes_into_the_next_run_of_the_build(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    (session.layout.work / "hello.txt").write_text("edited\n")
    session.rerun(Phase.BUILD)
    assert (session.layout.host_prefix / "share/greeting/hello.txt").read_text() == "edited\n"


def test_rewinding_puts_edits_made_by_hand_aside_and_says_where(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.BUILD)
    (session.layout.work / "hello.txt").write_text("edited\n")
    session.rewind(Phase.BUILD, sink=seen)
    assert (session.layout.work / "hello.txt").read_text() == "hello\n"
    (aside,) = session.layout.private.glob("edits-*")
    assert (aside / "hello.txt").read_text() == "edited\n"
    assert any(str(aside) in note for note in seen.notes())


def test_a_failing_build_is_failed_with_its_error_and_can_be_repaired(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    (greeting / "build.sh").write_text("echo before\nfalse\necho after\n")
    session = start(greeting)
    with pytest.raises(BuildError) as error:
        session.run(Phase.TEST)
    assert error.value.phase == "build"
    status = session.status()[Phase.BUILD]
    assert status.state is State.FAILED and status.error is not None and status.error["line"] == 2
    assert states(session)["post"] == "pending"
    (greeting / "build.sh").write_text(BUILD_SH)
    session.run(Phase.TEST)


def test_a_cancelled_phase_is_interrupted_and_goes_on_later(greeting: Path, start: Callable[[Path], Session]) -> None:
    (greeting / "build.sh").write_text("echo ready\nif [ ! -e $RECIPE_DIR/../go ]; then sleep 60; fi\n" + BUILD_SH)
    session, cancel, ready = start(greeting), Cancel(), threading.Event()

    def watch(event: object) -> None:
        if isinstance(event, LogLine) and event.text == "ready":
            ready.set()

    def ask_to_stop() -> None:
        ready.wait(30)
        cancel.request()

    asker = threading.Thread(target=ask_to_stop)
    asker.start()
    with pytest.raises(Interrupted):
        session.run(Phase.TEST, sink=watch, cancel=cancel)
    asker.join()
    assert states(session)["build"] == "interrupted"
    (greeting.parent / "go").write_text("")
    session.run(Phase.TEST)


def test_a_running_phase_is_seen_as_running_by_others_who_cannot_begin_another(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    (greeting / "build.sh").write_text("echo ready\nsleep 60\n")
    session, cancel, ready = start(greeting), Cancel(), threading.Event()

    def watch(event: object) -> None:
        if isinstance(event, LogLine) and event.text == "ready":
            ready.set()

    def work() -> None:
        with pytest.raises(Interrupted):
            session.run(Phase.BUILD, sink=watch, cancel=cancel)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert ready.wait(30)
        other = open_session(session.root)
        assert states(other)["build"] == "running"
        with pytest.raises(UsageError, match="at work") as error:
            other.run(Phase.BUILD)
        assert error.value.kind == "session-busy"
    finally:
        cancel.request()
        worker.join()


def test_a_build_that_changes_nothing_in_the_prefix_is_told(recipe: Write, start: Callable[[Path], Session]) -> None:
    folder = recipe("empty", "package: {name: empty, version: '1'}\nbuild: {noarch: generic}\n")
    session = start(folder)
    session.run(Phase.PACKAGE)
    assert session.status()[Phase.BUILD].result["new_files"] == 0


def test_a_phase_cannot_be_rerun_before_those_it_stands_on(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    with pytest.raises(UsageError, match="cannot run post again: source is pending"):
        session.rerun(Phase.POST)


def test_rerunning_post_and_package_does_not_build(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    first = session.status()[Phase.PACKAGE].result["sha256"]
    session.rerun(Phase.POST)
    assert states(session)["package"] == "stale"
    session.rerun(Phase.PACKAGE)
    assert runs(greeting) == 1
    assert session.status()[Phase.PACKAGE].result["sha256"] == first


def test_two_sessions_of_one_recipe_make_the_same_package(greeting: Path, start: Callable[[Path], Session]) -> None:
    digests = []
    for _ in range(2):
        session = start(greeting)
        session.run(Phase.PACKAGE)
        digests.append(session.status()[Phase.PACKAGE].result["sha256"])
    assert digests[0] == digests[1]


def test_a_folder_used_again_holds_nothing_of_the_earlier_run(
    greeting: Path, config: Config, world: Mapping[str, str], tmp_path: Path
) -> None:
    made = plan(greeting, config, environ=world)
    first = create(made, choose(made, None), config, path=tmp_path / "here", environ=world)
    first.run(Phase.BUILD)
    (tmp_path / "here/stray").write_text("x")
    create(made, choose(made, None), config, path=tmp_path / "here", environ=world)
    assert sorted(p.name for p in (tmp_path / "here").iterdir()) == [".cbw", "ledger.json"]


def test_a_folder_that_is_no_session_is_not_emptied(
    greeting: Path, config: Config, world: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("dear")
    made = plan(greeting, config, environ=world)
    with pytest.raises(UsageError, match="no session"):
        create(made, choose(made, None), config, path=tmp_path / "mine", environ=world)
    assert (tmp_path / "mine/thesis.txt").read_text() == "dear"


def test_the_last_session_is_the_one_used_last(
    greeting: Path, recipe: Write, config: Config, start: Callable[[Path], Session]
) -> None:
    other = recipe("other", META.replace("greeting", "other"), **{"build.sh": BUILD_SH, "src/hello.txt": "x"})
    first, second = start(greeting), start(other)
    assert last_session(config).root == second.root
    first.step()
    assert last_session(config).root == first.root
    assert last_session(config, other).root == second.root
    assert last_session(config, greeting / "meta.yaml").root == first.root
    assert [info.root for info in sessions(config)] == [str(first.root), str(second.root)]


def test_purging_removes_sessions_and_keeps_packages(
    greeting: Path, config: Config, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    session.run(Phase.PACKAGE)
    package = session.package
    assert purge(config, everything=False) == (session.root,)
    assert package.exists() and not session.root.exists()
    purge(config, everything=True)
    assert not package.exists()


def test_a_recipe_that_breaks_while_it_is_edited_is_told_and_repaired(
    greeting: Path, start: Callable[[Path], Session]
) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    (greeting / "meta.yaml").write_text("package: {name: greeting, version: [}\n")
    with pytest.raises(CbwError) as error:
        session.run(Phase.TEST)
    assert error.value.exit_status == 2 and error.value.phase == "render"
    (greeting / "meta.yaml").write_text(META)
    session.run(Phase.TEST)
    assert runs(greeting) == 1


def test_rewinding_env_leaves_the_work_folder_as_after_source(greeting: Path, start: Callable[[Path], Session]) -> None:
    session = start(greeting)
    session.run(Phase.SOURCE)
    before = tree(session.layout.work)
    session.run(Phase.BUILD)
    session.rewind(Phase.ENV)
    assert tree(session.layout.work) == before
    assert not session.layout.host_prefix.exists()
