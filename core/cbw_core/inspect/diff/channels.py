"""Two channels against each other, by their records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbw_core.errors import EnvironmentFailure, Place, UsageError
from cbw_core.inspect.diff.model import ChannelDiff, Kind, RecordDiff


def diff_channels(left: Path, right: Path, *, names: tuple[str, str] | None = None) -> ChannelDiff:
    """Folders with subdirs and their repodata.json. Raises UsageError(kind="channel") for a folder without any."""
    ours, theirs = _records(left), _records(right)
    found: list[RecordDiff] = []
    for key in sorted({*ours, *theirs}):
        one, other = ours.get(key), theirs.get(key)
        if one == other:
            continue
        fields = {
            name: ((one or {}).get(name), (other or {}).get(name))
            for name in sorted({*(one or {}), *(other or {})})
            if (one or {}).get(name) != (other or {}).get(name)
        }
        kind: Kind = "added" if one is None else "removed" if other is None else "changed"
        found.append(RecordDiff(*key, kind, fields if kind == "changed" else {}))
    counts = {kind: sum(r.kind == kind for r in found) for kind in ("added", "removed", "changed")}
    verdict = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "the same records"
    return ChannelDiff(*(names or (str(left), str(right))), verdict, tuple(found))


def _records(channel: Path) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    indexes = sorted(channel.glob("*/repodata.json"))
    if not indexes:
        raise UsageError(
            f"{channel} is no channel: none of its folders has a repodata.json",
            kind="channel",
            hint="Give the folder of a channel (with linux-64/, noarch/, ... in it), after indexing it.",
        )
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for index in indexes:
        try:
            data = json.loads(index.read_bytes())
            for part in ("packages", "packages.conda"):
                for name, record in (data.get(part) or {}).items():
                    found[index.parent.name, str(name)] = dict(record)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise EnvironmentFailure(
                f"the index of {index.parent.name} cannot be read",
                kind="channel",
                place=Place(str(index)),
                why=str(error),
                hint="Index the channel again.",
            ) from None
    return found
