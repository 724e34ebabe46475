"""What the phase depends on: a change changes exactly its entry."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbw_core.source import inputs
from cbw_core.source.tree import tree_digest
from support.source_bench import Bench, Repository


def changed(bench: Bench, before: dict[str, str], *entries: dict[str, Any]) -> set[str]:
    after = inputs(bench.output(*entries))
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_each_thing_has_its_entry(bench: Bench, repository: Callable[[str], Repository]) -> None:
    repo = repository("repo")
    repo.commit("one", {"f": "1"})
    (bench.recipe / "a.patch").write_text("a")
    (bench.recipe / "b.patch").write_text("b")
    (bench.recipe / "f.tar").write_text("f")
    (bench.recipe / "src").mkdir()
    (bench.recipe / "src/x").write_text("x")
    entries: list[dict[str, Any]] = [
        {"url": ["https://example.com/f.tar", "f.tar"], "patches": ["a.patch", "b.patch"]},
        {"path": "src"},
        {"git_url": "../repo", "git_rev": "main"},
    ]
    before = inputs(bench.output(*entries))
    assert sorted(before) == [
        "file f.tar", "git ../repo", "patch a.patch", "patch b.patch", "path src", "source section",
    ]  # fmt: skip
    assert changed(bench, before, *entries) == set()
    (bench.recipe / "a.patch").write_text("A")
    assert changed(bench, before, *entries) == {"patch a.patch"}
    (bench.recipe / "a.patch").write_text("a")
    (bench.recipe / "src/x").write_text("X")
    assert changed(bench, before, *entries) == {"path src"}
    (bench.recipe / "src/x").write_text("x")
    (bench.recipe / "f.tar").write_text("F")
    assert changed(bench, before, *entries) == {"file f.tar"}
    (bench.recipe / "f.tar").write_text("f")
    repo.commit("two", {"f": "2"})
    assert changed(bench, before, *entries) == {"git ../repo"}
    repo.git("reset", "--hard", "--quiet", "HEAD~1")
    entries[0]["folder"] = "sub"
    assert changed(bench, before, *entries) == {"source section"}
    (bench.recipe / "a.patch").unlink()
    assert changed(bench, before, *entries) == {"source section", "patch a.patch"}


def test_no_secret_is_in_the_names(bench: Bench) -> None:
    found = inputs(bench.output({"git_url": "https://me:hunter2@h/r"}, {"url": "file:///x/t/hunter2/f?token=hunter2"}))
    assert "hunter2" not in f"{found}"


@pytest.mark.parametrize("rev", ["HEAD", "main", "v1", "v2", "main~1", ""])
def test_a_local_repository_is_read_without_git(
    bench: Bench, repository: Callable[[str], Repository], rev: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repository("repo")
    repo.commit("zero", {"f": "0"})
    first = repo.commit("one", {"f": "1"})
    repo.git("tag", "v1")
    repo.git("tag", "--annotate", "--message", "m", "v2")
    entry = {"git_url": "../repo", "git_rev": rev}
    with monkeypatch.context() as patched:
        patched.setenv("PATH", "/nowhere")
        before = inputs(bench.output(entry))
    if rev not in ("main~1", "v2"):
        assert before["git ../repo"] == first
    repo.git("pack-refs", "--all")
    if rev != "main~1":
        assert changed(bench, before, entry) == set()
    repo.commit("two", {"f": "2"})
    after = changed(bench, before, entry)
    assert after == ({"git ../repo"} if rev in ("HEAD", "main", "main~1", "") else set())
    (repo.path / "f").write_text("uncommitted: no part of a clone")
    assert inputs(bench.output(entry)) == inputs(bench.output(entry))


def test_a_small_tree_is_told_by_content_a_large_one_by_times(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    (small / "f").write_text("x")
    before = tree_digest(small)
    os.utime(small / "f", (1, 1))
    assert tree_digest(small) == before
    (small / "f").chmod(0o755)
    assert tree_digest(small) != before
    large = tmp_path / "large"
    large.mkdir()
    (large / "f").write_bytes(bytes(3 << 20))
    before = tree_digest(large)
    assert tree_digest(large) == before
    os.utime(large / "f", (1, 1))
    assert tree_digest(large) != before


def test_names_links_and_new_files_count_and_gits_own_files_do_not(
    tmp_path: Path, repository: Callable[[str], Repository]
) -> None:
    repo = repository("repo")
    repo.commit("one", {"f": "1", "g": "2"})
    seen = [tree_digest(repo.path)]

    def differs() -> bool:
        seen.append(tree_digest(repo.path))
        return seen[-1] not in seen[:-1]

    (repo.path / "link").symlink_to("f")
    assert differs()
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("g")
    assert differs()
    (repo.path / "f").rename(repo.path / "h")
    assert differs()
    repo.git("status")
    (repo.path / ".git/index.lock").write_text("")
    (repo.path / ".git/index.lock").unlink()
    (repo.path / ".git/COMMIT_EDITMSG").write_text("x")
    assert not differs()
    repo.commit("two", {})
    assert differs()
