import os
from pathlib import Path

from cbw_core.session.disk import trees
from support.files import write_files
from support.rights import unprivileged


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
    one = write_files(tmp_path / "one", {"a/b": "text", "run": "x"})
    (one / "run").chmod(0o755)
    (one / "link").symlink_to("a/b")
    (one / "gone").symlink_to("nowhere")
    (one / "empty").mkdir()
    trees.copy_tree(one, tmp_path / "two")
    assert contents(tmp_path / "two") == contents(one)
    assert (tmp_path / "two/a/b").stat().st_mtime_ns == (one / "a/b").stat().st_mtime_ns


def test_a_copy_never_shares_its_inode(tmp_path: Path) -> None:
    one = write_files(tmp_path / "one", {"a": "text"})
    trees.copy_tree(one, tmp_path / "two")
    (tmp_path / "two/a").write_text("changed")
    assert (one / "a").read_text() == "text"


def test_a_change_that_hides_behind_size_and_time_is_seen(tmp_path: Path) -> None:
    root = write_files(tmp_path / "prefix", {"header.h": "one"})
    before = trees.scan(root)
    info = (root / "header.h").stat()
    (root / "header.h").write_text("two")
    os.utime(root / "header.h", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert trees.changed(root, before) == {"header.h"}


def test_new_folders_are_removed_with_what_is_in_them(tmp_path: Path) -> None:
    root = write_files(tmp_path / "prefix", {"lib/a": "a"})
    before = trees.scan(root)
    write_files(root, {"lib/new/deep/b": "b", "share/c": "c"})
    trees.delete_new(root, before)
    assert set(trees.scan(root)) == {"lib", "lib/a"}


def test_trees_with_read_only_folders_are_removed(tmp_path: Path) -> None:
    root = write_files(tmp_path / "cache", {"mod/file": "x"})
    (root / "mod/file").chmod(0o400)
    (root / "mod").chmod(0o500)
    trees.remove(root)
    assert not root.exists()


def test_sockets_and_pipes_left_by_a_build_do_not_stop_a_copy(tmp_path: Path) -> None:
    root = write_files(tmp_path / "work", {"a": "a"})
    os.mkfifo(root / "pipe")
    trees.copy_tree(root, tmp_path / "kept")
    assert set(trees.scan(tmp_path / "kept")) == {"a"}


def test_a_folder_that_may_not_be_read_is_seen_without_what_is_in_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"dark/inner": "x", "half/inner": "x"})
    (root / "dark").chmod(0)
    (root / "half").chmod(0o400)
    with unprivileged():
        assert set(trees.scan(root)) == {"dark", "half"}
        trees.open_up(root)
        assert set(trees.scan(root)) == {"dark", "dark/inner", "half", "half/inner"}


def test_read_only_folders_and_files_are_written_over_and_removed(tmp_path: Path) -> None:
    one = write_files(tmp_path / "one", {"ro/a": "new", "b": "new"})
    two = write_files(tmp_path / "two", {"ro/a": "old", "ro/deep/er": "old", "b": "old"})
    (two / "b").chmod(0o400)
    for folder in ("ro/deep", "ro"):
        (two / folder).chmod(0o500)
    with unprivileged():
        trees.copy_into(one, two, ["ro/a", "b"])
        assert (two / "ro/a").read_text() == "new" and (two / "b").read_text() == "new"
        (two / "ro").chmod(0o500)
        trees.delete(two, ["ro/deep", "ro/a"])
        assert set(trees.scan(two)) == {"ro", "b"}


def test_names_of_any_bytes_are_copied(tmp_path: Path) -> None:
    one = write_files(tmp_path / "one", {"new\nline": "1", "b\udcff": "2", "ü": "3"})
    trees.copy_tree(one, tmp_path / "two")
    assert contents(tmp_path / "two") == contents(one)
