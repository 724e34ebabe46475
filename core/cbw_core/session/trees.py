"""Trees of files: what is in them, copies that cost little, and putting one back as it was."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

# (kind and mode bits, size, mtime ns, ctime ns, inode): one differs when a file was changed, however it hides that
Signature: TypeAlias = tuple[int, int, int, int, int]
Manifest: TypeAlias = Mapping[str, Signature]

_FICLONE = 0x40049409


def scan(root: Path) -> dict[str, Signature]:
    """Every file, link and folder under `root`, path relative to it -> its signature. Empty when there is no `root`."""
    found: dict[str, Signature] = {}
    stack = [(str(root), "")]
    while stack:
        folder, relative = stack.pop()
        try:
            entries = os.scandir(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                info = entry.stat(follow_symlinks=False)
                path = relative + entry.name
                if stat.S_ISDIR(info.st_mode):
                    found[path] = (info.st_mode, 0, 0, 0, info.st_ino)
                    stack.append((entry.path, path + "/"))
                else:
                    found[path] = (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
    return found


def is_folder(signature: Signature) -> bool:
    return stat.S_ISDIR(signature[0])


def files(manifest: Manifest) -> set[str]:
    """The paths in a manifest that are not folders."""
    return {path for path, signature in manifest.items() if not is_folder(signature)}


def manifest_json(manifest: Manifest) -> dict[str, list[int]]:
    return {path: list(signature) for path, signature in manifest.items()}


def manifest_from_json(data: Mapping[str, list[int]]) -> dict[str, Signature]:
    return {path: (row[0], row[1], row[2], row[3], row[4]) for path, row in data.items()}


def copy_file(source: Path, target: Path) -> None:
    """A copy of a file or link, with mode and times, sharing blocks where the file system can (never the inode)."""
    if source.is_symlink():
        target.unlink(missing_ok=True)
        target.symlink_to(os.readlink(source))  # noqa: PTH115 (the text of the link, as it is)
        return
    if target.is_symlink() or target.is_dir():
        remove(target)
    with source.open("rb") as reader, target.open("wb") as writer:
        if not _clone(reader.fileno(), writer.fileno()):
            shutil.copyfileobj(reader, writer, 1 << 20)
    shutil.copystat(source, target, follow_symlinks=False)


def _clone(source: int, target: int) -> bool:
    """Share blocks (btrfs, xfs, bcachefs); False where the file system cannot."""
    try:
        import fcntl

        fcntl.ioctl(target, _FICLONE, source)
    except (ImportError, OSError):
        return False
    return True


def copy_tree(source: Path, target: Path) -> None:
    """Copy a whole tree; `target` must not exist and appears only when it is whole."""
    partial = target.with_name(f".{target.name}.partial")
    remove(partial)
    partial.mkdir(parents=True)
    copy_into(source, partial, scan(source))
    partial.rename(target)


def copy_into(source: Path, target: Path, paths: Iterable[str]) -> None:
    """Copy the named paths (files, links, folders) from one tree into another."""
    folders: list[str] = []
    for path in sorted(paths):
        origin, destination = source / path, target / path
        if origin.is_dir() and not origin.is_symlink():
            destination.mkdir(parents=True, exist_ok=True)
            folders.append(path)
            continue
        destination.parent.mkdir(parents=True, exist_ok=True)
        if _copyable(origin):
            copy_file(origin, destination)
    for path in reversed(folders):  # last, because copying into a folder changes its time
        shutil.copystat(source / path, target / path)


def _copyable(path: Path) -> bool:
    """Regular files and links; sockets, pipes and devices that a build left are not worth keeping."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def restore_tree(kept: Path, target: Path, *, before: Manifest | None = None) -> None:
    """Make `target` the same as `kept`. `before`: its signatures when it was; files that still have theirs stay."""
    have = scan(target)
    want = scan(kept)
    _delete(target, (path for path in have if path not in want or is_folder(have[path]) != is_folder(want[path])))
    unchanged = {p for p, s in (before or {}).items() if have.get(p) == s and not is_folder(s)}
    target.mkdir(parents=True, exist_ok=True)
    copy_into(kept, target, (path for path in want if path not in unchanged))


def delete_new(root: Path, before: Manifest) -> None:
    """Remove every file, link and folder under `root` that `before` does not have."""
    _delete(root, (path for path in scan(root) if path not in before))


def changed(root: Path, before: Manifest) -> set[str]:
    """Paths of `before` that are gone from `root` or are not what they were (folders: gone or of other mode)."""
    now = scan(root)
    return {path for path, signature in before.items() if now.get(path) != signature}


def remove(path: Path) -> None:
    """Remove a file, link or tree, also one with read-only folders in it. Nothing there: nothing happens."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path, onerror=_make_writable)
    elif path.exists():
        path.unlink()


def _make_writable(function: object, name: str, info: object) -> None:
    Path(name).parent.chmod(0o700)
    if Path(name).is_dir() and not Path(name).is_symlink():
        Path(name).chmod(0o700)
        shutil.rmtree(name)
    else:
        Path(name).unlink(missing_ok=True)


def _delete(root: Path, paths: Iterable[str]) -> None:
    for path in sorted(paths):
        remove(root / path)
