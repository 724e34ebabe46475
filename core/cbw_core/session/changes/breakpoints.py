"""Breakpoints live with the session: kept in its private folder, read when its scripts are to run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from cbw_core.session.disk import jsonfile
from cbw_core.session.kept import Kept
from cbw_core.trace import Breakpoint


def read(kept: Kept) -> tuple[Breakpoint, ...]:
    return tuple(Breakpoint(**row) for row in jsonfile.read(kept.breakpoints) or ())


def write(kept: Kept, points: Iterable[Breakpoint]) -> None:
    kept.breakpoints.parent.mkdir(parents=True, exist_ok=True)
    jsonfile.write(kept.breakpoints, [asdict(point) for point in points if not point.once])
