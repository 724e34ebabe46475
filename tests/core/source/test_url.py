"""url entries: names, hashes, mirrors, downloads that break off, hang or lie, and how they are unpacked."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import EnvironmentFailure, Interrupted, RecipeError
from cbw_core.events import Progress
from cbw_core.process import Cancel
from cbw_core.source.download import Patience
from core.source.url_help import BIG, TarOf, kept, sha256, tar_gz
from support.source_bench import Bench, Site


def test_download_is_verified_unpacked_and_kept_by_its_hash(bench: Bench, site: Site) -> None:
    data = site.files["/p-1.tar.gz"] = tar_gz(("p-1/readme", "hello"))
    entry = {"url": f"{site.url}/p-1.tar.gz", "sha256": sha256(data), "md5": hashlib.md5(data).hexdigest()}
    provided = bench.provide(entry)
    assert bench.files() == {"readme": "hello"}
    name = f"p-1_{entry['md5'][:10]}.tar.gz"
    assert kept(bench) == [name]
    (found,) = provided.entries
    assert (found.kind, found.url, found.sha256) == ("url", entry["url"], sha256(data))
    assert found.file == str(bench.cache / "src" / name)
    assert type(provided).from_json(provided.to_json()) == provided
    done = [event for event in bench.events.events if isinstance(event, Progress) and event.task == "download"]
    assert done[-1].finished and done[-1].done == done[-1].total == len(data) and done[-1].unit == "bytes"
    # the second time nothing is asked for
    bench.provide(entry)
    assert len(site.asked) == 1 and bench.files() == {"readme": "hello"}


def test_without_a_hash_it_is_fetched_each_time(bench: Bench, site: Site) -> None:
    site.files["/f.txt"] = b"one"
    bench.provide({"url": f"{site.url}/f.txt"})
    site.files["/f.txt"] = b"two"
    bench.provide({"url": f"{site.url}/f.txt"})
    assert bench.files() == {"f.txt": "two"}
    assert kept(bench) == sorted(f"f_{sha256(data)[:10]}.txt" for data in (b"one", b"two"))


def test_a_damaged_file_in_the_cache_is_fetched_again(bench: Bench, site: Site) -> None:
    site.files["/f.txt"] = b"good"
    entry = {"url": f"{site.url}/f.txt", "sha256": sha256(b"good")}
    bench.provide(entry)
    (path,) = (bench.cache / "src").glob("f_*")
    path.write_bytes(b"evil")
    bench.provide(entry)
    assert bench.files() == {"f.txt": "good"} and path.read_bytes() == b"good"


def test_wrong_hash_names_both_and_the_line_and_keeps_nothing(bench: Bench, site: Site) -> None:
    data = site.files["/p.tar.gz"] = tar_gz(("p/x", "x"))
    expected = "0" * 64
    with pytest.raises(RecipeError) as caught:
        bench.provide({"url": f"{site.url}/p.tar.gz", "sha256": expected})
    error = caught.value
    assert error.kind == "hash" and error.exit_status == 2
    assert expected in error.message and sha256(data) in error.message
    assert error.place is not None and error.place.line == bench.line(expected)
    assert kept(bench) == [] and not bench.work.exists()


def test_the_line_of_a_hash_is_found_behind_selectors_and_templates(bench: Bench) -> None:
    bench.meta_yaml = (
        """\
{% set version = "1" %}
source:
  - url: a-{{ version }}.txt   # [win]
    sha256: aaaa               # [win]
  - url: b-{{ version }}.txt   # [not win]
    sha256: """
        + "1" * 64
    )
    (bench.recipe / "b-1.txt").write_text("x")
    with pytest.raises(RecipeError) as caught:
        bench.provide({"url": "b-1.txt", "sha256": "1" * 64})
    assert caught.value.place is not None and caught.value.place.line == 6


@pytest.mark.parametrize(
    ("algorithm", "value"), [("sha256", ""), ("sha256", "abc"), ("md5", "g" * 32), ("sha512", "0" * 64)]
)
def test_a_hash_that_is_none_is_told_before_anything_is_fetched(
    bench: Bench, site: Site, algorithm: str, value: str
) -> None:
    with pytest.raises(RecipeError, match=algorithm) as caught:
        bench.provide({"url": f"{site.url}/f", algorithm: value})
    assert caught.value.kind == "hash" and site.asked == []


def test_every_hash_that_is_given_counts(bench: Bench) -> None:
    (bench.recipe / "f").write_bytes(b"x")
    good: dict[str, Any] = {"url": "f"}
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        good[name] = hashlib.new(name, b"x").hexdigest()
    bench.provide(good)
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        with pytest.raises(RecipeError, match=name):
            bench.provide({**good, name: hashlib.new(name, b"y").hexdigest()})


def test_mirrors_are_tried_in_order(bench: Bench, site: Site) -> None:
    data = site.files["/good/f.txt"] = b"content"
    site.status["/busy/f.txt"] = 503
    urls = [f"{site.url}/{name}/f.txt" for name in ("missing", "busy", "good", "never")]
    (found,) = bench.provide({"url": urls, "sha256": sha256(data)}).entries
    assert found.url == urls[2]
    # what the server does not have is asked for once, its own trouble may pass
    assert [path for path, _ in site.asked] == ["/missing/f.txt", "/busy/f.txt", "/busy/f.txt", "/good/f.txt"]


def test_a_mirror_with_other_content_is_passed_over_with_a_warning(bench: Bench, site: Site) -> None:
    site.files["/a/f.txt"], site.files["/b/f.txt"] = b"wrong", b"right"
    bench.provide({"url": [f"{site.url}/a/f.txt", f"{site.url}/b/f.txt"], "sha256": sha256(b"right")})
    assert bench.files() == {"f.txt": "right"}
    assert any("/a/f.txt" in note and "conda-build" in note for note in bench.events.notes("warning"))


def test_no_mirror_serves(bench: Bench, site: Site) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        bench.provide({"url": [f"{site.url}/a/f.txt", f"{site.url}/b/f.txt"]})
    error = caught.value
    assert error.kind == "network" and error.exit_status == 3 and "2 urls" in error.message
    assert error.details is not None and error.details.count("404") == 2
    assert error.place is not None and error.place.line == bench.line("/a/f.txt")


def test_a_server_that_is_not_there(bench: Bench, site: Site) -> None:
    with pytest.raises(EnvironmentFailure, match=r"f\.txt could not be downloaded") as caught:
        bench.provide({"url": "http://127.0.0.1:9/f.txt"})
    assert caught.value.why is not None and "refused" in caught.value.why


@pytest.mark.parametrize("etag", ['"1"', ""])
def test_a_download_broken_off_halfway_is_resumed(bench: Bench, site: Site, etag: str) -> None:
    site.files["/big.bin"], site.etag = BIG, etag
    site.drop["/big.bin"] = [300_000, 400_000, None]
    bench.provide({"url": f"{site.url}/big.bin", "sha256": sha256(BIG)})
    assert (bench.work / "big.bin").read_bytes() == BIG
    assert [part for _, part in site.asked] == [None, "bytes=300000-", "bytes=700000-"]
    assert len(kept(bench)) == 1


def test_a_later_run_goes_on_where_an_earlier_one_was_broken_off(bench: Bench, site: Site) -> None:
    site.files["/big.bin"] = BIG
    site.drop["/big.bin"] = [200_000, 0, 0]
    entry = {"url": f"{site.url}/big.bin", "sha256": sha256(BIG)}
    with pytest.raises(EnvironmentFailure, match="could not be downloaded"):
        bench.provide(entry)
    assert not bench.work.exists()
    site.asked.clear()
    bench.provide(entry)
    assert site.asked == [("/big.bin", "bytes=200000-")]
    assert (bench.work / "big.bin").read_bytes() == BIG


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(bench: Bench, site: Site) -> None:
    site.files["/f.bin"] = b"a" * 100_000
    site.drop["/f.bin"] = [50_000, 0, 0]
    with pytest.raises(EnvironmentFailure):
        bench.provide({"url": f"{site.url}/f.bin"})
    site.files["/f.bin"], site.etag = b"b" * 100_000, '"2"'
    bench.provide({"url": f"{site.url}/f.bin"})
    assert (bench.work / "f.bin").read_bytes() == b"b" * 100_000


def test_a_beginning_of_another_file_does_not_spoil_the_right_one(bench: Bench, site: Site) -> None:
    site.files["/f.bin"], site.etag = b"a" * 100_000, ""
    site.drop["/f.bin"] = [50_000, 0, 0]
    right = b"b" * 100_000
    entry = {"url": f"{site.url}/f.bin", "sha256": sha256(right)}
    with pytest.raises(EnvironmentFailure):
        bench.provide(entry)
    site.files["/f.bin"] = right  # and no ETag that would tell
    bench.provide(entry)
    assert (bench.work / "f.bin").read_bytes() == right


def test_a_server_without_parts_sends_all_again(bench: Bench, site: Site) -> None:
    site.files["/big.bin"], site.ranges = BIG, False
    site.drop["/big.bin"] = [300_000, None]
    bench.provide({"url": f"{site.url}/big.bin", "sha256": sha256(BIG)})
    assert (bench.work / "big.bin").read_bytes() == BIG


@pytest.mark.parametrize("how", ["hang", "mute"])
def test_a_server_that_hangs_is_left_for_the_next_mirror(bench: Bench, site: Site, how: str) -> None:
    site.files["/a/f.bin"] = site.files["/b/f.bin"] = b"x" * 1000
    getattr(site, how).add("/a/f.bin")
    bench.provide({"url": [f"{site.url}/a/f.bin", f"{site.url}/b/f.bin"]})
    assert (bench.work / "f.bin").read_bytes() == b"x" * 1000


@pytest.mark.parametrize("how", ["hang", "mute"])
def test_cancel_ends_a_download_that_hangs(bench: Bench, site: Site, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import source_bench

    monkeypatch.setattr(source_bench, "SHORT", Patience(connect=60, read=60))
    site.files["/f.bin"] = b"x" * 1000
    getattr(site, how).add("/f.bin")
    cancel = Cancel()

    def stop() -> None:
        site.waiting.wait(10)
        cancel.request()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Interrupted):
        bench.provide({"url": f"{site.url}/f.bin"}, cancel=cancel)
    thread.join()
    assert not site.over.is_set()  # the server is still hanging
    assert not bench.work.exists()


def test_offline_is_refused_clearly_but_serves_from_the_cache(bench: Bench, site: Site) -> None:
    site.files["/f.txt"] = b"x"
    entry = {"url": f"{site.url}/f.txt", "sha256": sha256(b"x")}
    bench.offline = True
    with pytest.raises(EnvironmentFailure, match="offline") as caught:
        bench.provide(entry)
    assert caught.value.kind == "network" and site.asked == []
    bench.offline = False
    bench.provide(entry)
    bench.offline = True
    bench.provide(entry)
    assert bench.files() == {"f.txt": "x"}


def test_passwords_and_tokens_are_neither_told_nor_kept(bench: Bench, site: Site) -> None:
    secret = "hunter2"
    host = site.url.removeprefix("http://")
    site.files["/f.txt"] = b"x"
    urls = [f"http://me:{secret}@{host}/t/{secret}/none.txt?token={secret}", f"http://me:{secret}@{host}/f.txt"]
    provided = bench.provide({"url": urls, "fn": "f.txt"})
    assert any("Authorization" in headers for headers in site.headers)
    with pytest.raises(EnvironmentFailure) as caught:
        bench.provide({"url": urls[:1]})
    with pytest.raises(RecipeError) as wrong:
        bench.provide({"url": urls[1:], "sha256": "0" * 64})
    told = f"{provided.to_json()}{bench.events.events}{caught.value.to_json()}{wrong.value.to_json()}"
    assert secret not in told and "***" in told
    for path in bench.cache.rglob("*"):
        assert secret not in path.name and (path.is_dir() or secret.encode() not in path.read_bytes())


def test_local_files_in_every_way_of_naming_them(bench: Bench, tar_of: TarOf, tmp_path: Path) -> None:
    tar_of(bench.recipe / "a b.tar.gz", [("p/x", "x")])
    (bench.base / "home" / "h.txt").write_text("home")
    path = bench.recipe / "a b.tar.gz"
    for url in ("a b.tar.gz", "./a b.tar.gz", "../recipe/a b.tar.gz", str(path), path.as_uri()):
        bench.provide({"url": url, "fn": "a.tar.gz"})
        assert bench.files() == {"x": "x"}
    for url in ("~/h.txt", "file:///~/h.txt"):
        bench.provide({"url": url})
        assert bench.files() == {"h.txt": "home"}


def test_a_local_file_that_is_not_there_is_the_recipes_fault(bench: Bench) -> None:
    with pytest.raises(RecipeError, match=r"none\.tar\.gz") as caught:
        bench.provide({"url": "none.tar.gz"})
    assert caught.value.kind == "source" and caught.value.place is not None
    assert caught.value.place.line == bench.line("none.tar.gz")


@pytest.mark.parametrize("url", ["ftp://example.com/f", "s3://bucket/f", "gopher://x/f"])
def test_schemes_that_are_not_supported_are_named(bench: Bench, url: str) -> None:
    with pytest.raises(RecipeError, match=url.partition("/")[0]):
        bench.provide({"url": url})


@pytest.mark.parametrize(
    ("url", "fn"), [("http://h/", ""), ("f", "../f"), ("f", "/etc/f"), ("f", ".."), ("f", "a" * 300)]
)
def test_a_file_name_that_leads_elsewhere_is_refused(bench: Bench, url: str, fn: str) -> None:
    with pytest.raises(RecipeError, match="file name"):
        bench.provide({"url": url, **({"fn": fn} if fn else {})})


def test_a_run_killed_in_a_download_leaves_nothing_but_what_can_be_resumed(bench: Bench, site: Site) -> None:
    site.files["/f.bin"] = b"0123456789" * 1000
    site.hang.add("/f.bin")
    entry = {"url": f"{site.url}/f.bin", "sha256": sha256(site.files["/f.bin"])}
    output = bench.output(entry)
    code = (
        "import json, sys; from pathlib import Path\n"
        "from cbw_core.config import Config; from cbw_core.render import Output; from cbw_core.source import provide\n"
        "output, work, cache = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])\n"
        "provide(Output.from_json(output), work, config=Config(cache, cache, cache))\n"
    )
    argv = [sys.executable, "-c", code, json.dumps(output.to_json()), str(bench.work), str(bench.cache)]
    with subprocess.Popen(argv) as child:
        assert site.waiting.wait(30)
        child.kill()
    assert not bench.work.exists()
    site.hang.clear()
    bench.provide(entry)
    assert (bench.work / "f.bin").read_bytes() == site.files["/f.bin"]
    assert [path.name for path in bench.work.parent.iterdir()] == ["work"]
