"""Source: fetched into a verified cache, unpacked, patched; and what it depends on.

`provide` makes the work folder, `inputs` tells what it is made from, `git_variables` what a repository in it says.
`sources` is what rendering is handed for recipes whose templates read files of their sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.source.asked import sources
    from cbw_core.source.fingerprint import inputs
    from cbw_core.source.model import AppliedPatch, Entry, Provided
    from cbw_core.source.patches import patch_path
    from cbw_core.source.provide import failed_folder, provide
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

_HOME = {
    "AppliedPatch": "model",
    "Entry": "model",
    "Provided": "model",
    "failed_folder": "provide",
    "git_variables": "variables",
    "inputs": "fingerprint",
    "patch_path": "patches",
    "provide": "provide",
    "sources": "asked",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found  # the submodule of the same name would hide it
    return found
