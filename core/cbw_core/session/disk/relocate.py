"""Files that name one session's folders, made to name another's: what outputs take over from the top-level build."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from cbw_core.layout import Layout
from cbw_core.session.disk import trees

Pairs: TypeAlias = Sequence[tuple[bytes, bytes]]


def pairs(old: Layout, new: Layout) -> Pairs:
    """What to replace, longest first: the host prefixes (padded to one length, so safe in binaries), then the rest."""
    names = [(old.host_prefix, new.host_prefix), (old.build_prefix, new.build_prefix), (old.work, new.work)]
    return [(str(a).encode(), str(b).encode()) for a, b in names]


def rewrite(root: Path, replacements: Pairs, paths: Iterable[str] | None = None) -> None:
    """Replace in every regular file and link under `root` (or in `paths`). Text files take any length; a binary only
    replacements of the same length. Times are kept, so that make does not build again."""
    for path in sorted(paths if paths is not None else trees.files(trees.scan(root))):
        file = root / path
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            _rewrite_link(file, replacements)
        elif stat.S_ISREG(mode):
            _rewrite_file(file, replacements)


def _rewrite_link(file: Path, replacements: Pairs) -> None:
    target = os.readlink(os.fsencode(file))  # noqa: PTH115 (bytes)
    new = _replaced(target, replacements)
    if new != target:
        file.unlink()
        os.symlink(new, os.fsencode(file))  # noqa: PTH211 (bytes)


def _rewrite_file(file: Path, replacements: Pairs) -> None:
    data = file.read_bytes()
    if not any(old in data for old, _ in replacements):
        return
    if b"\0" in data[:8192]:
        replacements = [(old, new) for old, new in replacements if len(old) == len(new)]
    info = file.stat()
    file.chmod(info.st_mode | stat.S_IWUSR)
    file.write_bytes(_replaced(data, replacements))
    file.chmod(info.st_mode)
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def _replaced(data: bytes, replacements: Pairs) -> bytes:
    for old, new in replacements:
        data = data.replace(old, new)
    return data
