"""git entries: revisions, mirrors, submodules, hooks; and the variables a repository sets."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import EnvironmentFailure, RecipeError
from cbw_core.source import git_variables
from cbw_core.source.git import relative_url
from cbw_core.source.tools import git_environment
from support.source_bench import Bench, Repository

Make = Callable[[str], Repository]


@pytest.fixture
def upstream(repository: Make) -> Repository:
    """main: one, two (tag v1.2), three; branch "side"."""
    found = repository("upstream")
    found.commit("one", {"f": "one"})
    found.commit("two", {"f": "two"})
    found.git("tag", "--annotate", "--message", "t", "v1.2")
    found.git("checkout", "--quiet", "-b", "side")
    found.commit("side", {"f": "side"})
    found.git("checkout", "--quiet", "main")
    found.commit("three", {"f": "three"})
    return found


def mirrors(bench: Bench) -> list[Path]:
    return sorted((bench.cache / "git").glob("*.git"))


@pytest.mark.parametrize(
    ("entry", "content"),
    [
        ({}, "three"),
        ({"git_rev": "v1.2"}, "two"),
        ({"git_tag": "v1.2"}, "two"),
        ({"git_branch": "side"}, "side"),
        ({"git_rev": "side"}, "side"),
        ({"git_rev": "main~2"}, "one"),
        ({"git_rev": "HEAD"}, "three"),
        ({"git_rev": "origin/side"}, "side"),
    ],
)
def test_every_way_to_name_a_revision(bench: Bench, upstream: Repository, entry: dict[str, str], content: str) -> None:
    provided = bench.provide({"git_url": str(upstream.path), **entry})
    assert bench.files() == {"f": content}
    assert provided.entries[0].commit == Repository(bench.work).git("rev-parse", "HEAD")
    assert provided.entries[0].kind == "git"


def test_a_commit_in_the_mirror_is_not_fetched_again(bench: Bench, upstream: Repository) -> None:
    commit = upstream.git("rev-parse", "side")
    entry = {"git_url": str(upstream.path), "git_rev": commit}
    bench.provide(entry)
    upstream.path.rename(upstream.path.with_name("away"))
    assert bench.provide(entry).entries[0].commit == commit
    assert bench.files() == {"f": "side"}


def test_a_mirror_follows_its_origin(bench: Bench, upstream: Repository) -> None:
    entry = {"git_url": str(upstream.path)}
    bench.provide(entry)
    upstream.git("branch", "--delete", "--force", "side")
    upstream.git("checkout", "--quiet", "-b", "side/deeper")  # a folder where a branch was
    commit = upstream.commit("four", {"f": "four"})
    upstream.git("tag", "--force", "v1.2")
    assert bench.provide(entry).entries[0].commit == commit
    assert bench.provide({**entry, "git_rev": "v1.2"}).entries[0].commit == commit
    upstream.git("checkout", "--quiet", "--detach", "main")
    assert bench.provide(entry).entries[0].commit == upstream.git("rev-parse", "main")
    assert len(mirrors(bench)) == 1


def test_a_damaged_or_half_made_mirror_is_made_anew(bench: Bench, upstream: Repository) -> None:
    entry = {"git_url": str(upstream.path)}
    bench.provide(entry)
    (mirror,) = mirrors(bench)
    (mirror / "HEAD").unlink()
    mirror.with_suffix(".new").mkdir()
    bench.provide(entry)
    assert bench.files() == {"f": "three"}


@pytest.mark.parametrize("url", ["../upstream", "./../upstream", "~/../upstream", "file"])
def test_a_local_repository_is_cloned_by_any_way_of_naming_it(bench: Bench, upstream: Repository, url: str) -> None:
    bench.provide({"git_url": upstream.path.as_uri() if url == "file" else url})
    assert bench.files() == {"f": "three"}


def test_depth_leaves_out_history(bench: Bench, upstream: Repository) -> None:
    entry = {"git_url": upstream.path.as_uri(), "git_depth": 1}
    bench.provide(entry)
    assert Repository(bench.work).git("rev-list", "--count", "HEAD") == "1"
    with pytest.raises(RecipeError, match="no revision main~2") as caught:
        bench.provide({**entry, "git_rev": "main~2"})
    assert caught.value.hint is not None and "git_depth" in caught.value.hint
    bench.provide({**entry, "git_depth": -1})
    assert Repository(bench.work).git("rev-list", "--count", "HEAD") == "3"


def test_a_revision_that_is_not_there(bench: Bench, upstream: Repository) -> None:
    with pytest.raises(RecipeError, match=r"no revision v9\.9") as caught:
        bench.provide({"git_url": str(upstream.path), "git_rev": "v9.9"})
    assert caught.value.place is not None and caught.value.place.line == bench.line("v9.9")
    assert not bench.work.exists()


def test_a_repository_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(RecipeError, match="nowhere") as caught:
        bench.provide({"git_url": "../nowhere"})
    assert caught.value.place is not None and caught.value.place.line == bench.line("nowhere")
    with pytest.raises(EnvironmentFailure, match="cannot be cloned") as failed:
        bench.provide({"git_url": "http://me:hunter2@127.0.0.1:9/x.git"})
    assert failed.value.kind == "network"
    assert "hunter2" not in f"{failed.value.to_json()} {bench.events.events}"


@pytest.mark.parametrize("entry", [{"git_url": "--upload-pack=x"}, {"git_url": "u", "git_rev": "--force"}])
def test_nothing_is_taken_for_an_option_of_git(bench: Bench, entry: dict[str, str]) -> None:
    with pytest.raises(RecipeError, match="is no git"):
        bench.provide(entry)


def test_offline_refuses_the_network_and_serves_what_is_here(bench: Bench, upstream: Repository) -> None:
    bench.offline = True
    with pytest.raises(EnvironmentFailure, match="offline"):
        bench.provide({"git_url": "https://example.com/x.git"})
    bench.provide({"git_url": str(upstream.path)})  # what is on this machine is no network
    assert bench.files() == {"f": "three"}


def test_a_folder_that_is_not_empty_is_refused(bench: Bench, upstream: Repository) -> None:
    (bench.recipe / "x").write_text("x")
    with pytest.raises(RecipeError, match="not empty"):
        bench.provide({"url": "x"}, {"git_url": str(upstream.path)})
    bench.provide({"url": "x"}, {"git_url": str(upstream.path), "folder": "sub"})
    assert bench.files() == {"sub/f": "three", "x": "x"}


def test_submodules_relative_absolute_and_nested(bench: Bench, repository: Make) -> None:
    inner, other, outer = repository("team/inner"), repository("other"), repository("team/outer")
    other.commit("o", {"o": "other"})
    inner.commit("i", {"i": "inner"})
    inner.git("submodule", "--quiet", "add", str(other.path), "nested")
    inner.git("commit", "--quiet", "--message", "nested")
    outer.commit("f", {"f": "outer"})
    outer.git("submodule", "--quiet", "add", "../inner", "libs/inner")
    outer.git("commit", "--quiet", "--message", "submodule")
    expected = {"f": "outer", "libs/inner/i": "inner", "libs/inner/nested/o": "other"}

    def content() -> dict[str, str]:
        return {name: text for name, text in bench.files().items() if ".git" not in name}

    bench.provide({"git_url": str(outer.path)})
    assert content() == expected
    assert len(mirrors(bench)) == 3
    # a later commit of a submodule
    inner.commit("i2", {"i": "inner two"})
    Repository(outer.path / "libs/inner").git("pull", "--quiet", "origin", "main")
    outer.commit("newer", {})
    bench.provide({"git_url": str(outer.path)})
    assert content() == {**expected, "libs/inner/i": "inner two"}
    # an entry of .gitmodules without a folder is passed over
    outer.git("rm", "--quiet", "--cached", "libs/inner")
    outer.git("commit", "--quiet", "--message", "left over")
    bench.provide({"git_url": str(outer.path)})
    assert content() == {"f": "outer"}


def test_a_submodule_cannot_name_a_program_to_run(bench: Bench, repository: Make) -> None:
    inner, outer = repository("inner"), repository("outer")
    inner.commit("i", {"i": "inner"})
    outer.git("submodule", "--quiet", "add", "../inner", "sub")
    outer.commit("f", {"f": "outer"})
    programs = bench.base / "programs"
    programs.mkdir()
    (programs / "git-remote-evil").write_text(f"#!/bin/sh\ntouch {bench.base}/ran\n")
    (programs / "git-remote-evil").chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(programs), prepend=":")
        for url in ("evil::x", f"ext::touch {bench.base}/ran"):
            outer.git("config", "--file", ".gitmodules", "submodule.sub.url", url)
            outer.git("commit", "--all", "--quiet", "--message", url)
            with pytest.raises(EnvironmentFailure, match="cannot be cloned"):
                bench.provide({"git_url": "../outer"})
    assert not (bench.base / "ran").exists()


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("https://h/org/repo.git", "../other.git", "https://h/org/other.git"),
        ("https://h/org/repo/", "../../o2/r", "https://h/o2/r"),
        ("https://h/org/repo", "./sub", "https://h/org/repo/sub"),
        ("git@h:org/repo", "../other", "git@h:org/other"),
        ("/srv/git/repo", "../other", "/srv/git/other"),
        ("https://h/org/repo", "https://x/y", "https://x/y"),
    ],
)
def test_relative_urls_of_submodules(base: str, url: str, expected: str) -> None:
    assert relative_url(base, url) == expected


def test_hooks_of_the_user_do_not_run(bench: Bench, upstream: Repository) -> None:
    hooks = bench.base / "home" / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "pre-auto-gc", "reference-transaction", "applypatch-msg"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {bench.base}/ran\n")
        (hooks / name).chmod(0o755)
    (bench.base / "home" / ".gitconfig").write_text(f"[core]\nhooksPath = {hooks}\n[init]\ntemplateDir = {hooks}\n")
    bench.provide({"git_url": str(upstream.path)})
    assert not (bench.base / "ran").exists()
    assert not (bench.work / ".git" / "post-checkout").exists()


def test_git_is_not_led_to_another_repository_and_asks_nothing() -> None:
    found = git_environment({"GIT_DIR": "/x", "GIT_INDEX_FILE": "/y", "HOME": "/h", "PATH": "/bin"})
    assert "GIT_DIR" not in found and "GIT_INDEX_FILE" not in found
    assert found["HOME"] == "/h" and found["GIT_TERMINAL_PROMPT"] == "0" and found["GIT_ASKPASS"] == ""


def test_without_git_the_tool_is_named(
    bench: Bench, upstream: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailure, match="git") as caught:
        bench.provide({"git_url": str(upstream.path)})
    assert caught.value.kind == "missing-tool"


def test_variables_of_a_git_source(bench: Bench, upstream: Repository) -> None:
    entry = {"git_url": str(upstream.path)}
    bench.provide(entry)
    full = upstream.git("rev-parse", "HEAD")
    short = "g" + upstream.git("rev-parse", "--short", "HEAD")
    assert git_variables(bench.output(entry), bench.work) == {
        "GIT_DESCRIBE_TAG": "v1.2",
        "GIT_DESCRIBE_NUMBER": "1",
        "GIT_DESCRIBE_HASH": short,
        "GIT_DESCRIBE_TAG_PEP440": f"v1.2.post1+{short[1:]}",  # conda-build keeps the v
        "GIT_FULL_HASH": full,
        "GIT_BUILD_STR": f"1_{short}",
    }
    tagged = {**entry, "git_rev": "v1.2", "folder": "deep"}
    bench.provide(tagged)
    assert git_variables(bench.output(tagged), bench.work)["GIT_DESCRIBE_TAG_PEP440"] == "v1.2"


def test_variables_without_a_tag_and_with_uncommitted_changes(bench: Bench, repository: Make) -> None:
    tree = repository("tree")
    full = tree.commit("one", {"f": "one"})
    (tree.path / "f").write_text("changed")
    entry = {"path": "../tree"}
    bench.provide(entry)
    assert bench.files() == {"f": "changed"}
    short = "g" + tree.git("rev-parse", "--short", "HEAD")
    assert git_variables(bench.output(entry), bench.work) == {"GIT_DESCRIBE_HASH": short, "GIT_FULL_HASH": full}


def test_no_variables_without_a_repository(bench: Bench, upstream: Repository) -> None:
    (bench.recipe / "x").write_text("x")
    for entries in ([], [{"url": "x"}], [{"url": "x"}, {"git_url": str(upstream.path), "folder": "g"}]):
        bench.provide(*entries)
        assert git_variables(bench.output(*entries), bench.work) == {}


def test_files_in_git_lfs_come_with_their_content(bench: Bench, repository: Make) -> None:
    upstream = repository("upstream")
    has_lfs = shutil.which("git-lfs") is not None
    if has_lfs:
        upstream.git("lfs", "install", "--local")
        settings = ["clean = git-lfs clean -- %f", "smudge = git-lfs smudge -- %f", "process = git-lfs filter-process"]
        (bench.base / "home/.gitconfig").write_text("\n".join(['[filter "lfs"]', *settings, ""]))
    upstream.commit("one", {".gitattributes": "*.bin filter=lfs\n", "big.bin": "content"})
    bench.provide({"git_url": str(upstream.path)})
    assert bench.files()["big.bin"] == "content"
    assert has_lfs or any("git-lfs is not installed" in note for note in bench.events.notes("warning"))
