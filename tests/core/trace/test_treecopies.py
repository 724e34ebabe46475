"""Copies of a folder: what changed is copied, what did not is shared, and everything comes back."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from cbw_core.trace.treecopies import TreeCopies

OLD = 1_600_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of some age, of each kind."""
    root = tmp_path / "tree"
    (root / "deep" / "er").mkdir(parents=True)
    for name in ("a", "b", "deep/c", "deep/er/d"):
        (root / name).write_text(f"{name}\n")
    os.link(root / "a", root / "deep" / "linked")
    (root / "link").symlink_to("deep/../a")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as one, pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        one.bind("sock")
    with (root / "sparse").open("wb") as out:
        out.seek(5_000_000)
        out.write(b"end")
    (root / "deep" / "c").chmod(0o751)
    os.utime(root / "b", (OLD, OLD))
    time.sleep(0.05)  # older than a tick: unchanged files can be told
    return root


def _look(root: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        info = path.lstat()
        what: object = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        times = None if path.is_dir() else info.st_mtime_ns
        found[str(path.relative_to(root))] = (stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode), times, what)
    return found


WRITERS = (
    "sed -i s/a/x/ a",
    "echo more >> deep/c",
    "printf 'X' | dd of=b conv=notrunc status=none",
    "touch -d @1600000000 a; echo y > y",
    "cp -p b a",
    "printf z > b; touch -d @1600000000 b",
    "mv a deep/er/moved",
    "chmod 600 b; chmod 700 deep",
    "ln -f b deep/c",
    "rm deep/linked; ln a third",
    "rm -rf deep; echo now > deep",
    "rm a; mkdir a; echo in > a/file",
    "ln -sfn elsewhere link; rm dangling",
    "rm pipe sock; echo file > pipe",
    "truncate -s 100 sparse",
    "chmod 500 deep/er; chmod 0 b",
    "find . -delete 2>/dev/null || true",
)


@pytest.mark.parametrize("command", WRITERS)
def test_what_a_command_did_is_undone(command: str, tree: Path, tmp_path: Path) -> None:
    copies = TreeCopies(tree)
    before = _look(tree)
    first, cost = copies.take(tmp_path / "1")
    assert cost.copied + cost.shared >= 5_000_000
    subprocess.run(["bash", "-c", command], cwd=tree, check=True)
    between = _look(tree)
    second, _ = copies.take(tmp_path / "2")
    (tree / "late").write_text("late")
    copies.restore(first)
    assert _look(tree) == before
    assert (tree / "a").stat().st_ino == (tree / "deep" / "linked").stat().st_ino
    assert (tree / "sparse").stat().st_blocks * 512 < 1_000_000
    copies.restore(second)
    assert _look(tree) == between
    copies.restore(first)
    assert _look(tree) == before


def test_a_second_copy_takes_only_what_changed(tree: Path, tmp_path: Path) -> None:
    copies = TreeCopies(tree)
    copies.take(tmp_path / "1")
    (tree / "b").write_text("other")
    _, cost = copies.take(tmp_path / "2")
    assert [path.read_text() for path in (tmp_path / "2").iterdir()] == ["other"]
    assert cost.copied + cost.shared == sum(p.stat().st_size for p in tree.rglob("*") if p.is_file()) - 2
    assert cost.copied in (0, 5)  # 0 by reflink


def test_a_write_in_the_tick_of_the_copy_is_not_missed(tree: Path, tmp_path: Path) -> None:
    copies = TreeCopies(tree)
    for number in range(200):
        (tree / "b").write_text(f"{number:03}")
        manifest, _ = copies.take(tmp_path / str(number))
        assert Path(manifest["b"].stored).read_text() == f"{number:03}"


def test_what_stays_is_not_written_again(tree: Path, tmp_path: Path) -> None:
    copies = TreeCopies(tree)
    manifest, _ = copies.take(tmp_path / "1")
    before = {path: (tree / path).lstat().st_ino for path in manifest}
    (tree / "b").unlink()
    copies.restore(manifest)
    after = {path: (tree / path).lstat().st_ino for path in manifest}
    assert {path for path in before if before[path] != after[path]} <= {"b"}


def test_what_is_left_out_is_neither_copied_nor_removed(tree: Path, tmp_path: Path) -> None:
    copies = TreeCopies(tree, ("b", "mine"))
    manifest, _ = copies.take(tmp_path / "1")
    assert "b" not in manifest
    (tree / "b").write_text("edited")
    (tree / "mine").write_text("mine")
    copies.restore(manifest)
    assert (tree / "b").read_text() == "edited" and (tree / "mine").exists()


def test_it_can_be_given_up(tree: Path, tmp_path: Path) -> None:
    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TreeCopies(tree, check=check).take(tmp_path / "1")
