"""From post-processed files to a package: info/ as conda-build writes it, and the archive.

`create(output, layout, config, post, folder=, sink=, cancel=) -> Path`. `release_time(output)` is the time a package
bears, in seconds. `BUILD_FIELDS`: what packaging reads of the build section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.package.creating import create
    from cbw_core.package.metadata import BUILD_FIELDS
    from cbw_core.package.stamp import release_time

__all__ = ["BUILD_FIELDS", "create", "release_time"]

__getattr__ = lazily(__name__, {"creating": ("create",), "metadata": ("BUILD_FIELDS",), "stamp": ("release_time",)})
