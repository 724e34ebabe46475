"""Hostile sources, each through the whole way from recipe to work folder: refused with a clear error, nothing written
outside, nothing left in the cache that could be taken for a source."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import CbwError, EnvironmentFailure, RecipeError
from cbw_core.source import git_variables
from support.source_bench import Bench, Site

Rows = list[tuple[str, bytes, str]]  # name, kind, text or target


def tar(rows: Rows) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, kind, text in rows:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o644
            if kind == tarfile.REGTYPE:
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
            else:
                info.linkname = text
                archive.addfile(info)
    return out.getvalue()


def zipped(name: str, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, text)
    return out.getvalue()


def seen(bench: Bench) -> dict[str, tuple[int, bytes | str]]:
    """All that is on the bench, but the cache."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(bench.base.rglob("*")):
        if path.is_relative_to(bench.cache) or path.name in ("meta.yaml", "session"):
            continue
        info = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""  # noqa: PTH115
        found[path.relative_to(bench.base).as_posix()] = (stat.S_IFMT(info.st_mode), content)
    return found


def refused(bench: Bench, *entries: dict[str, object], keeps: tuple[str, ...] = ()) -> CbwError:
    """The error, which says where and what to do next; the bench is as before, but for an empty session folder."""
    bench.output(*entries)
    before = seen(bench)
    with pytest.raises(CbwError) as caught:
        bench.provide(*entries)
    after = {name: what for name, what in seen(bench).items() if name not in keeps}
    assert after == before
    assert not bench.work.exists()
    assert "\n" not in caught.value.message and "\x1b" not in caught.value.message
    return caught.value


F, L, H = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("top/a", F, "x"), ("top/../../evil", F, "x")], id="parent"),
        pytest.param([("../evil", F, "x")], id="parent-first"),
        pytest.param([("top/a", F, "x"), ("/tmp/cbw-evil", F, "x")], id="absolute"),
        pytest.param([("top/l", L, "../.."), ("top/l/evil", F, "x")], id="link-then-file"),
        pytest.param([("top/l", L, "/etc")], id="link-absolute"),
        pytest.param([("top/l", L, "/etc/passwd"), ("top/l", F, "x")], id="link-written-through"),
        pytest.param([("top/a", L, "b"), ("top/b", L, ".."), ("top/a/../evil", F, "x")], id="links-in-a-row"),
        pytest.param([("top/h", H, "/etc/passwd")], id="hard-link-absolute"),
        pytest.param([("top/h", H, "../../outside")], id="hard-link-out"),
        pytest.param([("top/d", tarfile.CHRTYPE, "")], id="character-device"),
        pytest.param([("top/d", tarfile.BLKTYPE, "")], id="block-device"),
        pytest.param([("top/p", tarfile.FIFOTYPE, "")], id="pipe"),
    ],
)
def test_an_archive_that_leads_out_is_refused(bench: Bench, site: Site, rows: Rows) -> None:
    site.files["/x.tar.gz"] = tar(rows)
    error = refused(bench, {"url": f"{site.url}/x.tar.gz"})
    assert isinstance(error, RecipeError) and error.kind == "archive"
    assert error.place is not None and error.place.line == bench.line("x.tar.gz") and error.hint
    assert not Path("/tmp/cbw-evil").exists()


@pytest.mark.parametrize("name", ["../evil", "/tmp/cbw-evil", "a/../../evil"])
def test_a_zip_that_leads_out_is_refused(bench: Bench, site: Site, name: str) -> None:
    site.files["/x.zip"] = zipped(name, "x")
    assert refused(bench, {"url": f"{site.url}/x.zip"}).kind == "archive"


def test_a_zip_bomb_is_refused(bench: Bench, site: Site) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(6):
            archive.writestr(f"zeros{number}", bytes(1 << 24))
    site.files["/x.zip"] = out.getvalue()
    error = refused(bench, {"url": f"{site.url}/x.zip"})
    assert error.kind == "archive" and "trap" in (error.why or "")


def test_a_bomb_in_a_stream_is_refused(bench: Bench, site: Site) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 100 << 20
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    site.files["/x.tar.gz"] = gzip.compress(inner.getvalue(), 9)
    assert "trap" in (refused(bench, {"url": f"{site.url}/x.tar.gz"}).why or "")


def test_a_wrong_hash_leaves_no_file_in_the_cache(bench: Bench, site: Site) -> None:
    site.files["/x.tar.gz"] = tar([("top/a", F, "x")])
    error = refused(bench, {"url": f"{site.url}/x.tar.gz", "sha256": "0" * 64})
    assert error.kind == "hash" and hashlib.sha256(site.files["/x.tar.gz"]).hexdigest() in str(error.to_json())
    assert [path for path in bench.cache.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_half_a_download_is_never_taken_for_the_whole(bench: Bench, site: Site) -> None:
    data = tar([("top/a", F, "x" * 100)])
    site.files["/x.tar.gz"], site.drop["/x.tar.gz"] = data, [30] * 20
    site.ranges = False
    error = refused(bench, {"url": f"{site.url}/x.tar.gz"})
    assert isinstance(error, EnvironmentFailure) and error.kind == "network"
    left = [path.name for path in bench.cache.rglob("*") if path.is_file()]
    assert not [name for name in left if name.endswith(".tar.gz")]
    site.drop.clear()
    bench.provide({"url": f"{site.url}/x.tar.gz"})
    assert bench.files() == {"a": "x" * 100}


@pytest.mark.parametrize("how", ["hang", "mute"])
def test_a_server_that_hangs_is_given_up(bench: Bench, site: Site, how: str) -> None:
    site.files["/x.tar.gz"] = tar([("top/a", F, "x")])
    getattr(site, how).add("/x.tar.gz")
    error = refused(bench, {"url": f"{site.url}/x.tar.gz"})
    assert isinstance(error, EnvironmentFailure) and error.kind == "network"


@pytest.mark.parametrize(
    "entry",
    [
        {"git_url": "ext::sh -c touch% {base}/ran"},
        {"git_url": "fd::17"},
        {"git_url": "--upload-pack=touch {base}/ran"},
        {"git_url": "-u./x"},
        {"git_url": "ssh://-oProxyCommand=touch%20{base}/ran/x"},
        {"git_url": "{base}/upstream", "git_rev": "--orphan=x"},
        {"git_url": "{base}/upstream", "git_rev": "--upload-pack=touch {base}/ran"},
        {"hg_url": "--config=alias.clone=!touch {base}/ran"},
        {"svn_url": "--config-option=config:tunnels:x=touch {base}/ran"},
    ],
)
def test_no_url_runs_a_program(bench: Bench, repository: Callable[[str], object], entry: dict[str, str]) -> None:
    from support.source_bench import Repository

    upstream = repository("upstream")
    assert isinstance(upstream, Repository)
    upstream.commit("one", {"f": "1"})
    refused(bench, {key: value.replace("{base}", str(bench.base)) for key, value in entry.items()})
    assert not (bench.base / "ran").exists()


@pytest.mark.parametrize(
    "patch",
    [
        "--- a/../../evil\n+++ b/../../evil\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ /tmp/cbw-evil\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/x b/../../evil\nsimilarity index 100%\nrename from f\nrename to ../../evil\n",
        'diff --git "a/f" "b/..\\057..\\057evil"\nnew file mode 100644\n--- /dev/null\n'
        '+++ "b/..\\057..\\057evil"\n@@ -0,0 +1 @@\n+x\n',
        "diff --git a/out b/out\nnew file mode 120000\n--- /dev/null\n+++ b/out\n@@ -0,0 +1 @@\n+../..\n"
        "\\ No newline at end of file\n"
        "diff --git a/out/evil b/out/evil\nnew file mode 100644\n--- /dev/null\n+++ b/out/evil\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/link b/link\n--- a/link\n+++ b/link\n@@ -1 +1 @@\n-1\n+x\n",
    ],
)
def test_a_patch_that_leads_out_is_refused(bench: Bench, patch: str) -> None:
    outside = bench.base / "outside"
    outside.write_text("1\n")
    tree = bench.base / "tree"
    tree.mkdir()
    (tree / "f").write_text("1\n")
    (tree / "link").symlink_to(outside)
    (bench.recipe / "p.patch").write_text(patch)
    with pytest.raises(RecipeError) as caught:
        bench.provide({"path": "../tree", "patches": ["p.patch"]})
    assert caught.value.kind == "patch" and not bench.work.exists()
    assert outside.read_text() == "1\n" and not Path("/tmp/cbw-evil").exists()
    assert not list(bench.base.rglob("evil"))


NASTY = "two\nlines \x1b[31mred"


def test_names_with_line_ends_are_shown_safely(bench: Bench, site: Site) -> None:
    site.files["/x.tar.gz"] = tar([("top/a", F, ""), (f"top/{NASTY}", L, "/etc")])
    refused(bench, {"url": f"{site.url}/x.tar.gz"})
    refused(bench, {"url": "x.tar.gz", "fn": "a\nb/../../c"})
    refused(bench, {"path": "no\nthing"})
    refused(bench, {"folder": "a\n/../../b", "path": "."})
    (bench.recipe / "p.patch").write_text('--- /dev/null\n+++ "b/two\\nlines/../../evil"\n@@ -0,0 +1 @@\n+x\n')
    refused(bench, {"patches": ["p.patch"]}, keeps=("session/work_failed_provide",))


def test_names_with_line_ends_can_be_unpacked(bench: Bench, site: Site) -> None:
    site.files["/x.tar.gz"] = tar([("top/a\nb", F, "1"), ("top/c", F, "2")])
    bench.provide({"url": f"{site.url}/x.tar.gz"})
    assert bench.files() == {"a\nb": "1", "c": "2"}


def test_an_archive_that_calls_itself_a_repository_runs_nothing(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = bench.base / "tools"
    tools.mkdir()
    (tools / "hg").write_text(f"#!/bin/sh\ntouch {bench.base}/ran\n")
    (tools / "hg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    config = f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch {bench.base}/ran; false\n"
    rows = [("top/.git/config", F, config), ("top/.git/HEAD", F, "ref: refs/heads/main\n"), ("top/.hg/hgrc", F, "")]
    site.files["/x.tar.gz"] = tar([*rows, ("top/.git/objects/x", F, ""), ("top/.git/refs/x", F, "")])
    entry = {"url": f"{site.url}/x.tar.gz"}
    bench.provide(entry)
    assert git_variables(bench.output(entry), bench.work) == {}
    assert not (bench.base / "ran").exists()


def test_settings_of_a_repository_run_no_program(bench: Bench, repository: Callable[[str], object]) -> None:
    from support.source_bench import Repository

    upstream = repository("upstream")
    assert isinstance(upstream, Repository)
    upstream.commit("one", {"f": "1"})
    with (upstream.path / ".git/config").open("a") as settings:
        settings.write(f"[core]\n\tfsmonitor = touch {bench.base}/ran; false\n")
    entry = {"path": "../upstream"}
    bench.provide(entry)
    assert git_variables(bench.output(entry), bench.work)["GIT_FULL_HASH"] == upstream.git("rev-parse", "HEAD")
    subprocess.run(["rm", "-f", f"{bench.base}/ran"], check=True)
    git_variables(bench.output(entry), bench.work)
    assert not (bench.base / "ran").exists()
