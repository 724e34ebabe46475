"""The packages of a prefix, as conda-meta has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cbw_core.errors import EnvironmentFailure, Place
from cbw_core.render.output import Resolved


def record_files(prefix: Path) -> list[Path]:
    """The records of a prefix, sorted by name; none where there is no environment."""
    return sorted((prefix / "conda-meta").glob("*.json"))


@contextmanager
def reading(record: Path) -> Iterator[Any]:
    """Gives the data of a record. What keeps it, or what is looked for in it, from being read is raised as
    EnvironmentFailure(kind="prefix")."""
    try:
        yield json.loads(record.read_bytes())
    except (ValueError, KeyError, TypeError) as error:
        raise EnvironmentFailure(
            f"{record.name} in the environment is not a package record",
            kind="prefix",
            place=Place(str(record)),
            why=str(error),
            hint="Make the environment again (rerun env).",
        ) from None


def packages_of(prefix: Path) -> tuple[Resolved, ...]:
    """What is installed in `prefix`, sorted by name; none where there is no environment.

    Raises EnvironmentFailure(kind="prefix") for a record that cannot be read.
    """
    found = []
    for record in record_files(prefix):
        with reading(record) as data:
            found.append(
                Resolved(
                    name=data["name"],
                    version=data["version"],
                    build=data["build"],
                    build_number=data.get("build_number", 0),
                    subdir=data.get("subdir") or "",
                    channel=(data.get("channel") or "").rstrip("/"),
                    url=data.get("url") or "",
                    file_name=data.get("fn") or "",
                    sha256=data.get("sha256"),
                    md5=data.get("md5"),
                    size=data.get("size"),
                    timestamp=data.get("timestamp"),
                    noarch=data.get("noarch") or "",
                    depends=tuple(data.get("depends") or ()),
                    constrains=tuple(data.get("constrains") or ()),
                    python_site_packages_path=data.get("python_site_packages_path"),
                )
            )
    return tuple(sorted(found, key=lambda package: package.name))
