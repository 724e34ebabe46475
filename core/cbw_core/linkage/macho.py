"""How dyld finds a library (dyld(1), and Apple's "Run-Path Dependent Libraries")."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cbw_core.linkage.model import Resolution
from cbw_core.linkage.places import Chain, Loaded, Place, World, first
from cbw_core.linkage.system import is_system


def find(name: str, chain: Chain, world: World) -> Resolution:
    """Where dyld finds the install name `name` for chain[0]. DYLD_* variables are not used."""
    if is_system(name, "Mach-O"):
        return Resolution("system", name, by="dyld's shared cache")
    return first(world, _places(name, chain, world), chain[0].binary)[0]


def _places(name: str, chain: Chain, world: World) -> Iterator[Place]:
    own = chain[0]
    if name.startswith("@rpath/"):
        for loaded in chain:
            of = "" if loaded is own else f" of {loaded.real}"
            for entry in loaded.binary.rpath:
                for folder in _expanded(entry, loaded, chain, world):
                    yield posixpath.join(folder, name[7:]), f"LC_RPATH {entry}{of}"
        return
    how = name.split("/", 1)[0] if name.startswith("@") else "its own path"
    for path in _expanded(name, own, chain, world):
        yield path, how


def _expanded(text: str, loaded: Loaded, chain: Chain, world: World) -> list[str]:
    """@loader_path is the folder of the binary that has the text; @executable_path that of the program, and where none
    is known, bin/ of the prefix."""
    word, _, rest = text.partition("/")
    if word == "@loader_path":
        folders = [_folder(loaded, world)]
    elif word == "@executable_path":
        program = chain[-1]
        folders = [_folder(program, world)] if program.binary.kind == "program" else [f"{world.tree.prefix}/bin"]
    else:
        return [text if text.startswith("/") else f"./{text}"]
    return [posixpath.join(folder, rest).rstrip("/") for folder in folders]


def _folder(loaded: Loaded, world: World) -> str:
    """dyld takes the real path of an image, links followed."""
    return f"{world.tree.prefix}/{loaded.real}".rpartition("/")[0]
