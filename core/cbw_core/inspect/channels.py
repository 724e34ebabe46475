"""`cbw inspect channels`: whether every package of a channel can be installed, and why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core.errors import EnvironmentFailure, Place, RecipeError, UsageError
from cbw_core.events import Progress, Sink, silent
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel
from cbw_core.render import Resolver


@dataclass(frozen=True)
class Installable:
    """A package of a channel. why: what is in the way, "" where it can be installed; details: the solver's words."""

    dist: str
    subdir: str
    file_name: str
    why: str = ""
    details: str = ""


@dataclass(frozen=True)
class ChannelPackages:
    """The packages of a channel, each with whether the platform can have it."""

    channel: str
    packages: tuple[Installable, ...]

    @property
    def refused(self) -> tuple[Installable, ...]:
        return tuple(one for one in self.packages if one.why)


def check_channel(
    channel: Path, resolver: Resolver, *, sink: Sink = silent, cancel: Cancel | None = None
) -> ChannelPackages:
    """Every package of an indexed folder, each solved alone for its platform with the channels of `resolver` (which
    must have this one). Raises UsageError(kind="channel") for a folder without an index."""
    wanted = _packages(channel)
    found: list[Installable] = []
    for number, (subdir, file_name, name, version, build) in enumerate(wanted):
        if cancel is not None:
            cancel.check()
        sink(Progress("solving for each package", number, len(wanted), "packages", file_name))
        why = details = ""
        try:
            platform = native_subdir() if subdir == "noarch" else subdir
            resolver.solve([f"{name} {version} {build}"], platform, env="run")
        except (EnvironmentFailure, RecipeError) as error:
            if error.kind not in ("solve", "spec"):
                raise
            why, details = error.message, "\n".join(text for text in (error.why, error.details) if text)
        found.append(Installable(f"{name}-{version}-{build}", subdir, file_name, why, details))
    sink(Progress("solving for each package", len(wanted), len(wanted), "packages", finished=True))
    return ChannelPackages(str(channel), tuple(found))


def _packages(channel: Path) -> Sequence[tuple[str, str, str, str, str]]:
    """(subdir, file name, name, version, build) of repodata.json of each subdir, sorted."""
    indexes = sorted(channel.glob("*/repodata.json"))
    if not indexes:
        raise UsageError(
            f"{channel} is no channel: none of its folders has a repodata.json",
            kind="channel",
            hint="Give the folder of a channel (with linux-64/, noarch/, ... in it), after indexing it.",
        )
    found: list[tuple[str, str, str, str, str]] = []
    for index in indexes:
        try:
            data = json.loads(index.read_bytes())
            records = {**(data.get("packages") or {}), **(data.get("packages.conda") or {})}
            for file_name, row in records.items():
                words = (str(row["name"]), str(row["version"]), str(row["build"]))
                found.append((index.parent.name, str(file_name), *words))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EnvironmentFailure(
                f"the index of {index.parent.name} cannot be read",
                kind="channel",
                place=Place(str(index)),
                why=f"{type(error).__name__}: {error}",
                hint="Index the channel again.",
            ) from None
    return sorted(found)
