import os
from pathlib import Path

from cbw_core.session import trees


def make(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def contents(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in trees.scan(root):
        file = root / path
        if file.is_symlink():
            found[path] = os.readlink(file)  # noqa: PTH115
        else:
            found[path] = None if file.is_dir() else (file.read_bytes(), file.stat().st_mode)
    return found


def test_a_copied_tree_has_the_same_files_links_modes_and_times(tmp_path: Path) -> None:
    one = make(tmp_path / "one", {"a/b": "text", "run": "x"})
    (one / "run").chmod(0o755)
    (one / "link").symlink_to("a/b")
    (one / "gone").symlink_to("nowhere")
    (one / "empty").mkdir()
    trees.copy_tree(one, tmp_path / "two")
    assert contents(tmp_path / "two") == contents(one)
    assert (tmp_path / "two/a/b").stat().st_mtime_ns == (one / "a/b").stat().st_mtime_ns


def test_a_copy_never_shares_its_inode(tmp_path: Path) -> None:
    one = make(tmp_path / "one", {"a": "text"})
    trees.copy_tree(one, tmp_path / "two")
    (tmp_path / "two/a").write_text("changed")
    assert (one / "a").read_text() == "text"


def test_restoring_brings_back_deleted_changed_and_replaced_files_and_removes_new_ones(tmp_path: Path) -> None:
    work = make(tmp_path / "work", {"keep": "k", "edit": "old", "del/eted": "d", "folder/x": "x", "file": "f"})
    (work / "link").symlink_to("keep")
    trees.copy_tree(work, tmp_path / "kept")
    before, was = trees.scan(work), contents(work)
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
    make(work, {"made/by/build": "new"})
    trees.restore_tree(tmp_path / "kept", work, before=before)
    assert contents(work) == was


def test_restoring_leaves_untouched_files_alone(tmp_path: Path) -> None:
    work = make(tmp_path / "work", {"a": "1", "b": "2"})
    trees.copy_tree(work, tmp_path / "kept")
    before = trees.scan(work)
    (work / "b").write_text("3")
    trees.restore_tree(tmp_path / "kept", work, before=before)
    assert trees.scan(work)["a"] == before["a"]
    assert (work / "b").read_text() == "2"


def test_a_change_that_hides_behind_size_and_time_is_seen(tmp_path: Path) -> None:
    root = make(tmp_path / "prefix", {"header.h": "one"})
    before = trees.scan(root)
    info = (root / "header.h").stat()
    (root / "header.h").write_text("two")
    os.utime(root / "header.h", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert trees.changed(root, before) == {"header.h"}


def test_new_folders_are_removed_with_what_is_in_them(tmp_path: Path) -> None:
    root = make(tmp_path / "prefix", {"lib/a": "a"})
    before = trees.scan(root)
    make(root, {"lib/new/deep/b": "b", "share/c": "c"})
    trees.delete_new(root, before)
    assert set(trees.scan(root)) == {"lib", "lib/a"}


def test_trees_with_read_only_folders_are_removed(tmp_path: Path) -> None:
    root = make(tmp_path / "cache", {"mod/file": "x"})
    (root / "mod/file").chmod(0o400)
    (root / "mod").chmod(0o500)
    trees.remove(root)
    assert not root.exists()


def test_sockets_and_pipes_left_by_a_build_do_not_stop_a_copy(tmp_path: Path) -> None:
    root = make(tmp_path / "work", {"a": "a"})
    os.mkfifo(root / "pipe")
    trees.copy_tree(root, tmp_path / "kept")
    assert set(trees.scan(tmp_path / "kept")) == {"a"}
