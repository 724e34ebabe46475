from pathlib import Path

from cbw_core.session import edits, trees


def prepared(tmp_path: Path) -> tuple[Path, dict[str, trees.Signature]]:
    work = tmp_path / "work"
    work.mkdir()
    for name in ("main.c", "configure", "README"):
        (work / name).write_text(name)
    (work / "conda_build.sh").write_text("ours")
    return work, trees.scan(work)


def test_a_file_changed_before_the_build_ran_is_an_edit(tmp_path: Path) -> None:
    work, as_prepared = prepared(tmp_path)
    (work / "main.c").write_text("fixed")
    assert edits.by_hand(work, as_prepared, None) == ("main.c",)


def test_what_the_build_changed_is_not_an_edit(tmp_path: Path) -> None:
    work, as_prepared = prepared(tmp_path)
    (work / "configure").write_text("made again by the build")
    as_built = trees.scan(work)
    (work / "configure").write_text("and again by hand")
    (work / "main.c").write_text("fixed")
    (work / "main.o").write_text("object")
    assert edits.by_hand(work, as_prepared, as_built) == ("main.c",)


def test_our_own_scripts_are_not_edits(tmp_path: Path) -> None:
    work, as_prepared = prepared(tmp_path)
    (work / "conda_build.sh").write_text("changed")
    assert edits.by_hand(work, as_prepared, None) == ()


def test_kept_edits_go_over_a_restored_folder(tmp_path: Path) -> None:
    work, as_prepared = prepared(tmp_path)
    (work / "main.c").write_text("fixed")
    edits.keep(work, tmp_path / "edits", edits.by_hand(work, as_prepared, None))
    (work / "main.c").write_text("main.c")
    assert edits.apply(tmp_path / "edits", work) == ("main.c",)
    assert (work / "main.c").read_text() == "fixed"
