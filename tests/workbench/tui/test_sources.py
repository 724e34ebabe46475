"""Which files the source pane shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cbw_workbench.tui.marks import Mark
from cbw_workbench.tui.sources import read_text, sources_of, stamp


def test_recipe_comes_first_then_its_scripts(session, folder: Path) -> None:  # type: ignore[no-untyped-def]
    (folder / "a-first.sh").touch()
    (folder / "run_test.py").touch()
    (folder / "README").touch()
    titles = [source.title for source in sources_of(session.status())]
    assert titles == ["meta.yaml", "build.sh", "a-first.sh", "run_test.py"]


def test_recipe_given_as_its_file_is_found(session, folder: Path) -> None:  # type: ignore[no-untyped-def]
    status = replace(session.status(), recipe=str(folder / "meta.yaml"))
    assert sources_of(status)[0].path == str(folder / "meta.yaml")


def test_script_as_it_is_run_is_shown_once_it_is_made(session, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    made = tmp_path / "conda_build.sh"
    status = replace(session.status(), paths={"build_file": str(made)})
    assert "conda_build.sh" not in [s.title for s in sources_of(status)]
    made.touch()
    assert sources_of(status)[-1].path == str(made)


def test_file_to_blame_is_shown_wherever_it_lies(session, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "fix.patch").touch()
    found = sources_of(session.status(), [Mark(str(tmp_path / "fix.patch"), 3), Mark(str(tmp_path / "gone"), 1)])
    assert found[-1].title == "fix.patch"


def test_edit_changes_the_stamp(session, folder: Path) -> None:  # type: ignore[no-untyped-def]
    before = stamp(session.status())
    assert stamp(session.status()) == before
    (folder / "build.sh").write_text("other\n")
    assert stamp(session.status()) != before


def test_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "No such file" in read_text(str(tmp_path / "gone"))
