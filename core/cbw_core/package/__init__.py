"""From post-processed files to a package: info/ as conda-build writes it, and the archive.

`create(output, layout, config, post, folder=, sink=, cancel=) -> Path`. `release_time(output)` is the time a package
bears, in seconds. `BUILD_FIELDS`: what packaging reads of the build section.
"""

from cbw_core.package.create import create
from cbw_core.package.metadata import BUILD_FIELDS
from cbw_core.package.stamp import release_time

__all__ = ["BUILD_FIELDS", "create", "release_time"]
