"""How many leading folders of the names in a patch do not belong to the source: conda-build's guess."""

from __future__ import annotations

import re
from pathlib import Path

from cbw_core.source.patching.model import FilePatch

_NAME = re.compile(r"^(?:---|\+\+\+) ([^\n\t]+)")


def guess_strip_level(data: bytes, patches: tuple[FilePatch, ...], root: Path) -> tuple[int, bool]:
    """The strip level, and whether it is a guess among equals (then the lowest, as conda-build takes it).

    Rule: conda_build.source._guess_patch_strip_level over every name after '---' or '+++' in the text: the level at
    which most of them exist below `root`. Where the text has none (git renames only), git's "a/", "b/": 1.
    """
    text = data.decode("utf-8", "ignore").replace("\r\n", "\n")
    found = {match[1] for line in text.split("\n") if (match := _NAME.match(line)) and match[1] != "/dev/null"}
    names = {Path(name) for name in found}
    if not names:
        return (1 if any(patch.is_git for patch in patches) else 0), False
    deepest = min(len(name.parent.parts) for name in names)
    if deepest == 0:
        return 0, False
    counts = [sum(_exists(Path(root, *name.parts[level:])) for name in names) for level in range(deepest + 1)]
    best = max(counts)
    return counts.index(best), counts.count(best) > 1


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def stripped(name: str | None, level: int) -> str | None:
    """`name` without its first `level` folders (repeated slashes count once); None when it has not as many."""
    if name is None:
        return None
    for _ in range(level):
        _, slash, rest = name.partition("/")
        if not slash:
            return None
        name = rest.lstrip("/")
    return name or None
