"""Nothing that a person wrote in the work folder is lost: it goes into the next build, or is kept and told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import BuildError
from cbw_core.events import Recorder
from cbw_core.session import Phase, Session, State
from support.sessions import Start, ran


def put_by(session: Session, seen: Recorder) -> Path:
    """The one folder that edits were put into, which a note must have named."""
    (folder,) = session.layout.private.glob("edits-*")
    assert any(str(folder) in note for note in seen.notes())
    return folder


def packaged(session: Session) -> str:
    return (session.layout.host_prefix / "share/greeting/hello.txt").read_text()


def test_an_edit_of_an_edited_file_goes_into_the_next_build(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    for text in ("first\n", "second\n", "third\n"):
        (session.layout.work / "hello.txt").write_text(text)
        session.rerun(Phase.BUILD)
        assert packaged(session) == text


def test_an_edit_stays_through_builds_and_goes_when_it_is_taken_back(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    (session.layout.work / "hello.txt").write_text("edited\n")
    for _ in range(2):
        session.rerun(Phase.BUILD)
        assert packaged(session) == "edited\n"
    (session.layout.work / "hello.txt").write_text("hello\n")
    for _ in range(2):
        session.rerun(Phase.BUILD)
        assert packaged(session) == "hello\n"


def test_a_new_file_is_kept_when_the_build_runs_again(greeting: Path, start: Start) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.BUILD)
    (session.layout.work / "notes").mkdir()
    (session.layout.work / "notes/mine.txt").write_text("dear diary")
    session.rerun(Phase.BUILD, sink=seen)
    assert (put_by(session, seen) / "notes/mine.txt").read_text() == "dear diary"


def test_an_edit_of_a_file_that_the_build_changes_too_is_kept(greeting: Path, start: Start) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.BUILD)
    (session.layout.work / "other.txt").write_text("by hand")
    session.rerun(Phase.BUILD, sink=seen)
    assert (put_by(session, seen) / "other.txt").read_text() == "by hand"
    assert (session.layout.work / "other.txt").read_text() == "-more\n"


def test_an_edit_is_kept_when_source_runs_again(greeting: Path, start: Start) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.BUILD)
    (session.layout.work / "hello.txt").write_text("edited\n")
    (greeting / "src/new.txt").write_text("the recipe's sources changed")
    session.run(Phase.BUILD, sink=seen)
    assert (put_by(session, seen) / "hello.txt").read_text() == "edited\n"
    assert packaged(session) == "hello\n"


def test_an_edit_is_kept_when_its_phases_are_rewound(greeting: Path, start: Start) -> None:
    for phase in (Phase.SOURCE, Phase.ENV, Phase.BUILD):
        session, seen = start(greeting), Recorder()
        session.run(Phase.BUILD)
        (session.layout.work / "hello.txt").write_text("edited\n")
        session.rewind(phase, sink=seen)
        assert (put_by(session, seen) / "hello.txt").read_text() == "edited\n"


def test_an_edited_build_script_is_kept_and_told(greeting: Path, start: Start) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.ENV)
    script = session.layout.build_file
    edited = script.read_text() + "\necho one line more\n"
    script.write_text(edited)
    session.run(Phase.BUILD, sink=seen)
    assert (put_by(session, seen) / "conda_build.sh").read_text() == edited


def test_a_build_run_by_hand_before_the_first_one_is_not_packaged(greeting: Path, start: Start) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.ENV)
    (session.layout.host_prefix / "share").mkdir()
    (session.layout.host_prefix / "share/stray.txt").write_text("from a shell")
    (session.layout.work / "hello.txt").write_text("edited\n")
    (session.layout.work / "made-by-build.txt").write_text("left by the hand-run build")
    session.run(Phase.BUILD, sink=seen)
    assert not (session.layout.host_prefix / "share/stray.txt").exists()
    assert packaged(session) == "edited\n"
    assert (put_by(session, seen) / "made-by-build.txt").exists()
    assert any("by hand" in note and "stray" in note for note in seen.notes())


def test_a_new_file_made_before_the_first_build_is_there_for_it(greeting: Path, start: Start) -> None:
    (greeting / "build.sh").write_text("test -f config.site\n" + (greeting / "build.sh").read_text())
    session = start(greeting)
    session.run(Phase.ENV)
    (session.layout.work / "config.site").write_text("x=1")
    session.run(Phase.BUILD)
    assert session.status()[Phase.BUILD].state is State.DONE and ran(greeting) == 1


def test_a_removed_source_file_is_missing_from_every_build_until_it_is_put_by(greeting: Path, start: Start) -> None:
    session, seen = start(greeting), Recorder()
    session.run(Phase.ENV)
    (session.layout.work / "hello.txt").unlink()
    for _ in range(2):  # the first build runs in the folder as it is, the second in a restored one
        with pytest.raises(BuildError, match=r"cp hello\.txt"):
            session.run(Phase.BUILD)
    session.rewind(Phase.BUILD, sink=seen)
    assert any("hello.txt" in note for note in seen.notes("hint"))
    session.run(Phase.BUILD)
    assert packaged(session) == "hello\n"


def test_a_removed_folder_is_missing_from_the_next_builds(recipe: Callable[..., Path], start: Start) -> None:
    meta = "package: {name: sys, version: '1'}\nsource: {path: src}\nbuild: {script: [ls > $PREFIX/seen.txt]}\n"
    session = start(recipe("sys", meta, **{"src/main.c": "", "src/vendor/lib/a.h": "", "src/vendor/b.h": ""}))
    session.run(Phase.BUILD)
    assert "vendor" in (session.layout.host_prefix / "seen.txt").read_text()
    shutil.rmtree(session.layout.work / "vendor")
    for _ in range(2):
        session.rerun(Phase.BUILD)
        seen = (session.layout.host_prefix / "seen.txt").read_text()
        assert "vendor" not in seen and "main.c" in seen


def test_an_emptied_work_folder_is_made_again(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.ENV)
    for file in session.layout.work.iterdir():
        file.unlink()
    assert "work folder" in session.status()[Phase.SOURCE].why_stale
    session.run(Phase.BUILD)
    assert packaged(session) == "hello\n"


def test_a_work_folder_that_has_only_our_scripts_is_made_again(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    shutil.rmtree(session.layout.work)
    session.rerun(Phase.ENV)  # writes the scripts
    assert "work folder" in session.status()[Phase.SOURCE].why_stale
    session.run(Phase.BUILD)
    assert packaged(session) == "hello\n"
