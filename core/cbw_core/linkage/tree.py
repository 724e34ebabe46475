"""Files as they stand together below a prefix: found on disk or in a package, looked up as a loader does, through
links."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cbw_core.objects import Binary

_MOST_LINKS = 40  # as Linux has it


@dataclass
class Tree:
    """The files below a prefix.

    prefixes: what the prefix is called by the files themselves, the first is its real place: also a package's
              placeholder, which an installer replaces.
    files:    paths relative to it. links: path -> text of the link; of folders, too.
    owners:   path -> dist. binaries: path -> what was read of it. folders: also those that have nothing in them.
    folded:   whether case does not count in names (Windows).
    """

    prefixes: tuple[str, ...]
    files: frozenset[str]
    links: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    binaries: Mapping[str, Sequence[Binary]] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    folded: bool = False

    def __post_init__(self) -> None:
        self._folders = {folder for path in (*self.files, *self.links) for folder in _above(path)} | self.folders
        self._by_lower = {path.lower(): path for path in (*self.files, *self.links)} if self.folded else {}
        self._known: dict[str, str | None] = {}

    @property
    def prefix(self) -> str:
        return self.prefixes[0]

    def inside(self, path: str) -> str | None:
        """An absolute path relative to the prefix, not normalised; None when it is elsewhere."""
        for prefix in self.prefixes:
            if path == prefix:
                return ""
            if path.startswith(f"{prefix}/"):
                return path[len(prefix) + 1 :]
        return None

    def real(self, path: str) -> str | None:
        """The file that a relative path leads to, through links; None when there is none, or it leads out."""
        if path not in self._known:
            self._known[path] = self._real(path)
        return self._known[path]

    def exists(self, path: str) -> bool:
        return self.real(path) is not None

    def is_folder(self, path: str) -> bool:
        return self._walk(path)[0] in self._folders

    def leads_to(self, path: str) -> str:
        """Where a relative path leads, as an absolute path, also out of the prefix; "" when there is nothing."""
        found, outside = self._walk(path)
        return outside or (f"{self.prefix}/{found}" if found is not None else "")

    def _real(self, path: str) -> str | None:
        found, _ = self._walk(path)
        return found if found in self.files else None

    def _walk(self, path: str) -> tuple[str | None, str]:
        """(path without links, "") or (None, absolute path outside)."""
        todo = list(reversed(path.split("/")))
        done: list[str] = []
        links = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    return None, posixpath.normpath(posixpath.join(self.prefix, "..", *reversed(todo)))
                done.pop()
                continue
            here = "/".join((*done, part))
            if self.folded:
                here = self._by_lower.get(here.lower(), here)
            target = self.links.get(here)
            if target is None:
                if here not in self.files and here not in self._folders and not self.folded:
                    return None, ""
                done = here.split("/")
                continue
            links += 1
            if links > _MOST_LINKS:
                return None, ""
            if target.startswith("/"):
                inside = self.inside(target)
                if inside is None:
                    return None, posixpath.normpath(posixpath.join(target, *reversed(todo)))
                done, target = [], inside
            todo += reversed(target.split("/"))
        return "/".join(done), ""


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
