"""The fixtures of `support.source_bench`."""

from support.source_bench import bench, repository, site, tar_of

__all__ = ["bench", "repository", "site", "tar_of"]
