"""Package archives written: `write_package(target, members)`; any archive read safely: `extract(archive, folder)`,
or only looked through: `members(archive)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.archive.entry import Entry
    from cbw_core.archive.guard import Limit
    from cbw_core.archive.listing import members
    from cbw_core.archive.pack import Member, write_package
    from cbw_core.archive.unpack import extract

__all__ = ["Entry", "Limit", "Member", "extract", "members", "write_package"]

_HOME = {
    "Entry": "entry",
    "Limit": "guard",
    "Member": "pack",
    "extract": "unpack",
    "members": "listing",
    "write_package": "pack",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
