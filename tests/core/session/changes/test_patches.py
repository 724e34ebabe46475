"""Patches made from a session's work folder, entered in the recipe, and made anew."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import BuildError, RecipeError, UsageError
from cbw_core.session import Phase, Session, new_patch, refresh_patch
from cbw_core.session.disk import trees
from support.sessions import Start

META = """\
{% set version = "1.0" %}
package:
  name: thing   # its name
  version: {{ version }}
source:
  - path: src  # [linux]
    # applied in order
    patches:
      - first.patch
{% if version == "1.0" %}
      - second.patch
{% endif %}
  - path: data
    folder: data
build:
  number: 0
  noarch: generic
"""
BUILD = """\
mkdir -p $PREFIX/share/thing
cp -r lines.txt data $PREFIX/share/thing/
test ! -e new.txt || cp new.txt $PREFIX/share/thing/
echo built >> generated.txt
echo "changed by the build" >> built.txt
"""
FIRST = "--- a/lines.txt\n+++ b/lines.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
SECOND = "About it.\n\n--- a/lines.txt\n+++ b/lines.txt\n@@ -8,3 +8,3 @@\n eight\n-nine\n+9\n ten\n"
LINES = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n"


@pytest.fixture
def thing(recipe: Callable[..., Path]) -> Path:
    files = {"src/lines.txt": LINES, "src/built.txt": "-\n", "src/gone.txt": "x\n", "data/d.txt": "d\n"}
    return recipe("thing", META, **{"build.sh": BUILD, "first.patch": FIRST, "second.patch": SECOND, **files})


def sources(session: Session) -> dict[str, bytes]:
    """The work folder's files, without ours."""
    work = session.layout.work
    paths = trees.files(trees.scan(work)) - {"build_env_setup.sh", "conda_build.sh", "metadata_conda_debug.yaml"}
    return {path: (work / path).read_bytes() for path in paths}


def edit(session: Session, name: str, old: str, new: str) -> None:
    file = session.layout.work / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_new_patch_makes_the_edited_tree_when_source_runs_again(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    edit(session, "lines.txt", "five\n", "5\n")
    (session.layout.work / "new.txt").write_text("new")
    (session.layout.work / "gone.txt").unlink()
    edited = sources(session)
    made = new_patch(session, "fix")
    assert made.changes == (("gone.txt", "removed"), ("lines.txt", "changed"), ("new.txt", "new"))
    text = (thing / "meta.yaml").read_text()
    assert text == META.replace("{% endif %}\n", "{% endif %}\n      - fix.patch\n")
    assert made.place and text.splitlines()[(made.place.line or 0) - 1] == "      - fix.patch"
    session.rewind(Phase.SOURCE)
    session.run(Phase.SOURCE)
    assert sources(session) == edited
    session.run(Phase.BUILD)
    assert (session.layout.host_prefix / "share/thing/new.txt").read_text() == "new"
    assert "5\n" in (session.layout.host_prefix / "share/thing/lines.txt").read_text()


def test_edits_that_went_into_builds_are_taken_and_what_builds_made_is_not(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.BUILD)
    edit(session, "lines.txt", "five\n", "5\n")
    session.rerun(Phase.BUILD)
    edit(session, "lines.txt", "six\n", "6\n")
    made = new_patch(session, "patches/fix.patch")
    assert made.changes == (("lines.txt", "changed"),)
    assert (thing / "patches/fix.patch").read_text().count("\n+") == 3
    assert "      - patches/fix.patch\n" in (thing / "meta.yaml").read_text()


def test_the_patch_goes_to_the_source_whose_folder_was_changed(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    edit(session, "data/d.txt", "d", "D")
    assert new_patch(session, "data").folder == "data"
    assert "    folder: data\n    patches:\n      - data.patch\n" in (thing / "meta.yaml").read_text()
    session.rewind(Phase.SOURCE)
    session.run(Phase.SOURCE)
    assert sources(session)["data/d.txt"] == b"D\n"


def test_changes_in_two_sources_are_told_and_files_can_be_named(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    edit(session, "data/d.txt", "d", "D")
    edit(session, "lines.txt", "five", "5")
    with pytest.raises(UsageError, match="more than one source"):
        new_patch(session, "fix")
    assert (thing / "meta.yaml").read_text() == META and not (thing / "fix.patch").exists()
    assert new_patch(session, "fix", ["data"]).changes == (("d.txt", "changed"),)
    with pytest.raises(UsageError, match=r"built\.txt was not changed"):
        new_patch(session, "more", ["built.txt"])


def test_nothing_changed_a_taken_name_and_a_name_outside_are_refused(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    with pytest.raises(UsageError, match="was changed by hand"):
        new_patch(session, "fix")
    edit(session, "lines.txt", "five", "5")
    with pytest.raises(UsageError, match=r"there is a file .*first.patch already"):
        new_patch(session, "first")
    with pytest.raises(UsageError, match="outside the recipe's folder"):
        new_patch(session, "../out")
    assert not (thing.parent / "out.patch").exists()


def test_a_binary_change_is_refused_by_name(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    (session.layout.work / "lines.txt").write_bytes(b"\0")
    with pytest.raises(BuildError, match=r"lines\.txt is a binary file"):
        new_patch(session, "fix")
    assert (thing / "meta.yaml").read_text() == META and not (thing / "fix.patch").exists()


def test_a_recipe_that_has_no_place_for_it_keeps_its_text_and_the_patch(
    recipe: Callable[..., Path], start: Start
) -> None:
    text = "package: {name: flow, version: '1'}\nsource: {path: src}\nbuild: {noarch: generic}\n"
    folder = recipe("flow", text, **{"build.sh": "true\n", "src/a.txt": "a\n"})
    session = start(folder)
    session.run(Phase.SOURCE)
    edit(session, "a.txt", "a", "b")
    with pytest.raises(RecipeError) as caught:
        new_patch(session, "fix")
    assert caught.value.kind == "edit" and "fix.patch is written" in (caught.value.hint or "")
    assert (folder / "meta.yaml").read_text() == text and (folder / "fix.patch").exists()


def test_refresh_puts_changes_into_the_last_patch_and_keeps_what_it_says(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    edit(session, "lines.txt", "ten\n", "10\n")
    edited = sources(session)
    made = refresh_patch(session, "second")
    assert made.written and (thing / "second.patch").read_text().startswith("About it.\n\ndiff --git a/lines.txt")
    assert (thing / "meta.yaml").read_text() == META and (thing / "first.patch").read_text() == FIRST
    session.rewind(Phase.SOURCE)
    session.run(Phase.SOURCE)
    assert sources(session) == edited


def test_refresh_of_an_earlier_patch_keeps_the_later_ones_fitting(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    edit(session, "lines.txt", "one\n", "1\n")
    edited = sources(session)
    refresh_patch(session, "first.patch")
    assert (thing / "second.patch").read_text() == SECOND
    session.rewind(Phase.SOURCE)
    session.run(Phase.SOURCE)
    assert sources(session) == edited


def test_refresh_refuses_what_belongs_to_a_later_patch(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    edit(session, "lines.txt", "9\n", "nine, or so\n")
    with pytest.raises(UsageError, match="do not fit below"):
        refresh_patch(session, "first.patch")
    assert (thing / "first.patch").read_text() == FIRST


def test_refresh_without_changes_renews_offsets(thing: Path, start: Start) -> None:
    (thing / "first.patch").write_text(FIRST.replace("-1,3 +1,3", "-3,3 +3,3"))
    session = start(thing)
    session.run(Phase.SOURCE)
    before = sources(session)
    assert refresh_patch(session, "first").written
    assert "@@ -1,5 +1,5 @@" in (thing / "first.patch").read_text()
    assert not refresh_patch(session, "first").written
    session.rewind(Phase.SOURCE)
    session.run(Phase.SOURCE)
    assert sources(session) == before


def test_a_patch_that_failed_is_made_from_the_folder_with_its_rejects(thing: Path, start: Start) -> None:
    (thing / "second.patch").write_text(SECOND.replace(" ten\n", " TEN\n").replace("-nine", "-NINE"))
    session = start(thing)
    with pytest.raises(RecipeError, match="does not apply"):
        session.run(Phase.SOURCE)
    failed = session.layout.root / "work_failed_provide"
    with pytest.raises(UsageError, match="there are rejects"):
        refresh_patch(session, "second")
    with pytest.raises(UsageError, match="another patch"):
        refresh_patch(session, "first")
    (failed / "lines.txt.rej").unlink()
    (failed / "lines.txt").write_text((failed / "lines.txt").read_text().replace("nine", "9"))
    refresh_patch(session, "second")
    session.run(Phase.SOURCE)
    assert sources(session)["lines.txt"].decode() == LINES.replace("two", "2").replace("nine", "9")


def test_refresh_names_the_patches_there_are(thing: Path, start: Start) -> None:
    session = start(thing)
    session.run(Phase.SOURCE)
    with pytest.raises(UsageError) as caught:
        refresh_patch(session, "third")
    assert "first.patch, second.patch" in (caught.value.why or "")


def test_a_git_source_that_outputs_share(recipe: Callable[..., Path], start: Start, tmp_path: Path) -> None:
    upstream = tmp_path / "upstream"
    upstream.mkdir()
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    (upstream / "f.txt").write_text("one\n")
    for args in (("init", "-q"), ("add", "f.txt"), (*who, "commit", "-q", "-m", "one")):
        subprocess.run(["git", *args], cwd=upstream, check=True)
    meta = (
        f"package:\n  name: top\n  version: '1'\nsource:\n  - git_url: {upstream}\n    git_rev: HEAD\n"
        "outputs:\n  - name: other\n  - name: mine\n    script: mine.sh\n"
    )
    folder = recipe("top", meta, **{"mine.sh": 'mkdir -p "$PREFIX" && cp f.txt "$PREFIX/"\n'})
    session = start(folder, "mine-*")
    session.run(Phase.BUILD)
    edit(session, "f.txt", "one", "two")
    made = new_patch(session, "two")
    assert made.changes == (("f.txt", "changed"),)
    added = "    git_rev: HEAD\n    patches:\n      - two.patch\n"
    assert (folder / "meta.yaml").read_text() == meta.replace("    git_rev: HEAD\n", added)
    session.rewind(Phase.SOURCE)
    session.run(Phase.BUILD)
    assert (session.layout.host_prefix / "f.txt").read_text() == "two\n"
