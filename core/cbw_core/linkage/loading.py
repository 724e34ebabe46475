"""Loading played through: which files come into memory, in which order, by whose need."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cbw_core.linkage import elf, macho, pe
from cbw_core.linkage.model import Resolution
from cbw_core.linkage.places import Chain, Loaded, World
from cbw_core.objects import Binary

_FINDERS = {"ELF": elf.find, "Mach-O": macho.find, "PE": pe.find}
_MOST_ROOTS = 24  # programs that a library is looked at from


@dataclass(frozen=True)
class Step:
    """A need met while loading. of: path of the file that needs it; path: where it is, as `Resolution.path`."""

    of: str
    name: str
    resolution: Resolution


class Loader:
    """Finds libraries for the files of a world, each as the root of what is loaded, and where that is not enough, as
    loaded by the programs and libraries that need it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._direct: dict[tuple[str, str], dict[str, Resolution]] = {}
        self._loads: dict[tuple[str, str, str], dict[tuple[str, str], Resolution]] = {}
        self._users: dict[str, set[str]] | None = None

    def find(self, path: str, binary: Binary, name: str) -> Resolution:
        """What the loader gives a file of the tree for `name`."""
        found = self.direct(path, binary).get(name) or Resolution("nowhere")
        if found.where != "nowhere":
            return found
        for root, plugin in self._roots(path):
            inherited = self.loads(root, binary.arch, plugin).get((path, name))
            if inherited is not None and inherited.where != "nowhere":
                return replace(inherited, by=f"{inherited.by}, when {root} loads it", tried=found.tried)
        return found

    def direct(self, path: str, binary: Binary) -> dict[str, Resolution]:
        """Name -> where it is, with the file as the first that is loaded."""
        key = (path, binary.arch)
        if key not in self._direct:
            chain = (Loaded(f"{self.world.tree.prefix}/{path}", path, binary),)
            self._direct[key] = {n.name: self._find(n.name, chain) for n in binary.needed}
        return self._direct[key]

    def loads(self, root: str, arch: str, plugin: str = "") -> dict[tuple[str, str], Resolution]:
        """Everything that comes into memory with `root`, breadth first, and then with `plugin`, which it loads by hand:
        (path that needs, name) -> where it is. A library that is there already, by its soname, is not looked for."""
        key = (root, arch, plugin)
        if key not in self._loads:
            self._loads[key] = {(s.of, s.name): s.resolution for s in self.steps(root, arch, plugin)}
        return self._loads[key]

    def steps(self, root: str, arch: str, plugin: str = "") -> Iterator[Step]:
        first = self._loaded(f"{self.world.tree.prefix}/{root}", root, arch)
        if first is None:
            return
        by_name: dict[str, Resolution] = {}
        present = {root}
        for start in (root, plugin) if plugin else (root,):
            loaded = self._loaded(f"{self.world.tree.prefix}/{start}", start, arch)
            if loaded is None:
                return
            queue: deque[Chain] = deque([(loaded,) if start == root else (loaded, first)])
            if loaded.binary.soname:
                by_name.setdefault(loaded.binary.soname, Resolution("prefix", start, by="loaded already"))
            while queue:
                chain = queue.popleft()
                for needed in chain[0].binary.needed:
                    known = by_name.get(needed.name)
                    found = replace(known, by="loaded already") if known else self._find(needed.name, chain)
                    yield Step(chain[0].real, needed.name, found)
                    if known is not None or found.where == "nowhere":
                        continue
                    by_name[needed.name] = found
                    child = self._opened(found, arch)
                    if child is not None and found.path not in present:
                        present.add(found.path)
                        if child.binary.soname:
                            by_name.setdefault(child.binary.soname, found)
                        queue.append((child, *chain))

    def _find(self, name: str, chain: Chain) -> Resolution:
        return _FINDERS[chain[0].binary.format](name, chain, self.world)

    def _loaded(self, opened: str, real: str, arch: str) -> Loaded | None:
        found = next((b for b in self.world.tree.binaries.get(real, ()) if b.arch == arch), None)
        return None if found is None else Loaded(opened, real, found)

    def _opened(self, found: Resolution, arch: str) -> Loaded | None:
        """The library in memory; its path is the one it was opened by, links not followed."""
        if found.where != "prefix":
            return None
        return self._loaded(found.opened, found.path, arch)

    def _roots(self, path: str) -> Iterator[tuple[str, str]]:
        """Files that load `path`, nearest first; for extension modules of python, python with them."""
        if _is_extension(path):
            for program in ("bin/python", "python.exe"):
                real = self.world.tree.real(program)
                if real is not None:
                    yield real, path
        seen, queue = {path}, deque([path])
        while queue and len(seen) <= _MOST_ROOTS:
            for user in sorted(self._used_by().get(queue.popleft(), ())):
                if user not in seen:
                    seen.add(user)
                    queue.append(user)
                    yield user, ""

    def _used_by(self) -> dict[str, set[str]]:
        if self._users is None:
            self._users = {}
            for path, binaries in self.world.tree.binaries.items():
                for binary in binaries:
                    for found in self.direct(path, binary).values():
                        if found.where == "prefix":
                            self._users.setdefault(found.path, set()).add(path)
        return self._users


def _is_extension(path: str) -> bool:
    return "/site-packages/" in f"/{path}" or "/lib-dynload/" in path or path.lower().endswith(".pyd")
