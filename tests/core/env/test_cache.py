"""The cache of extracted packages: checked against the packages' own paths.json, and swept."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import cached_packages, install
from cbw_core.env.cache import folder, remove, sweep
from cbw_core.render.output import Resolved
from support.packages import make_package

Solve = Callable[..., tuple[Resolved, ...]]


@pytest.fixture
def filled(tmp_path: Path, solve: Solve, cfg: Callable[..., Config]) -> Config:
    """A config whose cache holds two packages, one with links and folders of its own."""
    own = tmp_path / "own"
    make_package(own, "zlib", files={"include/zlib.h": "int z;\n", "lib/libz.a": b"\0z"})
    make_package(own, "old", files={"share/old/a.txt": "a"}, tar_bz2=True)
    index(own)
    config = cfg(str(own))
    install(solve("zlib", "old", channels=(str(own),)), tmp_path / "prefix", config=config)
    return config


def problems(config: Config) -> dict[str, tuple[str, ...]]:
    return {package.dist: package.problems for package in cached_packages(config)}


def test_what_was_extracted_agrees_with_paths_json(filled: Config) -> None:
    assert problems(filled) == {"zlib-1.0-0": (), "old-1.0-0": ()}
    sizes = {package.dist: (package.files, package.size) for package in cached_packages(filled)}
    assert sizes["zlib-1.0-0"] == (2, 9)


def test_no_cache_holds_no_packages(cfg: Callable[..., Config]) -> None:
    assert cached_packages(cfg()) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda file: file.unlink(), "missing"),
        (lambda file: file.write_text("int y;\n"), "other contents"),
        (lambda file: file.write_text("much longer than it was"), "23 bytes instead of 7"),
        (lambda file: (file.unlink(), file.symlink_to("zconf.h")), "is a link"),
        (lambda file: (file.parent / "more.h").write_text(""), "more.h: is not in the package"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_named(filled: Config, change: Callable[[Path], object], told: str) -> None:
    change(folder(filled) / "zlib-1.0-0/include/zlib.h")
    found = problems(filled)
    assert found["old-1.0-0"] == ()
    (line,) = found["zlib-1.0-0"]
    assert line.startswith("include/") and told in line


def test_a_package_without_its_list_of_files_is_told(filled: Config) -> None:
    (folder(filled) / "zlib-1.0-0/info/paths.json").unlink()
    assert "cannot be read" in problems(filled)["zlib-1.0-0"][0]


def test_a_removed_package_is_extracted_anew(filled: Config, tmp_path: Path, solve: Solve) -> None:
    (folder(filled) / "zlib-1.0-0/include/zlib.h").write_text("damaged")
    remove(filled, [package for package in cached_packages(filled) if package.problems])
    assert set(problems(filled)) == {"old-1.0-0"}
    install(solve("zlib", channels=filled.channels), tmp_path / "again", config=filled)
    assert problems(filled) == {"zlib-1.0-0": (), "old-1.0-0": ()}
    assert (tmp_path / "again/include/zlib.h").read_text() == "int z;\n"


def test_what_a_killed_install_left_is_swept_by_the_next(filled: Config, tmp_path: Path, solve: Solve) -> None:
    half = folder(filled) / ".zlib-1.0-0Ab3xYz"
    (half / "info").mkdir(parents=True)
    (half / "info/index.json").write_text("{")
    assert set(problems(filled)) == {"zlib-1.0-0", "old-1.0-0"}
    install(solve("zlib", channels=filled.channels), tmp_path / "again", config=filled)
    assert not half.exists()


def test_nothing_is_swept_while_another_installs(filled: Config) -> None:
    half = folder(filled) / ".zlib-1.0-0Ab3xYz"
    half.mkdir()
    with (folder(filled) / ".cache.lock").open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        assert sweep(filled) == ()
    assert half.exists()
    assert sweep(filled) == (half.name,)
