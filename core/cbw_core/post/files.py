"""Files and links as they must be in a package: on their own, with sane permissions, with links that can move."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from cbw_core.errors import BuildError
from cbw_core.layout import Layout


def unshare(prefix: Path, files: Iterable[str]) -> None:
    """Make files that share their content with others (hard links, such as into a package cache) files of their own.

    They are about to be changed in place (conda_build.post.make_hardlink_copy).
    """
    for path in files:
        file = prefix / path
        info = file.lstat()
        if stat.S_ISREG(info.st_mode) and info.st_nlink > 1:
            copy = file.with_name(f".{file.name}.unshared")
            shutil.copy2(file, copy)
            copy.replace(file)


def fix_permissions(prefix: Path, files: Iterable[str]) -> None:
    """All may read, owner and group write, execute all or none (conda_build.post.fix_permissions)."""
    for path in files:
        file = prefix / path
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            continue
        new = stat.S_IMODE(mode) | 0o664
        if mode & stat.S_IXUSR:
            new |= 0o111
        if new != stat.S_IMODE(mode):
            file.chmod(new)


def fix_links(layout: Layout, croot: Path, files: Sequence[str]) -> list[str]:
    """Links into the prefix made relative, in place; those that were are returned (conda_build.post.check_symlinks).

    As conda-build does, a link to a link is made to point at what it leads to, unless it starts with ".".
    Raises BuildError(kind="links"), naming all, for links to what is gone after the build.
    """
    prefix = os.path.realpath(layout.host_prefix)
    gone, changed = [], []
    for path in files:
        link = f"{prefix}/{path}"
        if not Path(link).is_symlink():
            continue
        text, real = os.readlink(link), os.path.realpath(link)  # noqa: PTH115 (the text of the link, as it is)
        if _inside(real, prefix):
            relative = os.path.relpath(real, os.path.dirname(link))  # noqa: PTH120
            if not text.startswith(".") and text != relative:
                _relink(Path(link), relative)
                changed.append(f"{path} -> {relative}")
        elif any(_inside(real, os.path.realpath(folder)) for folder in (layout.root, croot)):
            gone.append(f"{path} -> {text}")
    if gone:
        raise BuildError(
            f"{gone[0]} is a link to a path that is gone after the build",
            kind="links",
            why="It points into the session's folders, outside of the host prefix.",
            hint="Copy the file in the build script (`cp -L`), or link to one in $PREFIX.",
            details="\n".join(gone) if len(gone) > 1 else None,
        )
    return changed


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _relink(link: Path, text: str) -> None:
    new = link.with_name(f".{link.name}.relinked")
    new.unlink(missing_ok=True)
    new.symlink_to(text)
    new.replace(link)
