import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbw_core.session.disk import trees
from cbw_core.session.disk.snapshot import Snapshot
from support.files import write_files


def contents(root: Path) -> dict[str, object]:
    """Path -> (mode, time, content) of everything in a tree; folders have no time: it says when they were looked at."""
    found: dict[str, object] = {}
    for path in trees.scan(root):
        file = root / path
        info = file.lstat()
        if stat.S_ISLNK(info.st_mode):
            found[path] = os.readlink(file)  # noqa: PTH115
        elif stat.S_ISDIR(info.st_mode):
            found[path] = info.st_mode
        else:
            found[path] = (info.st_mode, info.st_mtime_ns, file.read_bytes())
    return found


def taken(root: Path, tmp_path: Path) -> Snapshot:
    snapshot = Snapshot(root, tmp_path / "private", "work")
    snapshot.take()
    return snapshot


def test_restoring_brings_back_deleted_changed_and_replaced_files_and_removes_new_ones(tmp_path: Path) -> None:
    work = write_files(tmp_path / "work", {"keep": "k", "edit": "old", "del/eted": "d", "folder/x": "x", "file": "f"})
    (work / "link").symlink_to("keep")
    snapshot, was = taken(work, tmp_path), contents(work)
    (work / "edit").write_text("new")
    (work / "del/eted").unlink()
    (work / "del").rmdir()
    trees.remove(work / "folder")
    (work / "folder").write_text("now a file")
    (work / "file").unlink()
    (work / "file").mkdir()
    (work / "file/inner").write_text("now a folder")
    (work / "link").unlink()
    (work / "link").write_text("now a file")
    write_files(work, {"made/by/build": "new"})
    snapshot.restore()
    assert contents(work) == was


def test_restoring_leaves_untouched_files_alone(tmp_path: Path) -> None:
    work = write_files(tmp_path / "work", {"a": "1", "b": "2"})
    snapshot, before = taken(work, tmp_path), trees.scan(work)
    (work / "b").write_text("3")
    snapshot.restore()
    assert trees.scan(work)["a"] == before["a"]
    assert (work / "b").read_text() == "2"


def test_putting_back_leaves_what_else_is_there(tmp_path: Path) -> None:
    prefix = write_files(tmp_path / "prefix", {"lib/made": "1", "lib/owned": "2"})
    snapshot = Snapshot(prefix, tmp_path / "private", "made")
    snapshot.take(["lib/made"])
    (prefix / "lib/made").write_text("patched")
    snapshot.put_back()
    assert (prefix / "lib/made").read_text() == "1" and (prefix / "lib/owned").read_text() == "2"


def test_a_snapshot_can_be_put_elsewhere(tmp_path: Path) -> None:
    work = write_files(tmp_path / "work", {"a/b": "x" * 100_000, "c": "y"})
    taken(work, tmp_path).put_into(tmp_path / "other", ["a/b"])
    assert set(trees.scan(tmp_path / "other")) == {"a", "a/b"}
    assert (tmp_path / "other/a/b").read_text() == "x" * 100_000


def test_comparing_sees_content_kind_and_the_right_to_execute(tmp_path: Path) -> None:
    work = write_files(tmp_path / "work", {"same": "1", "text": "1", "mode": "1", "kind": "1", "gone": "1"})
    reader = taken(work, tmp_path).reader()
    (work / "same").write_text("1")
    (work / "text").write_text("2")
    (work / "mode").chmod(0o755)
    (work / "kind").unlink()
    (work / "kind").symlink_to("same")
    (work / "gone").unlink()
    assert [name for name in ("same", "text", "mode", "kind", "gone", "new") if reader.same(name)] == ["same"]


def test_one_that_was_dropped_half_way_is_none(tmp_path: Path) -> None:
    work = write_files(tmp_path / "work", {"a": "1"})
    snapshot = taken(work, tmp_path)
    (tmp_path / "private/work.pack").unlink()
    assert not snapshot.exists and snapshot.entries == {}


def test_pipes_and_sockets_are_left_out(tmp_path: Path) -> None:
    work = write_files(tmp_path / "work", {"a": "1"})
    os.mkfifo(work / "pipe")
    assert set(taken(work, tmp_path).entries) == {"a"}


NAMES = st.sampled_from(["a", "a/b", "a/b/c", "a-b", "a b", "\n", "ü", "b\udcff", "b", "b/a"])
KINDS = st.sampled_from(["text", "large", "empty", "link", "folder", "gone"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.dictionaries(NAMES, KINDS), then=st.dictionaries(NAMES, KINDS), text=st.binary(max_size=20))
def test_whatever_happens_to_a_tree_it_comes_back(
    first: dict[str, str], then: dict[str, str], text: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.mktemp("tree")
    root = base / "root"
    root.mkdir()
    change(root, first, text)
    snapshot, was = taken(root, base), contents(root)
    change(root, then, text + b"+")
    snapshot.restore()
    assert contents(root) == was
    change(root, first, text + b"-")
    snapshot.restore()
    assert contents(root) == was


def change(root: Path, what: dict[str, str], text: bytes) -> None:
    for name, kind in what.items():
        path = root / name
        for above in reversed(path.relative_to(root).parents[:-1]):
            if (root / above).is_symlink() or not (root / above).is_dir():
                trees.remove(root / above)
                (root / above).mkdir()
        trees.remove(path)
        if kind == "folder":
            path.mkdir()
        elif kind == "link":
            path.symlink_to("a")
        elif kind != "gone":
            path.write_bytes({"text": text, "large": text * 40_000, "empty": b""}[kind])
