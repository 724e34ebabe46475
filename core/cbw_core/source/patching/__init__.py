"""Patches read, placed and applied without any tool, so that a hunk that does not fit can be explained.

The rules are those of GNU patch 2.7 as conda-build calls it (`patch -Np<level> --binary`): offsets, fuzz up to two
lines, git's renames, modes and links; nothing is changed unless all of it fits.
"""

from cbw_core.source.patching.applying import Outcome, State, apply, write_partly
from cbw_core.source.patching.explaining import explain
from cbw_core.source.patching.making import CannotPatch, make, same, state_of
from cbw_core.source.patching.model import FilePatch, Hunk, PatchSyntaxError
from cbw_core.source.patching.parsing import parse
from cbw_core.source.patching.strip import guess_strip_level

__all__ = [
    "CannotPatch",
    "FilePatch",
    "Hunk",
    "Outcome",
    "PatchSyntaxError",
    "State",
    "apply",
    "explain",
    "guess_strip_level",
    "make",
    "parse",
    "same",
    "state_of",
    "write_partly",
]
