"""Patches of an entry: from the recipe's folder, by the engine or by git am, and what a failure leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cbw_core.errors import RecipeError
from cbw_core.source import git_variables
from support.source_bench import Bench, Repository

TarOf = Callable[[Path, Sequence[tuple[str, str]]], Path]
FIX = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"


@pytest.fixture
def source(bench: Bench, tar_of: TarOf) -> dict[str, str]:
    tar_of(bench.recipe / "p.tar.gz", [("p/f", "one\ntwo\nthree\n"), ("p/d/g", "g\n")])
    return {"url": "p.tar.gz"}


def test_patches_are_applied_in_order_to_the_entrys_folder(bench: Bench, source: dict[str, str]) -> None:
    (bench.recipe / "patches").mkdir()
    (bench.recipe / "patches/1.patch").write_text(FIX)
    (bench.base / "2.patch").write_text("--- f\n+++ f\n@@ -1,3 +1,3 @@\n one\n-TWO\n+2\n three\n")
    provided = bench.provide({**source, "folder": "sub", "patches": ["patches/1.patch", "../2.patch"]})
    assert bench.files() == {"sub/d/g": "g\n", "sub/f": "one\n2\nthree\n"}
    first, second = provided.entries[0].patches
    assert (first.name, first.strip, first.files) == ("patches/1.patch", 1, ("f",))
    assert (second.name, second.strip) == ("../2.patch", 0)
    assert type(provided).from_json(provided.to_json()) == provided


def test_a_single_name_and_a_patch_without_any_source(bench: Bench) -> None:
    (bench.recipe / "new.patch").write_text("--- /dev/null\n+++ made\n@@ -0,0 +1 @@\n+x\n")
    bench.provide({"patches": "new.patch"})
    assert bench.files() == {"made": "x\n"}


def test_fuzz_is_told_as_a_warning_and_a_guessed_level_too(bench: Bench, source: dict[str, str]) -> None:
    (bench.recipe / "fuzzy.patch").write_text(FIX.replace(" one", " ONE"))
    (bench.recipe / "new.patch").write_text("--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+x\n")
    found = bench.provide({**source, "patches": ["fuzzy.patch", "new.patch"]}).entries[0].patches
    assert (found[0].fuzzy, found[1].strip) == (1, 0)
    assert any("fuzz" in note for note in bench.events.notes("warning"))
    assert any("strip level" in note for note in bench.events.notes("warning"))
    assert "b/made" in bench.files()  # as conda-build does it


def test_a_patch_that_does_not_fit_leaves_the_tree_and_the_rejects_to_look_at(
    bench: Bench, source: dict[str, str]
) -> None:
    text = FIX.replace("two", "zwei") + "--- a/d/g\n+++ b/d/g\n@@ -1 +1 @@\n-g\n+G\n"
    (bench.recipe / "bad.patch").write_text(text)
    with pytest.raises(RecipeError) as caught:
        bench.provide({**source, "patches": ["bad.patch"]})
    error = caught.value
    assert error.kind == "patch" and error.exit_status == 2
    assert error.message == "bad.patch does not apply: hunk 1 of 1 does not fit f"
    assert error.why == "at line 2 of f, the file holds 'two' where the patch expects 'zwei'"
    assert error.place is not None
    assert (error.place.file, error.place.line) == (str(bench.recipe / "bad.patch"), 3)
    assert error.details is not None and "f.rej" in error.details
    assert f"meta.yaml:{bench.line('bad.patch')}" in error.details
    assert error.hint is not None and str(bench.failed) in error.hint
    assert not bench.work.exists()
    found = bench.files(bench.failed)
    assert found["f"] == "one\ntwo\nthree\n" and found["d/g"] == "G\n" and "-zwei" in found["f.rej"]
    # the next run begins anew
    (bench.recipe / "bad.patch").write_text(FIX)
    bench.provide({**source, "patches": ["bad.patch"]})
    assert not bench.failed.exists()


def test_a_patch_that_is_not_there(bench: Bench, source: dict[str, str]) -> None:
    with pytest.raises(RecipeError, match=r"no patch gone\.patch") as caught:
        bench.provide({**source, "patches": ["gone.patch"]})
    assert caught.value.kind == "patch"
    assert caught.value.place is not None and caught.value.place.line == bench.line("gone.patch")
    assert not bench.work.exists() and not bench.failed.exists()


def test_a_patch_that_cannot_be_read_is_told_with_its_line(bench: Bench, source: dict[str, str]) -> None:
    (bench.recipe / "torn.patch").write_text(FIX.replace("-two", "two"))
    with pytest.raises(RecipeError, match="can be read") as caught:
        bench.provide({**source, "patches": ["torn.patch"]})
    place = caught.value.place
    assert place is not None and (place.file, place.line) == (str(bench.recipe / "torn.patch"), 5)


def test_no_tool_is_needed(bench: Bench, source: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.recipe / "1.patch").write_text(FIX)
    monkeypatch.setenv("PATH", str(bench.base / "nothing"))
    bench.provide({**source, "patches": ["1.patch"]})
    assert bench.files()["f"] == "one\nTWO\nthree\n"


def test_a_read_only_file_is_patched_and_stays_so(bench: Bench) -> None:
    (bench.recipe / "tree").mkdir()
    (bench.recipe / "tree/f").write_text("one\ntwo\nthree\n")
    (bench.recipe / "tree/f").chmod(0o444)
    (bench.recipe / "1.patch").write_text(FIX)
    bench.provide({"path": "tree", "patches": ["1.patch"]})
    assert bench.files()["f"] == "one\nTWO\nthree\n"
    assert (bench.work / "f").stat().st_mode & 0o777 == 0o444
    assert (bench.recipe / "tree/f").read_text() == "one\ntwo\nthree\n"


@pytest.fixture
def mail(bench: Bench, repository: Callable[[str], Repository]) -> tuple[Repository, str]:
    """A repository, and a patch of git format-patch for it in the recipe, "0001-c.patch"."""
    upstream = repository("upstream")
    upstream.commit("one", {"f": "one\ntwo\nthree\n"})
    upstream.git("tag", "1.0")
    commit = upstream.commit("c", {"f": "one\nTWO\nthree\n"})
    (bench.recipe / "0001-c.patch").write_text(upstream.git("format-patch", "-1", "--stdout") + "\n")
    upstream.git("reset", "--hard", "--quiet", "1.0")
    return upstream, commit


def test_patches_of_git_format_patch_become_commits(bench: Bench, mail: tuple[Repository, str]) -> None:
    upstream, _ = mail
    entry = {"git_url": str(upstream.path), "git_rev": "1.0", "patches": ["0001-c.patch"]}
    provided = bench.provide(entry)
    assert bench.files() == {"f": "one\nTWO\nthree\n"}
    assert provided.entries[0].commit == upstream.git("rev-parse", "1.0")
    (patch,) = provided.entries[0].patches
    assert (patch.strip, patch.files) == (None, ("f",))
    work = Repository(bench.work)
    assert work.git("log", "-1", "--format=%cn %ce|%an|%s") == "conda-build conda@conda-build.org|A U Thor|c"
    assert work.git("status", "--porcelain") == ""
    assert git_variables(bench.output(entry), bench.work)["GIT_DESCRIBE_NUMBER"] == "1"
    first = work.git("rev-parse", "HEAD")
    bench.provide(entry)
    assert work.git("rev-parse", "HEAD") == first  # the same commit each time


def test_a_mail_that_does_not_fit_is_explained_like_any_other(bench: Bench, mail: tuple[Repository, str]) -> None:
    upstream, _ = mail
    upstream.commit("other", {"f": "eins\nzwei\ndrei\n"})
    with pytest.raises(RecipeError, match=r"0001-c\.patch does not apply: hunk 1 of 1") as caught:
        bench.provide({"git_url": str(upstream.path), "patches": ["0001-c.patch"]})
    assert caught.value.details is not None and "zwei" in caught.value.details
    assert (bench.failed / "f.rej").is_file()
    assert not (bench.failed / ".git" / "rebase-apply").exists()


def test_the_same_mail_for_a_plain_source_goes_the_plain_way(bench: Bench, mail: tuple[Repository, str]) -> None:
    (bench.recipe / "tree").mkdir()
    (bench.recipe / "tree/f").write_text("one\ntwo\nthree\n")
    (patch,) = bench.provide({"path": "tree", "patches": ["0001-c.patch"]}).entries[0].patches
    assert patch.strip == 1 and bench.files() == {"f": "one\nTWO\nthree\n"}


def test_a_plain_patch_for_a_git_source_leaves_no_commit(bench: Bench, mail: tuple[Repository, str]) -> None:
    upstream, _ = mail
    (bench.recipe / "plain.patch").write_text(FIX)
    bench.provide({"git_url": str(upstream.path), "patches": ["plain.patch"]})
    assert Repository(bench.work).git("status", "--porcelain") == "M f"
    assert bench.files() == {"f": "one\nTWO\nthree\n"}
