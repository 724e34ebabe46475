"""Package archives written: `write_package(target, members)`; any archive read safely: `extract(archive, folder)`,
or only looked through: `members(archive)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.archive.entry import Entry
    from cbw_core.archive.guard import Limit
    from cbw_core.archive.listing import members
    from cbw_core.archive.pack import Member, write_package
    from cbw_core.archive.unpack import extract

__all__ = ["Entry", "Limit", "Member", "extract", "members", "write_package"]

__getattr__ = lazily(
    __name__,
    {
        "entry": ("Entry",),
        "guard": ("Limit",),
        "listing": ("members",),
        "pack": ("Member", "write_package"),
        "unpack": ("extract",),
    },
)
