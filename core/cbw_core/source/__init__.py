"""Source: fetched into a verified cache, unpacked, patched; and what it depends on.

`provide` makes the work folder, `inputs` tells what it is made from, `git_variables` what a repository in it says.
`sources` is what rendering is handed for recipes whose templates read files of their sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.source.asked import sources
    from cbw_core.source.fingerprint import inputs
    from cbw_core.source.model import AppliedPatch, Entry, Provided
    from cbw_core.source.patches import patch_path
    from cbw_core.source.providing import failed_folder, provide
    from cbw_core.source.variables import git_variables

__all__ = [
    "AppliedPatch",
    "Entry",
    "Provided",
    "failed_folder",
    "git_variables",
    "inputs",
    "patch_path",
    "provide",
    "sources",
]

__getattr__ = lazily(
    __name__,
    {
        "asked": ("sources",),
        "fingerprint": ("inputs",),
        "model": ("AppliedPatch", "Entry", "Provided"),
        "patches": ("patch_path",),
        "providing": ("failed_folder", "provide"),
        "variables": ("git_variables",),
    },
)
