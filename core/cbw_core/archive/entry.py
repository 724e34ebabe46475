"""A member of an archive, as its reader gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Literal

Kind = Literal["file", "dir", "symlink", "hardlink", "device"]


@dataclass
class Entry:
    """One member as the archive gives it. `name` and `target` (of a link) are not to be trusted. `data` is to be read
    before the next entry is asked for; only files have it. `mtime` in seconds, None where not told."""

    name: str
    kind: Kind
    mode: int
    mtime: float | None = None
    target: str = ""
    data: IO[bytes] | None = None
