from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import EditedFile, edited_files, install
from cbw_core.errors import EnvironmentFailure
from support.packages import PLACEHOLDER, make_package


@pytest.fixture
def prefix(tmp_path: Path, solve: Callable[..., object], cfg: Callable[..., Config]) -> Path:
    own = tmp_path / "own"
    files = {"include/z.h": "int z;\n", "bin/z": f"#!{PLACEHOLDER}/bin/sh\n", "lib/z.pyc": b"\0", "lib/z.a": b"a"}
    make_package(own, "z", files=files)
    index(own)
    packages = solve("z", channels=(str(own),))
    install(packages, tmp_path / "prefix", config=cfg(str(own)))  # type: ignore[arg-type]
    return tmp_path / "prefix"


def test_a_prefix_as_installed_has_no_edits(prefix: Path) -> None:
    assert edited_files(prefix) == ()


def test_edited_and_removed_files_are_named_with_their_package(prefix: Path) -> None:
    with (prefix / "include/z.h").open("a") as file:
        file.write("int more;\n")
    (prefix / "lib/z.a").unlink()
    assert edited_files(prefix) == (
        EditedFile("include/z.h", "z-1.0-0", "changed"),
        EditedFile("lib/z.a", "z-1.0-0", "removed"),
    )


def test_an_edit_of_a_relocated_file_is_seen_and_its_relocation_is_none(prefix: Path) -> None:
    os.utime(prefix / "bin/z")
    assert edited_files(prefix) == ()
    (prefix / "bin/z").write_text("#!/bin/sh\n")
    assert [row.path for row in edited_files(prefix)] == ["bin/z"]


def test_new_times_modes_links_and_bytecode_are_no_edits(prefix: Path) -> None:
    os.utime(prefix / "include/z.h", (1, 1))
    (prefix / "lib/z.a").chmod(0o600)
    os.link(prefix / "include/z.h", prefix / "include/zz.h")
    (prefix / "lib/z.pyc").write_bytes(b"renewed")
    assert edited_files(prefix) == ()


def test_a_file_that_became_a_link_is_changed(prefix: Path) -> None:
    (prefix / "include/z.h").unlink()
    (prefix / "include/z.h").symlink_to("/dev/null")
    assert edited_files(prefix) == (EditedFile("include/z.h", "z-1.0-0", "changed"),)


def test_a_damaged_record_is_named(prefix: Path) -> None:
    (prefix / "conda-meta/z-1.0-0.json").write_text("{")
    with pytest.raises(EnvironmentFailure, match=r"z-1\.0-0\.json in the environment is not a package record"):
        edited_files(prefix, ["include/z.h"])
