"""What a `cbw build` took of the machine: for its report, and for --stats-file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.errors import from_os_error
from cbw_workbench.commands.results import Resources

if TYPE_CHECKING:
    from cbw_core.session import SessionStatus


def steps_of(sessions: Iterable[SessionStatus]) -> dict[str, Mapping[str, Any]]:
    """build or test_NAME, with name, version and build behind it, as conda-build names them -> elapsed, cpu_user,
    cpu_sys (seconds), rss, disk (bytes)."""
    found: dict[str, Mapping[str, Any]] = {}
    for session in sessions:
        name = session.output.rsplit("-", 2)[0]
        for phase, start in (("build", "build"), ("test", f"test_{name}")):
            used = session[phase].result.get("resources")
            if used:
                found[f"{start}{session.output}"] = used
    return found


def total(steps: Iterable[Mapping[str, Any]], seconds: float) -> Resources:
    rows = list(steps)
    return Resources(
        seconds=round(seconds, 3),
        cpu_user=sum(row["cpu_user"] for row in rows),
        cpu_sys=sum(row["cpu_sys"] for row in rows),
        rss=max((row["rss"] for row in rows), default=0),
        disk=sum(row["disk"] for row in rows),
    )


def write(file: Path, steps: Mapping[str, Mapping[str, Any]], used: Resources) -> None:
    """The file of conda-build's --stats-file: the steps, and "total"."""
    data = {**steps, "total": {"time": used.seconds, "memory": used.rss, "disk": used.disk}}
    try:
        file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, f"writing {file}") from error
