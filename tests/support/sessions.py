"""What tests of sessions look at."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from cbw_core.session import Phase, Session
from cbw_core.session.disk import trees


class Start(Protocol):
    def __call__(self, folder: Path, pattern: str | None = None, path: Path | None = None) -> Session: ...


def states(session: Session) -> dict[str, str]:
    return {p.phase.value: p.state.value for p in session.status().phases}


def stale(session: Session) -> set[str]:
    return {name for name, state in states(session).items() if state == "stale"}


def ran(recipe: Path) -> int:
    """How often a build wrote a line to runs.txt beside the recipe."""
    file = recipe.parent / "runs.txt"
    return len(file.read_text().splitlines()) if file.exists() else 0


def tree(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Path -> (permissions, content) of all below a folder: bytes of a file, text of a link, None for a folder."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in trees.scan(root):
        file = root / path
        mode = file.lstat().st_mode
        content = os.readlink(file) if stat.S_ISLNK(mode) else None if stat.S_ISDIR(mode) else file.read_bytes()  # noqa: PTH115
        found[path] = (stat.S_IMODE(mode), content)
    return found


def sha256(session: Session) -> str:
    return str(session.status()[Phase.PACKAGE].result["sha256"])
