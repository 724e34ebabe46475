"""What loaders have in common: a chain of who loads whom, and a world of files to look into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from cbw_core.linkage.model import Resolution
from cbw_core.linkage.system import System
from cbw_core.linkage.tree import Tree
from cbw_core.objects import Binary


@dataclass(frozen=True)
class Loaded:
    """A binary in memory. path: absolute, as it was opened; real: relative to the prefix, without links."""

    path: str
    real: str
    binary: Binary

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


Chain: TypeAlias = tuple[Loaded, ...]
"""The binary that needs something, the one that loaded it, and so on up to the first."""

Place: TypeAlias = tuple[str, str]
"""An absolute path, and the rule that leads there."""


@dataclass(frozen=True)
class World:
    """What can be linked to. system: None where no machine or sysroot is at hand; build: the build prefix."""

    tree: Tree
    system: System | None = None
    build: Tree | None = None


@dataclass(frozen=True)
class Stop:
    """A place where the loader finds a file that it cannot use, and gives up."""

    why: str


def look(world: World, path: str, by: str, wanted: Binary) -> Resolution | Stop | str:
    """What is at an absolute path: a library to use, a file to give up on, or why the loader goes on."""
    tree = world.tree
    if not path.startswith("/"):
        return f"{path} (depends on the current folder)"
    inside = tree.inside(path)
    if inside is not None:
        real = tree.real(inside)
        if real is not None:
            return _found(tree, inside, real, by, wanted)
        if tree.is_folder(inside):
            return Stop(f"{path} (is a folder)")
        outside = tree.leads_to(inside)
        if not outside or tree.inside(outside) is not None:
            return path
        path = outside
    if world.system is not None and world.system.has(path, wanted.arch if wanted.format == "ELF" else ""):
        return Resolution("system", path, by=by)
    return path


def _found(tree: Tree, inside: str, real: str, by: str, wanted: Binary) -> Resolution | Stop | str:
    shown = f"{tree.prefix}/{inside}"
    binaries = [b for b in tree.binaries.get(real, ()) if b.format == wanted.format]
    if not binaries:
        return Stop(f"{shown} (is no {wanted.format} file that can be read)")
    if not any(_fits(b.arch, wanted.arch) for b in binaries):
        return f"{shown} (is for {', '.join(b.arch for b in binaries)})"
    owner = tree.owners.get(real) or tree.owners.get(inside) or ""
    return Resolution("prefix", real, owner, by, opened=shown)


def _fits(arch: str, wanted: str) -> bool:
    return arch == wanted or {arch, wanted} == {"arm64", "arm64e"}


def first(world: World, places: Iterator[Place], wanted: Binary) -> tuple[Resolution, bool]:
    """The first place that has the library; "nowhere", with all that was tried, when none has. And whether the loader
    goes on to the system's folders then: not after a file that it gives up on."""
    tried: list[str] = []
    for path, by in places:
        found = look(world, path, by, wanted)
        if isinstance(found, Resolution):
            return replace(found, tried=tuple(tried)), False
        if isinstance(found, Stop):
            return Resolution("nowhere", tried=(*tried, found.why)), False
        tried.append(found)
    return Resolution("nowhere", tried=tuple(tried)), True
