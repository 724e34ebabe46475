"""path entries: copied as they are, or linked to; and what is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cbw_core.errors import EnvironmentFailure, RecipeError
from support.source_bench import Bench


@pytest.fixture
def tree(bench: Bench) -> Path:
    root = bench.base / "tree"
    (root / "sub").mkdir(parents=True)
    (root / "sub/run").write_text("#!/bin/sh\n")
    (root / "sub/run").chmod(0o755)
    (root / "link").symlink_to("sub/run")
    (root / "folder-link").symlink_to("sub")
    (root / "dangling").symlink_to("nowhere")
    (root / ".hidden").write_text("h")
    (root / ".conda_lock").write_text("l")
    os.utime(root / "sub/run", (1_500_000_000, 1_500_000_000))
    return root


def test_links_modes_times_and_hidden_files_are_kept(bench: Bench, tree: Path) -> None:
    (found,) = bench.provide({"path": "../tree"}).entries
    assert (found.kind, found.url) == ("path", str(tree))
    assert sorted(path.name for path in bench.work.iterdir()) == [".hidden", "dangling", "folder-link", "link", "sub"]
    assert (bench.work / "link").readlink() == Path("sub/run") and (bench.work / "folder-link").readlink() == Path(
        "sub"
    )
    told = (bench.work / "sub/run").stat()
    assert told.st_mtime == 1_500_000_000 and stat.S_IMODE(told.st_mode) == 0o755


@pytest.mark.parametrize("path", ["../tree", "./../tree/", "~/../tree", "absolute"])
def test_every_way_to_name_a_folder(bench: Bench, tree: Path, path: str) -> None:
    bench.provide({"path": str(tree) if path == "absolute" else path, "folder": "in"})
    assert (bench.work / "in/sub/run").is_file()


def test_a_link_to_a_folder_is_followed(bench: Bench, tree: Path) -> None:
    (bench.base / "alias").symlink_to(tree)
    bench.provide({"path": "../alias"})
    assert (bench.work / "sub/run").is_file() and not bench.work.is_symlink()


def test_a_single_file_is_copied_under_its_name_or_that_of_its_folder(bench: Bench, tree: Path) -> None:
    bench.provide({"path": "../tree/.hidden"})
    assert bench.files() == {".hidden": "h"}
    bench.provide({"path": "../tree/.hidden", "folder": "name"})
    assert bench.files() == {"name": "h"}  # as conda_build.utils.copy_into does


def test_it_goes_over_what_is_there(bench: Bench, tree: Path) -> None:
    (bench.recipe / "second/sub").mkdir(parents=True)
    (bench.recipe / "second/sub/run").write_text("other")
    bench.provide({"path": "../tree"}, {"path": "second"})
    assert bench.files()["sub/run"] == "other"
    assert (tree / "sub/run").read_text() == "#!/bin/sh\n"


def test_a_link_in_the_way_is_replaced_not_written_through(bench: Bench, tree: Path) -> None:
    (bench.recipe / "second").mkdir()
    (bench.recipe / "second/link").write_text("a file")
    bench.provide({"path": "../tree"}, {"path": "second"})
    assert not (bench.work / "link").is_symlink() and (bench.work / "sub/run").read_text() == "#!/bin/sh\n"


def test_what_is_not_there(bench: Bench) -> None:
    with pytest.raises(RecipeError, match="nothing at") as caught:
        bench.provide({"path": "../nowhere"})
    assert caught.value.place is not None and caught.value.place.line == bench.line("nowhere")


def test_a_folder_that_has_the_work_folder_in_it_is_refused(bench: Bench) -> None:
    with pytest.raises(RecipeError, match="inside itself"):
        bench.provide({"path": ".."})


def test_a_pipe_is_named_not_waited_for(bench: Bench, tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with pytest.raises(EnvironmentFailure, match="neither a file") as caught:
        bench.provide({"path": "../tree"})
    assert caught.value.place is not None and caught.value.place.file == str(tree / "pipe")


def test_path_via_symlink_links_the_folder_and_removes_the_link_only(bench: Bench, tree: Path) -> None:
    bench.provide({"path": "../tree", "path_via_symlink": True, "folder": "in/here"})
    assert (bench.work / "in/here").readlink() == Path(tree)
    with pytest.raises(RecipeError, match="needs a folder"):
        bench.provide({"path": "../tree", "path_via_symlink": True})
    with pytest.raises(RecipeError, match="patches"):
        bench.provide({"path": "../tree", "path_via_symlink": True, "folder": "in", "patches": ["p"]})
    bench.provide()  # removing the link leaves what it points at
    assert (tree / "sub/run").is_file()


def test_a_folder_that_may_not_be_written_to_can_be_made_and_removed(bench: Bench, tree: Path) -> None:
    (tree / "sub").chmod(0o555)
    for _ in range(2):
        bench.provide({"path": "../tree"})
        assert (bench.work / "sub/run").is_file()
    (tree / "sub").chmod(0o755)
