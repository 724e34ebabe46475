"""A package as it goes to and fro between us and the worker: JSON-able, in repodata's words."""

from __future__ import annotations

from typing import Any

from cbw_core.render.output import Resolved


def identity(package: Resolved) -> dict[str, Any]:
    """What a solve needs to know of a package."""
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": package.build_number,
        "subdir": package.subdir,
        "noarch": package.noarch,
        "depends": list(package.depends),
        "constrains": list(package.constrains),
    }


def whole(package: Resolved) -> dict[str, Any]:
    """What an install needs: where its file is, and what it must be."""
    return {
        **identity(package),
        "sha256": package.sha256,
        "md5": package.md5,
        "size": package.size,
        "timestamp": package.timestamp,
        "python_site_packages_path": package.python_site_packages_path,
        "file_name": package.file_name or package.url.rpartition("/")[2],
        "url": package.url,
        "channel": package.channel,
    }
