"""How Windows finds a DLL ("Dynamic-link library search order"), in a conda environment."""

from __future__ import annotations

from collections.abc import Iterator

from cbw_core.linkage.model import Resolution
from cbw_core.linkage.places import Chain, Place, World, first
from cbw_core.linkage.system import is_system

# PATH of an active environment (conda.activate); conda's python looks there too for the DLLs of extension modules
_PATH = (
    "", "Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts", "bin", "DLLs",
)  # fmt: skip


def find(name: str, chain: Chain, world: World) -> Resolution:
    """Where Windows finds the DLL `name`: known and API set DLLs first, then the folder of the DLL itself (python loads
    with LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR), of the program, the system's, PATH. Case does not count."""
    if name.lower().startswith(("api-ms-", "ext-ms-")):
        return Resolution("system", name, by="API set")
    found, goes_on = first(world, _places(name, chain, world), chain[0].binary)
    if goes_on and is_system(name, "PE"):
        return Resolution("system", name, by="System32", tried=found.tried)
    return found


def _places(name: str, chain: Chain, world: World) -> Iterator[Place]:
    prefix = world.tree.prefix
    seen: set[str] = set()
    folders = [(chain[0].folder, "folder of the file itself")]
    if chain[-1].binary.kind == "program":
        folders.append((chain[-1].folder, "folder of the program"))
    folders += [(f"{prefix}/{folder}".rstrip("/"), f"PATH: {folder or 'the prefix'}") for folder in _PATH]
    for folder, by in folders:
        if folder.lower() not in seen:
            seen.add(folder.lower())
            yield f"{folder}/{name}", by
