"""`conda list` where there is no conda."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cbw_core.env import conda_command


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    meta = tmp_path / "prefix" / "conda-meta"
    meta.mkdir(parents=True)
    for name, version in (("zlib", "1.3"), ("bzip2", "1.0"), ("zlib-ng", "2.2")):
        row = {
            "name": name, "version": version, "build": "h1_0", "build_number": 0, "subdir": "linux-64",
            "channel": "https://host/some-channel/",
        }  # fmt: skip
        (meta / f"{name}-{version}-h1_0.json").write_text(json.dumps(row))
    return tmp_path / "prefix"


def conda(tmp_path: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    program = conda_command.write(tmp_path / "folder with space")
    env = {"PATH": f"/usr/bin:/bin:{program.parent}", **environ}
    return subprocess.run(["conda", *arguments], env=env, text=True, capture_output=True, cwd=tmp_path, check=False)


def test_the_program_lists_packages_as_canonical_names(tmp_path: Path, prefix: Path) -> None:
    done = conda(tmp_path, "list", "-p", str(prefix), "--canonical")
    assert done.stdout.splitlines() == [
        "some-channel/linux-64::bzip2-1.0-h1_0",
        "some-channel/linux-64::zlib-1.3-h1_0",
        "some-channel/linux-64::zlib-ng-2.2-h1_0",
    ]


def test_the_active_prefix_is_listed_without_p(tmp_path: Path, prefix: Path) -> None:
    done = conda(tmp_path, "list", "--export", CONDA_PREFIX=str(prefix))
    assert done.stdout.splitlines() == ["bzip2=1.0=h1_0", "zlib=1.3=h1_0", "zlib-ng=2.2=h1_0"]


@pytest.mark.parametrize(("arguments", "names"), [(["zlib"], ["zlib", "zlib-ng"]), (["-f", "ZLIB"], ["zlib"])])
def test_names_are_chosen_by_a_pattern(tmp_path: Path, prefix: Path, arguments: list[str], names: list[str]) -> None:
    done = conda(tmp_path, "list", "-p", str(prefix), "--json", *arguments)
    assert [row["name"] for row in json.loads(done.stdout)] == names


def test_the_table_has_what_conda_has(prefix: Path) -> None:
    lines = conda_command.text(prefix, conda_command.packages(prefix)).splitlines()
    assert lines[0] == f"# packages in environment at {prefix}:"
    assert lines[3].split() == ["bzip2", "1.0", "h1_0", "some-channel"]


def test_anything_else_is_refused_by_name(tmp_path: Path) -> None:
    done = conda(tmp_path, "install", "zlib")
    assert done.returncode == 1 and "conda install zlib" in done.stderr and "`conda list` alone" in done.stderr


def test_a_prefix_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = conda(tmp_path, "list", "-p", str(tmp_path / "gone"))
    assert done.returncode == 1 and str(tmp_path / "gone") in done.stderr


def test_it_is_needed_only_where_path_has_no_conda(tmp_path: Path) -> None:
    assert conda_command.needed(str(tmp_path))
    conda_command.write(tmp_path / "bin")
    assert not conda_command.needed(os.pathsep.join(["/nowhere", str(tmp_path / "bin")]))
