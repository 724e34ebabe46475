"""Folders copied as they are, and digests of folders."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cbw_core.process import Cancel

# conda_build.utils.copytree leaves its lock files out, and nothing else
_LEFT_OUT = (".conda_lock",)
# up to here a folder is told by its content: a checkout or a copy of it changes every time, but no file
_SMALL_FILES = 500
_SMALL_BYTES = 2 << 20


def copy_tree(source: Path, target: Path, cancel: Cancel, on_files: Callable[[int], None]) -> None:
    """Copy what is in `source` into `target`, over what is there: times, modes and links kept as they are
    (conda_build.utils.copytree with symlinks=True). on_files: called with the files so far. Raises OSError."""
    count = 0
    for folder, folders, files in os.walk(source):
        cancel.check()
        folders[:] = sorted(folders)
        here = target / Path(folder).relative_to(source)
        if not here.is_dir():
            here.mkdir(parents=True)
            shutil.copystat(folder, here)
            here.chmod(stat.S_IMODE(here.stat().st_mode) | 0o700)  # what is in it has still to come
        for name in sorted(files) + [name for name in folders if Path(folder, name).is_symlink()]:
            if name not in _LEFT_OUT:
                _copy(Path(folder, name), here / name)
                count += 1
                on_files(count)


def _copy(source: Path, target: Path) -> None:
    told = source.lstat()
    if stat.S_ISLNK(told.st_mode):
        target.unlink(missing_ok=True)
        target.symlink_to(os.readlink(source))  # noqa: PTH115 (the text of the link, as it is)
        os.utime(target, ns=(told.st_atime_ns, told.st_mtime_ns), follow_symlinks=False)
    elif stat.S_ISREG(told.st_mode):
        if target.is_symlink():
            target.unlink()
        shutil.copy2(source, target)
    else:
        raise OSError(0, "neither a file, a folder nor a link", str(source))


def tree_digest(root: Path) -> str:
    """A digest that changes when the folder's content does.

    Small folders are told by names, modes and content, large ones by names, modes, sizes and times: looking must stay
    quick. Of a .git folder only what names commits counts (HEAD, refs): git writes to the rest when it only looks.
    Raises OSError.
    """
    found = list(_entries(root))
    by_content = len(found) <= _SMALL_FILES and sum(told.st_size for _, told in found) <= _SMALL_BYTES
    digest = hashlib.sha256()
    for name, told in found:
        line = f"{name}\0{told.st_mode:o}\0"
        if stat.S_ISLNK(told.st_mode):
            line += os.readlink(root / name)  # noqa: PTH115
        elif by_content:
            line += hashlib.sha256((root / name).read_bytes()).hexdigest()
        else:
            line += f"{told.st_size} {told.st_mtime_ns}"
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """The same for one file."""
    told = path.stat()
    if told.st_size <= _SMALL_BYTES:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return hashlib.sha256(f"{told.st_size} {told.st_mtime_ns}".encode()).hexdigest()


def _entries(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Files and links below `root`, folder by folder, sorted, with folders as links where they are such."""
    folders = [""]
    while folders:
        here = folders.pop()
        with os.scandir(root / here) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        below = [f"{here}{entry.name}/" for entry in entries if entry.is_dir(follow_symlinks=False)]
        files = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
        inside = here.split("/")[:-1]
        if ".git" in inside:
            after = inside[inside.index(".git") + 1 :]
            if after[:1] not in ([], ["refs"]):
                continue
            files = files if after else [entry for entry in files if entry.name in ("HEAD", "packed-refs")]
        folders += reversed(below)
        for entry in files:
            if entry.name not in _LEFT_OUT:
                yield here + entry.name, entry.stat(follow_symlinks=False)


def content_hash(root: Path, algorithm: str, skip: Iterable[str] = ()) -> str:
    """conda-build's hash of a folder's content (conda_build.utils.compute_content_hash: a documented format).

    Of every path below `root`, sorted: its name, then "D" for a folder, "L" and the target for a link, "F" and the
    content for a file, text with line ends as "\\n"; then "-". `skip`: names left out; "name/" leaves out a folder.
    """
    skip = tuple(skip)
    digest = hashlib.new(algorithm)
    for path in sorted(root.rglob("*"), key=str):
        name = path.relative_to(root).as_posix()
        if any(name == item or f"{name}/" == item or (item.endswith("/") and name.startswith(item)) for item in skip):
            continue
        digest.update(name.encode("utf-8", "surrogateescape"))
        if path.is_symlink():
            digest.update(b"L" + os.fsencode(path.readlink()))
        elif path.is_dir():
            digest.update(b"D")
        elif path.is_file():
            data = path.read_bytes()
            with suppress(UnicodeDecodeError):  # then it is no text, and taken as it is
                data = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
            digest.update(b"F" + data)
        else:
            raise OSError(0, "neither a file, a folder nor a link", str(path))
        digest.update(b"-")
    return digest.hexdigest()
