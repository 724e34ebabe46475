"""Patterns of a recipe, expanded in a prefix."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from cbw_core.errors import Place, RecipeError


def expand(pattern: str, prefix: Path, place: Place | None = None) -> list[str]:
    """Paths under `prefix` that `pattern` names, relative to it; empty when nothing is there.

    A file or link names itself, a folder everything in it, else the pattern is a glob in which `**` goes down and a
    folder that matches stands for itself only (conda_build.utils.expand_globs).
    Raises RecipeError for a pattern that leads out of the prefix.
    """
    root = str(prefix)
    path = os.path.normpath(os.path.join(root, pattern))  # noqa: PTH118 (normalised as text: links stay)
    if path != root and not path.startswith(root + os.sep):
        raise RecipeError(
            f"{pattern} leads out of the host prefix",
            kind="post",
            place=place,
            hint="Give a path relative to the host prefix ($PREFIX).",
        )
    if os.path.lexists(path) and (Path(path).is_symlink() or not Path(path).is_dir()):
        return [_relative(path, root)]
    if Path(path).is_dir():
        return sorted(_relative(found, root) for found in _below(path))
    if not glob.has_magic(pattern):
        return []
    found = glob.glob(path, recursive=True)  # noqa: PTH207 (hidden files do not match "*": pathlib differs)
    return sorted(_relative(name, root) for name in found)


def _below(folder: str) -> list[str]:
    """Files and links under a folder; a link to a folder is a link."""
    found: list[str] = []
    for root, folders, files in os.walk(folder):
        found += [f"{root}/{name}" for name in files]
        found += [f"{root}/{name}" for name in folders if Path(root, name).is_symlink()]
    return found


def _relative(path: str, root: str) -> str:
    return path.removeprefix(root).lstrip("/")
