"""The files that a shell has open beside its input and output (`exec 3>log`): seen in /proc, opened again."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Opened:
    """path: as /proc names it (no path for pipes). flags: of open(2). position: the offset; size: the file's."""

    path: str
    flags: int
    position: int
    size: int


def opened(pid: int) -> dict[int, Opened]:
    """What a shell has open by its script's will: from 3 on, without what bash keeps for itself (close-on-exec).
    Not pipes of which it has both ends: it is about to start a pipeline. Empty where there is no /proc."""
    found: dict[int, Opened] = {}
    try:
        numbers = sorted(int(name.name) for name in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return found
    for number in numbers:
        try:
            rows = Path(f"/proc/{pid}/fdinfo/{number}").read_text().splitlines()
            facts = dict(row.split(":\t", 1) for row in rows if ":\t" in row)
            flags = int(facts["flags"], 8)
            if number < 3 or number == 255 or flags & os.O_CLOEXEC:
                continue
            path = os.readlink(f"/proc/{pid}/fd/{number}")  # noqa: PTH115
            size = Path(f"/proc/{pid}/fd/{number}").stat().st_size
        except (OSError, KeyError):
            continue
        found[number] = Opened(path, flags, int(facts.get("pos", "0")), size)
    ends = Counter(one.path for one in found.values())
    return {number: one for number, one in found.items() if ends[one.path] == 1 or not one.path.startswith("pipe:")}


def put_back(
    then: Mapping[int, Opened], now: Mapping[int, Opened], trees: Sequence[Path]
) -> tuple[list[str], list[str]]:
    """(bash code that opens what was open then and closes what was not, what is to be said of the rest). trees: the
    folders whose files are put back, so that what is open in them is another file now."""
    code = [f"exec {number}>&-" for number in sorted(now.keys() - then.keys())]
    said: list[str] = []
    for number, old in sorted(then.items()):
        there = now.get(number)
        if not old.path.startswith("/"):
            if there is None or there.path != old.path:
                said.append(f"descriptor {number} was a pipe or socket: it cannot be opened again")
            continue
        moved = any(Path(old.path).is_relative_to(tree) for tree in trees)
        if there is not None and there.path == old.path and not moved and there.position == old.position:
            continue
        how = old.flags & os.O_ACCMODE
        sign = "<" if how == os.O_RDONLY else ">>" if how == os.O_WRONLY else "<>"
        code.append(f"exec {number}{sign}{shlex.quote(old.path.removesuffix(' (deleted)'))}")
        at_end = old.position == old.size or bool(old.flags & os.O_APPEND)
        if (how == os.O_WRONLY and not at_end) or (how != os.O_WRONLY and old.position):
            where = "at its end" if how == os.O_WRONLY else "at its beginning"
            said.append(f"descriptor {number} ({Path(old.path).name}) is open again, {where}")
    return code, said
