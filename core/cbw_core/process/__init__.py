"""Child processes: each in a session of its own under a small warden, so that none outlives us.

A child is started through `_warden.py`, which becomes the reaper of everything below it and ends all of it when the
child ends, when we cancel, or when we die, however we die (the pipe to it closes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.process.cancel import Cancel
    from cbw_core.process.running import TIMED_OUT, Finished, run
    from cbw_core.process.settling import Settling

__all__ = ["TIMED_OUT", "Cancel", "Finished", "Settling", "run"]

__getattr__ = lazily(
    __name__,
    {"cancel": ("Cancel",), "running": ("TIMED_OUT", "Finished", "run"), "settling": ("Settling",)},
)
