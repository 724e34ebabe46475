from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import changes, install, installed_files, is_installed, manifest
from cbw_core.env.prefix import MARKER
from cbw_core.errors import CbwError
from cbw_core.events import Progress, Recorder
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Resolved
from support.packages import PLACEHOLDER, make_package

NATIVE = native_subdir()
Solve = Callable[..., tuple[Resolved, ...]]
MakeConfig = Callable[..., Config]


def test_the_prefix_holds_the_packages_and_conda_s_bookkeeping(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    prefix = tmp_path / "prefix"
    packages = solve("zlib", "python 3.11", "six")
    install(packages, prefix, config=cfg())
    files = {path for path in manifest(prefix) if not path.startswith("conda-meta/")}
    assert files == {
        "bin/python", "bin/python3.11", "include/zlib.h", "lib/python3.11/os.py", "lib/python3.11/site-packages/six.py",
    }  # fmt: skip
    assert {p.name for p in (prefix / "conda-meta").glob("*.json")} == {f"{p.dist}.json" for p in packages}
    history = (prefix / "conda-meta" / "history").read_text()
    assert all(package.dist in history for package in packages)
    record = json.loads((prefix / "conda-meta" / "zlib-1.2.13-h1_0.json").read_text())
    assert (record["url"], record["sha256"]) == (packages[-1].url, packages[-1].sha256)
    assert is_installed(packages, prefix)
    assert installed_files(prefix)["lib/python3.11/site-packages/six.py"] == "six-1.16.0-pyh1_0"


def test_text_is_relocated_to_the_prefix(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    prefix = tmp_path / "prefix"
    install(solve("python 3.11"), prefix, config=cfg())
    assert (prefix / "bin" / "python").read_text().startswith(f"#!{prefix}/bin/sh\n")
    assert os.access(prefix / "bin" / "python", os.X_OK)


def test_files_of_a_prefix_are_not_those_of_the_cache(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    config = cfg()
    install(solve("zlib", "python 3.11", "six"), tmp_path / "prefix", config=config)
    cached = {(s.st_dev, s.st_ino) for p in config.cache.rglob("*") if p.is_file() for s in (p.stat(),)}
    ours = [p for p in (tmp_path / "prefix").rglob("*") if p.is_file()]
    assert len(ours) > 8
    for path in ours:
        found = path.lstat()
        assert found.st_nlink == 1, path
        assert (found.st_dev, found.st_ino) not in cached, path
        assert not path.is_symlink()


def test_an_edit_in_place_does_not_reach_the_next_prefix(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    packages, config = solve("zlib"), cfg()
    install(packages, tmp_path / "one", config=config)
    with (tmp_path / "one" / "include" / "zlib.h").open("r+") as file:
        file.write("BAD")
    install(packages, tmp_path / "two", config=config)
    assert (tmp_path / "two" / "include" / "zlib.h").read_text() == "int z;\n"


def test_nothing_to_install_makes_an_empty_environment(tmp_path: Path, cfg: MakeConfig) -> None:
    install((), tmp_path / "prefix", config=cfg())
    assert manifest(tmp_path / "prefix") == {"conda-meta/history", MARKER}
    assert is_installed((), tmp_path / "prefix")
    assert not is_installed((), tmp_path / "other")


def test_a_second_install_keeps_the_files_and_removes_what_came_since(
    tmp_path: Path, solve: Solve, cfg: MakeConfig
) -> None:
    prefix, packages = tmp_path / "prefix", solve("zlib")
    install(packages, prefix, config=cfg())
    before = (prefix / "include" / "zlib.h").stat()
    (prefix / "new" / "deep").mkdir(parents=True)
    (prefix / "new" / "deep" / "file").write_text("x")
    (prefix / "include" / "link").symlink_to("zlib.h")
    (prefix / "dirlink").symlink_to("include")
    assert changes(prefix).added == ("dirlink", "include/link", "new/deep/file")  # type: ignore[union-attr]
    install(packages, prefix, config=cfg())
    assert not changes(prefix)
    assert not (prefix / "new").exists()
    after = (prefix / "include" / "zlib.h").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("how", ["edit", "same size and time", "remove", "replace by link", "mode", "half"])
def test_a_prefix_that_changed_is_made_anew(tmp_path: Path, solve: Solve, cfg: MakeConfig, how: str) -> None:
    prefix, packages = tmp_path / "prefix", solve("zlib")
    install(packages, prefix, config=cfg())
    header = prefix / "include" / "zlib.h"
    if how == "edit":
        header.write_text("changed a lot")
    elif how == "same size and time":
        times = header.stat()
        header.write_text("int y;\n")
        os.utime(header, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif how == "remove":
        header.unlink()
    elif how == "replace by link":
        header.unlink()
        header.symlink_to("elsewhere")
    elif how == "mode":
        header.chmod(0o600)
    else:
        (prefix / MARKER).unlink()
    if how != "half":
        assert changes(prefix)
        assert is_installed(packages, prefix)
    install(packages, prefix, config=cfg())
    assert header.read_text() == "int z;\n"
    assert not header.is_symlink()
    assert not changes(prefix)


def test_other_packages_replace_what_was_there(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    prefix = tmp_path / "prefix"
    old, new = solve("zlib 1.2.11", "six"), solve("zlib 1.2.13")
    install(old, prefix, config=cfg())
    (prefix / "stray").write_text("")
    install(new, prefix, config=cfg())
    assert {path for path in manifest(prefix) if not path.startswith("conda-meta/")} == {"include/zlib.h"}
    assert is_installed(new, prefix)
    assert not is_installed(old, prefix)


def test_read_only_folders_left_by_a_build_do_not_stop_a_new_install(
    tmp_path: Path, solve: Solve, cfg: MakeConfig
) -> None:
    prefix, packages = tmp_path / "prefix", solve("zlib")
    (prefix / "closed" / "in").mkdir(parents=True)
    (prefix / "closed" / "in" / "file").write_text("")
    (prefix / "closed" / "in").chmod(0o555)
    (prefix / "closed").chmod(0o000)
    install(packages, prefix, config=cfg())
    assert not (prefix / "closed").exists()


def test_a_package_made_again_is_installed_again(own: Path, put: Callable[..., Path]) -> None:
    make_package(own, "a", files={"share/a": "old"})
    prefix = put("a")
    make_package(own, "a", files={"share/a": "new"})
    assert (put("a") / "share" / "a").read_text() == "new"
    assert prefix == put("a")


def test_a_moved_prefix_is_not_taken_for_installed(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    packages = solve("python 3.11")
    install(packages, tmp_path / "one", config=cfg())
    (tmp_path / "one").rename(tmp_path / "two")
    assert not is_installed(packages, tmp_path / "two")


def test_an_output_that_is_not_built_cannot_be_installed(tmp_path: Path, cfg: MakeConfig) -> None:
    with pytest.raises(CbwError, match="mylib-1-0 is not built yet"):
        install([Resolved("mylib", "1", "0", 0, NATIVE)], tmp_path / "prefix", config=cfg())


def test_a_file_of_two_packages_is_told(own: Path, put: Callable[..., Path]) -> None:
    make_package(own, "a", files={"share/same": "a"})
    make_package(own, "b", files={"share/same": "b"})
    recorder = Recorder()
    put("a", "b", sink=recorder)
    (note,) = recorder.notes("warning")
    assert "share/same" in note


def test_a_prefix_too_long_for_a_binary_is_explained(own: Path, put: Callable[..., Path], tmp_path: Path) -> None:
    make_package(own, "a", files={"lib/a.so": b"\0" + PLACEHOLDER.encode() + b"\0"})
    prefix = tmp_path / ("p" * 200) / ("q" * 100)
    with pytest.raises(CbwError, match="a-1") as caught:
        put("a", prefix=prefix)
    assert f"{len(str(prefix))} characters" in caught.value.message
    assert "--croot" in str(caught.value.hint)


def test_an_archive_that_is_not_what_the_index_says_is_named(
    own: Path, solve: Solve, cfg: MakeConfig, tmp_path: Path
) -> None:
    package = make_package(own, "a", files={"share/a": "a"})
    index(own)
    packages = solve("a", channels=(str(own),))
    package.write_bytes(b"something else")
    with pytest.raises(CbwError, match=r"a-1\.0-0 could not be installed"):
        install(packages, tmp_path / "prefix", config=cfg(str(own)))
    assert not (tmp_path / "prefix" / MARKER).exists()


def test_progress_counts_packages(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    recorder = Recorder()
    install(solve("python 3.11", "zlib"), tmp_path / "prefix", config=cfg(), sink=recorder)
    last = recorder.events[-1]
    assert isinstance(last, Progress)
    assert (last.task, last.done, last.total, last.unit, last.finished) == ("link", 2, 2, "packages", True)


def test_an_install_killed_half_way_is_done_again(tmp_path: Path, own: Path, solve: Solve, cfg: MakeConfig) -> None:
    make_package(own, "a", files={"bin/.a-post-link.sh": "#!/bin/sh\ntouch $PREFIX/started\nexec sleep 1000\n"})
    index(own)
    packages, config = solve("a", channels=(str(own),)), cfg(str(own))
    program = textwrap.dedent(
        f"""
        import sys; sys.path[:] = {sys.path!r}
        import json
        from pathlib import Path
        from cbw_core.config import Config
        from cbw_core.env import install
        from cbw_core.render.output import resolved_from_json
        data = json.loads(sys.stdin.read())
        packages = [resolved_from_json(package) for package in data["packages"]]
        install(packages, Path(data["prefix"]), config=Config.from_json(data["config"]))
        """
    )
    prefix = tmp_path / "prefix"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
    from dataclasses import asdict

    data = {"packages": [asdict(p) for p in packages], "prefix": str(prefix), "config": config.to_json()}
    assert child.stdin is not None
    child.stdin.write(json.dumps(data))
    child.stdin.close()
    while not (prefix / "started").exists():
        assert child.poll() is None
        time.sleep(0.005)
    child.kill()
    child.wait()
    assert not is_installed(packages, prefix)
    assert changes(prefix) is None
    fixed = replace(packages[0])
    make_package(own, "a", files={"share/a": ""})
    index(own)
    fixed = solve("a", channels=(str(own),))[0]
    install([fixed], prefix, config=config)
    assert not (prefix / "started").exists()
    assert (prefix / "share" / "a").exists()


def test_a_full_or_closed_disk_is_an_error_of_the_disk(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CbwError) as caught:
        install(solve("zlib"), tmp_path / "file" / "prefix", config=cfg())
    assert caught.value.kind == "disk"
