"""Where the loader finds the libraries that files need, and whether that is right: `Judge(World(tree, ...))`.

Nothing here reads a recipe or a channel: what is to be known of a package comes as an `Owner`.
"""

from __future__ import annotations

from cbw_core.linkage.judge import Judge, name_of
from cbw_core.linkage.loading import Loader
from cbw_core.linkage.model import (
    Change,
    FileLinkage,
    Glob,
    Linkages,
    Need,
    Owner,
    PackageLinkage,
    Resolution,
    Verdict,
)
from cbw_core.linkage.places import World
from cbw_core.linkage.system import System, is_system
from cbw_core.linkage.tree import Tree
from cbw_core.linkage.words import FINDINGS, VERDICTS

__all__ = [
    "FINDINGS",
    "VERDICTS",
    "Change",
    "FileLinkage",
    "Glob",
    "Judge",
    "Linkages",
    "Loader",
    "Need",
    "Owner",
    "PackageLinkage",
    "Resolution",
    "System",
    "Tree",
    "Verdict",
    "World",
    "is_system",
    "name_of",
]
