"""Package archives written: `write_package(target, members)`; any archive read safely: `extract(archive, folder)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.archive.guard import Limit
    from cbw_core.archive.pack import Member, write_package
    from cbw_core.archive.unpack import extract

__all__ = ["Limit", "Member", "extract", "write_package"]

_HOME = {"Limit": "guard", "Member": "pack", "extract": "unpack", "write_package": "pack"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
