"""`record_data` as rattler's own records, in the worker."""

from __future__ import annotations

from typing import Any

from rattler import PackageRecord
from rattler.package.build_string import BuildString


def package_record(data: dict[str, Any]) -> PackageRecord:
    """data: `record_data.identity` of a package, or `whole`."""
    return PackageRecord(
        data["name"],
        data["version"],
        BuildString(data["build"]),
        data["build_number"],
        data["subdir"],
        noarch=data["noarch"] or None,
        depends=data["depends"],
        constrains=data["constrains"],
        sha256=_digest(data.get("sha256")),
        md5=_digest(data.get("md5")),
        size=data.get("size"),
        python_site_packages_path=data.get("python_site_packages_path"),
    )


def _digest(text: str | None) -> bytes | None:
    return bytes.fromhex(text) if text else None
