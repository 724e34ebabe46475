"""Breakpoints live with the session: kept in its private folder, where a prompt and other processes (`cbw break` of an
editor) meet. The outputs of a recipe share those of the session that stands for it (`session.head`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from cbw_core.session.disk import jsonfile, locks
from cbw_core.session.kept import Kept
from cbw_core.trace import Breakpoint


@contextmanager
def held(kept: Kept) -> Iterator[None]:
    """Nobody else changes the session's breakpoints while inside."""
    with locks.waiting(kept.breakpoints.with_suffix(".lock"), f"writing {kept.breakpoints}"):
        yield


def read(kept: Kept) -> tuple[Breakpoint, ...]:
    """Those that were kept; none where none were."""
    return tuple(Breakpoint(**row) for row in jsonfile.read(kept.breakpoints) or ())


def exchange(kept: Kept, known: Iterable[Breakpoint], ours: Iterable[Breakpoint]) -> tuple[Breakpoint, ...]:
    """Bring ours and the kept ones together, inside `held`. known: what both were when they last met. Returns what is
    kept now, by number."""
    theirs = read(kept)
    merged = merge(known, ours, theirs)
    if merged != theirs:
        jsonfile.write(kept.breakpoints, [asdict(point) for point in merged])
    return merged


def merge(
    known: Iterable[Breakpoint], ours: Iterable[Breakpoint], theirs: Iterable[Breakpoint]
) -> tuple[Breakpoint, ...]:
    """What each side added, changed or removed since `known`; where both changed one, ours counts. Of two that were
    added under one number, ours gets another one."""
    before, mine, other = ({p.number: p for p in points} for points in (known, ours, theirs))
    found: dict[int, Breakpoint] = {}
    again: list[Breakpoint] = []
    for number in sorted({*mine, *other}):
        a, b, old = mine.get(number), other.get(number), before.get(number)
        if old is None and a is not None and b is not None and not _same(a, b):  # set by both: ours moves
            again.append(a)
            a = None
        taken = b if _same(a, old) else a
        if taken is not None and a is not None and b is not None:
            taken = replace(taken, hits=max(a.hits, b.hits))
        if taken is not None:
            found[number] = taken
    for point in again:
        number = max(found) + 1
        found[number] = replace(point, number=number)
    return tuple(found.values())


def _same(one: Breakpoint | None, other: Breakpoint | None) -> bool:
    """Whether they are the same but for what running a script says of them."""
    if one is None or other is None:
        return one is other
    return replace(one, hits=other.hits) == other
