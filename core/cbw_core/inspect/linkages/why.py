"""Why a file has a library: the way from one to the other, and the tree of all that a file brings into memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cbw_core.errors import UsageError
from cbw_core.linkage import FileLinkage, Linkages, Need


@dataclass(frozen=True)
class Branch:
    """A file that a tree of needs shows. need: what brought it (None at the root); again: it is further up already,
    with what it needs."""

    path: str
    need: Need | None = None
    below: tuple[Branch, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Way:
    """How a file comes to a library. steps: each file with the need that leads on, to the library itself."""

    file: str
    library: str
    steps: tuple[tuple[str, Need], ...]


def tree(found: Linkages, path: str) -> Branch:
    """What a file needs, and what that needs, as far as it is in the target."""
    files = _by_path(found)
    seen: set[str] = set()

    def grow(name: str, need: Need | None) -> Branch:
        again = name in seen
        seen.add(name)
        below = () if again else tuple(grow(_node(n), n) for n in _needs(files, name))
        return Branch(name, need, below, again and bool(_needs(files, name)))

    return grow(path, None)


def roots(found: Linkages) -> tuple[str, ...]:
    """Files that no other file of the target needs; all of them where each is needed by another."""
    needed = {n.resolution.path for f in found.files for n in f.needs}
    paths = list(dict.fromkeys(f.path for f in found.files))
    return tuple(p for p in paths if p not in needed) or tuple(paths)


def ways(found: Linkages, file: str, library: str) -> tuple[Way, ...]:
    """The shortest way from each file that `file` names to each library that `library` names (whole names, their last
    parts, or the name's beginning up to ".so" and the like). Raises UsageError(kind="target")."""
    files = _by_path(found)
    starts = [path for path in files if path == file or path.rpartition("/")[2] == file]
    if not starts:
        some = ", ".join(sorted(files)[:5])
        raise UsageError(
            f"{found.subject} has no program or library {file}",
            kind="target",
            hint="Name it by its path in the target, or the last part of that.",
            details=f"There are {some}{', ...' if len(files) > 5 else ''}." if some else None,
        )
    return tuple(way for start in starts for way in _ways(files, start, library))


def _ways(files: Mapping[str, list[FileLinkage]], start: str, library: str) -> Iterator[Way]:
    queue: deque[tuple[str, tuple[tuple[str, Need], ...]]] = deque([(start, ())])
    seen, told = {start}, set[str]()
    while queue:
        here, steps = queue.popleft()
        for need in _needs(files, here):
            node, way = _node(need), (*steps, (here, need))
            if _is_named(need, library) and node not in told:
                told.add(node)
                yield Way(start, node, way)
            if node not in seen:
                seen.add(node)
                queue.append((node, way))


def _is_named(need: Need, library: str) -> bool:
    names = {need.name, need.resolution.path}
    names |= {name.rpartition("/")[2] for name in names}
    lower = library.lower()
    return any(n.lower() == lower or n.lower().startswith((f"{lower}.", f"lib{lower}.")) for n in names if n)


def _node(need: Need) -> str:
    return need.resolution.path or need.name


def _by_path(found: Linkages) -> Mapping[str, list[FileLinkage]]:
    files: dict[str, list[FileLinkage]] = {}
    for file in found.files:
        files.setdefault(file.path, []).append(file)
    return files


def _needs(files: Mapping[str, list[FileLinkage]], path: str) -> list[Need]:
    """Of all slices of a fat file, each name once."""
    found: dict[str, Need] = {}
    for file in files.get(path, ()):
        for need in file.needs:
            found.setdefault(need.name, need)
    return list(found.values())
