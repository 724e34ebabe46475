"""hg and svn entries, where those tools are; the name of the tool where they are not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cbw_core.errors import EnvironmentFailure, RecipeError
from cbw_core.source import git_variables
from support.source_bench import Bench

needs_hg = pytest.mark.skipif(shutil.which("hg") is None, reason="needs hg")
needs_svn = pytest.mark.skipif(shutil.which("svnadmin") is None, reason="needs svn")


def run(*argv: str, cwd: Path) -> str:
    env = {**os.environ, "HGUSER": "A U Thor", "HGPLAIN": "1"}
    return subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True, env=env).stdout.strip()


@pytest.mark.parametrize(("key", "tool"), [("hg_url", "hg"), ("svn_url", "svn")])
def test_a_missing_tool_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch, key: str, tool: str) -> None:
    monkeypatch.setenv("PATH", str(bench.base / "nothing"))
    with pytest.raises(EnvironmentFailure, match=tool) as caught:
        bench.provide({key: "https://example.com/r"})
    assert caught.value.kind == "missing-tool" and not bench.work.exists()


@pytest.mark.parametrize("key", ["hg_url", "svn_url"])
def test_offline_and_urls_that_look_like_options(bench: Bench, key: str) -> None:
    with pytest.raises(RecipeError, match="no url"):
        bench.provide({key: "--config=alias.clone=!sh"})
    bench.offline = True
    with pytest.raises(EnvironmentFailure, match="offline"):
        bench.provide({key: "https://example.com/r"})


@needs_hg
def test_a_mercurial_tag_is_checked_out(bench: Bench) -> None:
    upstream = bench.base / "upstream"
    upstream.mkdir()
    run("hg", "init", cwd=upstream)
    for number in ("one", "two"):
        (upstream / "f").write_text(number)
        run("hg", "commit", "--addremove", "--message", number, cwd=upstream)
        run("hg", "tag", f"v-{number}", cwd=upstream)
    entry = {"hg_url": "../upstream", "hg_tag": "v-one"}
    (found,) = bench.provide(entry).entries
    assert (bench.work / "f").read_text() == "one"
    assert found.commit == run("hg", "log", "--rev", "v-one", "--template", "{node}", cwd=upstream)
    variables = git_variables(bench.output(entry), bench.work)
    assert variables["HG_NUM_ID"] == "0" and variables["HG_BUILD_STR"] == f"0_{found.commit[:12]}"
    (upstream / "f").write_text("three")
    run("hg", "commit", "--message", "three", cwd=upstream)
    bench.provide({"hg_url": "../upstream"})
    assert (bench.work / "f").read_text() == "three"
    with pytest.raises(RecipeError, match="no revision v9"):
        bench.provide({"hg_url": "../upstream", "hg_tag": "v9"})


@needs_svn
def test_a_subversion_repository_is_checked_out(bench: Bench) -> None:
    run("svnadmin", "create", "upstream", cwd=bench.base)
    url = (bench.base / "upstream").as_uri()
    run("svn", "checkout", url, "tree", cwd=bench.base)
    for number in ("one", "two"):
        (bench.base / "tree/f").write_text(number)
        run("svn", "add", "--force", "f", cwd=bench.base / "tree")
        run("svn", "commit", "--message", number, cwd=bench.base / "tree")
    assert bench.provide({"svn_url": url}).entries[0].commit == "2"
    assert (bench.work / "f").read_text() == "two"
    assert bench.provide({"svn_url": url, "svn_rev": "1", "folder": "sub"}).entries[0].commit == "1"
    assert (bench.work / "sub/f").read_text() == "one"
