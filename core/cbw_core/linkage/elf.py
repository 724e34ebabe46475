"""How ld.so finds a library (ld.so(8), dl-load.c of glibc)."""

from __future__ import annotations

from collections.abc import Iterator

from cbw_core.linkage.model import Resolution
from cbw_core.linkage.places import Chain, Loaded, Place, World, first
from cbw_core.linkage.system import is_system
from cbw_core.objects import Binary

_TRIPLETS = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}


def find(name: str, chain: Chain, world: World) -> Resolution:
    """Where ld.so finds `name` for chain[0]. LD_LIBRARY_PATH is not used: conda does not set it. That a program is
    setuid does not count: packages cannot be."""
    binary = chain[0].binary
    if "/" in name:
        path = _expanded(name, chain[0], world)[0]
        return first(world, iter([(path if path.startswith("/") else f"./{path}", "its own path")]), binary)[0]
    found, goes_on = first(world, _places(name, chain, world), binary)
    if not goes_on:
        return found
    if is_system(name, "ELF"):
        path = world.system.find(name, binary.arch)[0] if world.system else ""
        return Resolution("system", path or name, by="the system's loader", tried=found.tried)
    if world.system is not None and binary.default_folders:
        path, by = world.system.find(name, binary.arch)
        if path:
            return Resolution("system", path, by=by, tried=found.tried)
    return found


def _places(name: str, chain: Chain, world: World) -> Iterator[Place]:
    """DT_RPATH of the binary and of those that loaded it, as long as they have no DT_RUNPATH; or its own DT_RUNPATH,
    which is not inherited. A DT_RUNPATH of the binary makes all DT_RPATHs void."""
    own = chain[0]
    if not own.binary.runpath:
        for loaded in chain:
            if loaded.binary.runpath:
                continue
            of = "" if loaded is own else f" of {loaded.real}"
            for entry in loaded.binary.rpath:
                for folder in _expanded(entry, loaded, world):
                    yield f"{folder}/{name}", f"DT_RPATH {entry or 'empty'}{of}"
    for entry in own.binary.runpath:
        for folder in _expanded(entry, own, world):
            yield f"{folder}/{name}", f"DT_RUNPATH {entry or 'empty'}"


def _expanded(entry: str, loaded: Loaded, world: World) -> list[str]:
    """$ORIGIN is the folder that the binary was opened in; of a program, the one it really is in."""
    origin = loaded.folder
    if loaded.binary.kind == "program":
        origin = f"{world.tree.prefix}/{loaded.real}".rpartition("/")[0]
    text = entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
    text = text.replace("${PLATFORM}", loaded.binary.arch).replace("$PLATFORM", loaded.binary.arch)
    if "$LIB" in text or "${LIB}" in text:
        return [text.replace("${LIB}", lib).replace("$LIB", lib) for lib in _libs(loaded.binary)]
    return [text.rstrip("/") or ("/" if text else ".")]


def _libs(binary: Binary) -> list[str]:
    """What $LIB stands for: Debian's word, and everybody else's."""
    wide = binary.arch not in ("i386", "arm", "ppc", "x32", "riscv32", "mips32")
    return [*([f"lib/{_TRIPLETS[binary.arch]}"] if binary.arch in _TRIPLETS else []), "lib64" if wide else "lib"]
