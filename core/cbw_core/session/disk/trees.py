"""Trees of files: what is in them, copies that cost little, and putting one back as it was.

A build leaves what it likes: folders without rights, files that cannot be read, pipes and sockets. Rights that their
owner took away are given back where the work asks for it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from cbw_core.session.disk import jsonfile

# (kind and mode bits, size, mtime ns, ctime ns, inode): one differs when a file was changed, however it hides that
Signature: TypeAlias = tuple[int, int, int, int, int]
Manifest: TypeAlias = Mapping[str, Signature]


def scan(root: Path) -> dict[str, Signature]:
    """Every file, link and folder under `root`, path relative to it -> its signature. Empty when there is no `root`; a
    folder that cannot be read is there without what is in it."""
    found: dict[str, Signature] = {}
    stack = [(str(root), "")]
    while stack:
        folder, relative = stack.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    info = entry.stat(follow_symlinks=False)
                    path = relative + entry.name
                    if stat.S_ISDIR(info.st_mode):
                        found[path] = (info.st_mode, 0, 0, 0, info.st_ino)
                        stack.append((entry.path, path + "/"))
                    else:
                        found[path] = (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    return found


def is_folder(signature: Signature) -> bool:
    return stat.S_ISDIR(signature[0])


def is_kept(signature: Signature) -> bool:
    """Whether copies and snapshots have it: sockets, pipes and devices are left out."""
    return stat.S_ISREG(signature[0]) or stat.S_ISLNK(signature[0]) or is_folder(signature)


def files(manifest: Manifest) -> set[str]:
    """The paths in a manifest that are not folders."""
    return {path for path, signature in manifest.items() if not is_folder(signature)}


def write_manifest(file: Path, manifest: Manifest) -> None:
    jsonfile.write(file, manifest)


def read_manifest(file: Path) -> dict[str, Signature]:
    """The manifest in a file; empty when there is none."""
    rows = jsonfile.read(file) or {}
    return {path: (row[0], row[1], row[2], row[3], row[4]) for path, row in rows.items()}


def open_up(root: Path) -> None:
    """Let the owner read every folder and file under `root` (conda_build.post.fix_permissions gives more than that to
    what is packaged, so nothing is lost by it)."""
    stack = [str(root)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    if mode & 0o500 != 0o500:
                        os.chmod(entry.path, stat.S_IMODE(mode) | 0o500)  # noqa: PTH101 (a string)
                    stack.append(entry.path)
                elif stat.S_ISREG(mode) and not mode & 0o400:
                    os.chmod(entry.path, stat.S_IMODE(mode) | 0o400)  # noqa: PTH101 (a string)


@dataclass(frozen=True)
class Content:
    """Bytes to be had from an open file: `size` of them from `offset` on."""

    file: int
    offset: int
    size: int


def copy_tree(source: Path, target: Path) -> None:
    """Copy a whole tree; `target` must not exist and appears only when it is whole."""
    partial = target.with_name(f".{target.name}.partial")
    remove(partial)
    partial.mkdir(parents=True)
    copy_into(source, partial, scan(source))
    partial.rename(target)


def copy_into(source: Path, target: Path, paths: Iterable[str]) -> None:
    """Copy the named paths (files, links, folders) from one tree into another, with mode and times, sharing blocks
    where the file system can, never an inode. Sockets, pipes and devices are left out: they are not worth keeping."""
    folders: list[str] = []
    for path in sorted(paths):
        origin, destination = f"{source}/{path}", f"{target}/{path}"
        mode = os.lstat(origin).st_mode
        if stat.S_ISDIR(mode):
            make_folder(destination)
            folders.append(path)
        elif stat.S_ISLNK(mode):
            write_link(destination, os.readlink(origin))  # noqa: PTH115 (the text of the link, as it is)
        elif stat.S_ISREG(mode):
            with open(origin, "rb", buffering=0) as reader:  # noqa: PTH123 (a string, thousands of them)
                info = os.fstat(reader.fileno())
                write_file(destination, Content(reader.fileno(), 0, info.st_size), mode, info.st_mtime_ns)
    for path in reversed(folders):  # last, because copying into a folder changes its time
        shutil.copystat(f"{source}/{path}", f"{target}/{path}")


def make_folder(path: str) -> None:
    """A folder of this name, whatever has it now."""
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114 (strings, thousands of them)
        return
    _clear(path)
    _writing(path, lambda: os.makedirs(path))  # noqa: PTH103


def write_link(path: str, text: str) -> None:
    _clear(path)
    _writing(path, lambda: os.symlink(text, path))  # noqa: PTH211 (a string)


def write_file(path: str, content: Content, mode: int, mtime_ns: int) -> None:
    """A new file of this name: what was there may be read-only, a link, or share its inode with another."""
    _clear(path)
    target = _writing(path, lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        copy_bytes(content, target)
        os.fchmod(target, stat.S_IMODE(mode))
        os.utime(target, ns=(mtime_ns, mtime_ns))
    finally:
        os.close(target)


def copy_bytes(content: Content, target: int) -> None:
    """Append a content to an open file; the kernel does it, which shares blocks on btrfs, xfs and their like."""
    at, left = content.offset, content.size
    try:
        while left > 0 and (done := os.copy_file_range(content.file, target, left, at)):
            at, left = at + done, left - done
    except (AttributeError, OSError):  # not on this platform, or not between these file systems
        while left > 0 and (piece := os.pread(content.file, min(left, 1 << 20), at)):
            done = os.write(target, piece)
            at, left = at + done, left - done


_Result = TypeVar("_Result")


def _writing(path: str, write: Callable[[], _Result]) -> _Result:
    """Do what makes or removes `path`; the folder it lies in is made, or made writable, when it must be."""
    try:
        return write()
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        folder = Path(path).parent
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o700)
    return write()


def _clear(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108 (a string, thousands of them)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        remove(Path(path))


def move(path: Path, target: Path) -> None:
    """Rename, in place of what is there; both on one file system."""
    remove(target)
    _writing(str(path), lambda: path.rename(target))


def delete_new(root: Path, before: Manifest) -> None:
    """Remove every file, link and folder under `root` that `before` does not have."""
    delete(root, (path for path in scan(root) if path not in before))


def changed(root: Path, before: Manifest) -> set[str]:
    """Paths of `before` that are gone from `root` or are not what they were (folders: gone or of other mode)."""
    now = scan(root)
    return {path for path, signature in before.items() if now.get(path) != signature}


def remove(path: Path) -> None:
    """Remove a file, link or tree, also one with folders that nobody may write to. Nothing there: nothing happens."""
    try:
        is_tree = stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    if not is_tree:
        _writing(str(path), lambda: path.unlink(missing_ok=True))
        return
    folders = [str(path)]
    for folder in folders:  # grows while we walk
        mode = os.lstat(folder).st_mode
        if mode & 0o700 != 0o700:
            os.chmod(folder, stat.S_IMODE(mode) | 0o700)  # noqa: PTH101 (a string, thousands of them)
        with os.scandir(folder) as entries:
            for entry in list(entries):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    os.unlink(entry.path)  # noqa: PTH108
    for folder in reversed(folders):
        _writing(folder, partial(os.rmdir, folder))


def delete(root: Path, paths: Iterable[str]) -> None:
    """Remove the named paths, folders with all that is in them."""
    gone = ""
    for path in sorted(paths):
        if gone and path.startswith(gone):  # went away with its folder
            continue
        remove(root / path)
        gone = f"{path}/"
