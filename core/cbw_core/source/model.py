"""What the source phase gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["url", "git", "hg", "svn", "path", "none"]


@dataclass(frozen=True)
class AppliedPatch:
    """A patch that was applied. name: as the recipe has it. strip: folders taken off its names (None: git am did it).
    files: what it changed. offsets, fuzzy: how many hunks were not where the patch says, or fit only in part."""

    name: str
    sha256: str
    strip: int | None = None
    files: tuple[str, ...] = ()
    offsets: int = 0
    fuzzy: int = 0


@dataclass(frozen=True)
class Entry:
    """One entry of the source section.

    folder: below the work folder, "" for it itself. url: the one that served, without passwords; a path's absolute
    path. file: of the cache, or the local file; sha256: of it. commit: of git (the one checked out, before patches),
    hg or svn.
    """

    kind: Kind
    folder: str = ""
    url: str = ""
    file: str = ""
    sha256: str = ""
    commit: str = ""
    patches: tuple[AppliedPatch, ...] = ()


@dataclass(frozen=True)
class Provided:
    """What is in the work folder now, entry by entry, in the recipe's order."""

    work: str
    entries: tuple[Entry, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Provided:
        """The Provided that `to_json` wrote."""
        return cls(data["work"], tuple(_entry(entry) for entry in data["entries"]))


def _entry(data: Mapping[str, Any]) -> Entry:
    patches = (AppliedPatch(**{**patch, "files": tuple(patch["files"])}) for patch in data["patches"])
    return Entry(**{**data, "patches": tuple(patches)})
