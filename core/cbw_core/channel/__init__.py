"""A folder of packages as a channel: its index, what a package says of itself, and the child py-rattler runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.channel.indexing import index
    from cbw_core.channel.packages import read_index_json, read_run_exports
    from cbw_core.channel.worker import Worker

__all__ = ["Worker", "index", "read_index_json", "read_run_exports"]

__getattr__ = lazily(
    __name__,
    {
        "indexing": ("index",),
        "packages": ("read_index_json", "read_run_exports"),
        "worker": ("Worker",),
    },
)
