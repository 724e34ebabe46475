from pathlib import Path

import pytest

from cbw_core.events import Recorder
from cbw_core.layout import Layout
from cbw_core.session.changes import edits
from cbw_core.session.disk import trees
from cbw_core.session.kept import Kept


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """A work folder as source leaves it, with its snapshot."""
    layout = Layout(tmp_path / "session")
    layout.work.mkdir(parents=True)
    for name in ("main.c", "configure", "README"):
        (layout.work / name).write_text(name)
    found = Kept(layout)
    found.work.take()
    return found


def begin(kept: Kept) -> None:
    trees.write_manifest(kept.begun, trees.scan(kept.layout.work))


def end(kept: Kept) -> None:
    trees.write_manifest(kept.built, trees.scan(kept.layout.work))


def write(kept: Kept, **files: str) -> None:
    for name, text in files.items():
        (kept.layout.work / name.replace("_", ".")).write_text(text)


def test_a_file_changed_before_the_build_ran_is_carried(kept: Kept) -> None:
    write(kept, main_c="fixed")
    assert edits.by_hand(kept) == edits.Edits(carried=("main.c",))


def test_what_the_build_changed_is_not_an_edit(kept: Kept) -> None:
    begin(kept)
    write(kept, configure="made again by the build", main_o="object")
    end(kept)
    write(kept, main_c="fixed")
    assert edits.by_hand(kept) == edits.Edits(carried=("main.c",))


def test_a_file_that_both_change_and_a_new_one_cannot_be_carried(kept: Kept) -> None:
    begin(kept)
    write(kept, configure="made again by the build")
    end(kept)
    write(kept, configure="and again by hand", new_h="by hand")
    assert edits.by_hand(kept) == edits.Edits(others=("configure", "new.h"))


def test_all_that_a_killed_build_changed_may_be_an_edit(kept: Kept) -> None:
    begin(kept)
    write(kept, configure="half", main_o="object", README="README")
    assert edits.by_hand(kept) == edits.Edits(others=("configure", "main.o"))


def test_an_edit_of_an_edit_is_seen(kept: Kept) -> None:
    write(kept, main_c="first")
    edits.keep(kept, edits.by_hand(kept))
    begin(kept)
    end(kept)
    write(kept, main_c="second")
    assert edits.by_hand(kept).carried == ("main.c",)


def test_an_edit_taken_back_by_hand_is_kept_no_longer(kept: Kept) -> None:
    write(kept, main_c="fixed")
    assert edits.keep(kept, edits.Edits(("main.c",))) == ("main.c",)
    write(kept, main_c="main.c")
    assert edits.keep(kept, edits.Edits(("main.c",))) == ()
    assert trees.scan(kept.edits) == {}


def test_kept_edits_go_over_a_restored_folder(kept: Kept) -> None:
    write(kept, main_c="fixed")
    edits.keep(kept, edits.Edits(("main.c",)))
    kept.work.restore()
    seen = Recorder()
    assert edits.apply(kept, seen) == ("main.c",)
    assert (kept.layout.work / "main.c").read_text() == "fixed"
    assert any("main.c" in note for note in seen.notes())


def test_a_script_of_ours_that_a_person_changed_is_kept_and_told(kept: Kept) -> None:
    seen = Recorder()
    with edits.rewriting_scripts(kept, seen):
        (kept.layout.work / "conda_build.sh").write_text("ours")
    (kept.layout.work / "conda_build.sh").write_text("ours, with set -x")
    assert seen.notes() == []
    with edits.rewriting_scripts(kept, seen):
        (kept.layout.work / "conda_build.sh").write_text("ours")
    (aside,) = kept.layout.private.glob("edits-*")
    assert (aside / "conda_build.sh").read_text() == "ours, with set -x"
    assert any(str(aside) in note for note in seen.notes())


def test_scripts_are_not_edits_of_the_sources(kept: Kept) -> None:
    (kept.layout.work / "conda_build.sh").write_text("changed")
    assert edits.by_hand(kept) == edits.Edits()


def test_a_file_removed_by_hand_is_seen_and_stays_away(kept: Kept) -> None:
    (kept.layout.work / "README").unlink()
    assert edits.by_hand(kept) == edits.Edits(removed=("README",))
    edits.keep(kept, edits.by_hand(kept))
    kept.work.restore()
    assert edits.apply(kept, Recorder()) == ("README (removed)",)
    assert not (kept.layout.work / "README").exists()
    kept.work.restore()  # by hand it comes back
    edits.keep(kept, edits.Edits(("README",)))
    edits.apply(kept, Recorder())
    assert (kept.layout.work / "README").exists()


def test_what_the_build_removed_or_changed_is_not_removed_by_hand(kept: Kept) -> None:
    begin(kept)
    (kept.layout.work / "README").unlink()
    write(kept, configure="made again by the build")
    end(kept)
    (kept.layout.work / "configure").unlink()
    assert edits.by_hand(kept) == edits.Edits()


def test_an_empty_work_folder_is_no_edit(kept: Kept) -> None:
    for file in kept.layout.work.iterdir():
        file.unlink()
    assert edits.by_hand(kept) == edits.Edits()
