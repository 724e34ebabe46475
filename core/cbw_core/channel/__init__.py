"""A folder of packages as a channel: its index, what a package says of itself, and the child py-rattler runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.channel.indexing import index
    from cbw_core.channel.packages import read_index_json, read_run_exports
    from cbw_core.channel.worker import Worker

__all__ = ["Worker", "index", "read_index_json", "read_run_exports"]

_HOME = {"Worker": "worker", "index": "indexing", "read_index_json": "packages", "read_run_exports": "packages"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
