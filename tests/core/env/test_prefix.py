from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cbw_core.env import changes, installed_files, manifest
from cbw_core.env.prefix import Changes, write_marker
from cbw_core.errors import CbwError


def test_the_manifest_lists_files_and_links_but_no_folders(tmp_path: Path) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "lib" / "deep" / "a b").write_text("")
    (tmp_path / "lib64").symlink_to("lib")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert manifest(tmp_path) == {"lib/deep/a b", "lib64", "dangling", "pipe"}


def test_a_prefix_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert manifest(tmp_path / "none") == frozenset()
    assert installed_files(tmp_path / "none") == {}
    assert changes(tmp_path / "none") is None


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n\t")
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / name).write_text("")
    write_marker((), tmp_path)
    assert name in manifest(tmp_path)
    assert changes(tmp_path) == Changes()
    (tmp_path / name).write_text("x")
    assert changes(tmp_path) == Changes(modified=(name,))


def test_a_removed_folder_and_a_file_in_its_place_are_changes(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a").write_text("")
    write_marker((), tmp_path)
    (tmp_path / "lib" / "a").unlink()
    (tmp_path / "lib").rmdir()
    assert changes(tmp_path) == Changes(removed=("lib", "lib/a"))
    (tmp_path / "lib").write_text("")
    assert changes(tmp_path) == Changes(removed=("lib/a",), modified=("lib",))


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    good = {"name": "a", "version": "1", "build": "0", "files": ["share/a"]}
    (tmp_path / "conda-meta" / "a-1-0.json").write_text(json.dumps(good))
    assert installed_files(tmp_path) == {"share/a": "a-1-0"}
    (tmp_path / "conda-meta" / "b-1-0.json").write_text("{")
    with pytest.raises(CbwError, match="b-1-0"):
        installed_files(tmp_path)
