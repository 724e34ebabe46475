"""The packages of a prefix as conda-meta tells of them; a broken record is a failure of its own, the rest is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbw_core.objects import Failure


@dataclass(frozen=True)
class Installed:
    """A package in a prefix. depends: its run requirements as they are written; files: paths it owns.
    unpacked: the folder of the package cache that it was linked from, "" where it is gone."""

    dist: str
    name: str
    depends: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    unpacked: str = ""
    channel: str = ""
    url: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> tuple[str, ...]:
        return names_of(self.depends)


def names_of(specs: tuple[str, ...]) -> tuple[str, ...]:
    """The packages that requirements name, each once, in their order."""
    return tuple(dict.fromkeys(spec.split()[0].rpartition("::")[2].lower() for spec in specs if spec.split()))


def installed(prefix: Path) -> tuple[tuple[Installed, ...], tuple[Failure, ...]]:
    """The packages of a prefix, by name; records that cannot be read."""
    found: list[Installed] = []
    failures: list[Failure] = []
    for record in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            found.append(_read(json.loads(record.read_bytes())))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"it is no package record: {type(error).__name__}: {error}"
            failures.append(Failure(f"conda-meta/{record.name}", "broken", why))
    return tuple(sorted(found, key=lambda one: one.name)), tuple(failures)


def _read(data: Mapping[str, Any]) -> Installed:
    source = str(data.get("extracted_package_dir") or (data.get("link") or {}).get("source") or "")
    return Installed(
        dist=f"{data['name']}-{data['version']}-{data['build']}",
        name=str(data["name"]),
        depends=tuple(str(spec) for spec in data.get("depends") or ()),
        files=tuple(str(path) for path in data.get("files") or ()),
        unpacked=source if source and Path(source, "info").is_dir() else "",
        channel=str(data.get("channel") or ""),
        url=str(data.get("url") or ""),
        data=data,
    )
