"""Sessions that share one cache of packages, at once and killed: the cache holds what the packages say."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.channel import index
from support.cli import PROGRAM, Cbw
from support.packages import PLACEHOLDER, make_package

SESSIONS = 8


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Twelve packages of sixty files, some of which are relocated."""
    folder = tmp_path / "channel"
    draw = random.Random(1)
    for number in range(12):
        files: dict[str, str | bytes] = {f"share/p{number}/{k}": draw.randbytes(4000) for k in range(50)}
        files |= {f"bin/p{number}-{k}": f"#!{PLACEHOLDER}/bin/sh\n" for k in range(10)}
        make_package(folder, f"p{number}", files=files, tar_bz2=number % 4 == 0)
    index(folder)
    return folder


@pytest.fixture
def own_cache(world: dict[str, str], tmp_path: Path) -> Path:
    world["CBW_CACHE"] = str(tmp_path / "cache")
    return tmp_path / "cache"


def start(recipe: Path, root: Path, world: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(PROGRAM), "debug", "--plain", str(recipe), "-p", str(root)],
        env=dict(world),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_eight_sessions_at_once_on_an_empty_cache_some_killed_leave_it_whole(
    channel: Path, own_cache: Path, recipe: Callable[..., Path], world: dict[str, str], tmp_path: Path, cbw: Cbw
) -> None:
    draw = random.Random(2)
    (tmp_path / "home/.condarc").write_text(f"channels: ['{channel}']\n")
    jobs = []
    for number in range(SESSIONS):
        needs = "".join(f"    - p{n}\n" for n in sorted(draw.sample(range(12), 8)))
        folder = recipe(f"r{number}", f"package: {{name: r{number}, version: '1'}}\nrequirements:\n  host:\n{needs}")
        jobs.append((folder, tmp_path / "croot" / f"s{number}"))
    children = [start(*job, world) for job in jobs]
    for victim in draw.sample(range(SESSIONS), 4):
        with pytest.raises(subprocess.TimeoutExpired):  # else there is nobody to kill
            children[victim].wait(draw.uniform(0.0, 0.5))
        children[victim].kill()
        children[victim].communicate()
        children[victim] = start(*jobs[victim], world)
    said = [child.communicate(timeout=200)[0] for child in children]
    assert [child.returncode for child in children] == [0] * SESSIONS, said
    report = cbw("inspect", "cache", "--json").json()
    assert {p["dist"] for p in report["packages"]} >= {"p0-1.0-0", "p11-1.0-0"}
    assert [p for p in report["packages"] if p["problems"]] == []


def test_a_damaged_package_is_named_and_taken_out(
    channel: Path, own_cache: Path, recipe: Callable[..., Path], cbw: Cbw
) -> None:
    folder = recipe("one", "package: {name: one, version: '1'}\nrequirements: {host: [p1]}\n")
    cbw("debug", "--plain", "-O", "-c", channel, folder)
    damaged = own_cache / "pkgs/p1-1.0-0/share/p1/7"
    damaged.write_bytes(b"edited")
    shown = cbw("inspect", "cache", status=1)
    assert "damaged p1-1.0-0" in shown.out and "share/p1/7: has 6 bytes instead of 4000" in shown.out
    assert "p1-1.0-0" in cbw("purge", "--damaged").out
    assert "no packages" in cbw("inspect", "cache").out
    session = cbw("status", "--json").json()
    cbw("rewind", "env")
    cbw("run", "env")
    assert "1 package," in cbw("inspect", "cache").out
    assert (Path(session["paths"]["host_prefix"]) / "share/p1/7").stat().st_size == 4000


def test_a_script_that_edits_a_dependency_in_place_is_told_and_the_cache_stays(
    own_cache: Path, recipe: Callable[..., Path], cbw: Cbw, tmp_path: Path
) -> None:
    channel = tmp_path / "channel"
    make_package(channel, "zlib", "1.2.13", files={"include/zlib.h": "#define SIZE 1\n", "lib/z.txt": "z"})
    make_package(channel, "tool", files={"share/tool.cfg": "old\n"})
    index(channel)
    script = [
        "sed -i s/1/2/ $PREFIX/include/zlib.h",
        "echo new >> $BUILD_PREFIX/share/tool.cfg",
        "rm $PREFIX/lib/z.txt",
    ]
    needs = "requirements: {build: [tool], host: [zlib]}"
    folder = recipe("edits", f"package: {{name: edits, version: '1'}}\n{needs}\nbuild: {{script: {script}}}\n")
    said = cbw("build", "-O", "-c", channel, folder).text
    for line in (
        "the build changed include/zlib.h of zlib-1.2.13-0 in the host environment",
        "the build removed lib/z.txt of zlib-1.2.13-0 in the host environment",
        "the build changed share/tool.cfg of tool-1.0-0 in the build environment",
    ):
        assert line in said
    assert "all as their packages say" in cbw("inspect", "cache").out
    session = cbw("status", "--json").json()
    header = Path(session["paths"]["host_prefix"]) / "include/zlib.h"
    assert header.read_text() == "#define SIZE 2\n"
    cbw("rewind", "build")
    assert header.read_text() == "#define SIZE 1\n"
