"""What a script had done at a place of its text: shell, work folder and prefix, to go back to."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from cbw_core.errors import UsageError
from cbw_core.trace.commands import top_command_at
from cbw_core.trace.cost import Cost
from cbw_core.trace.declared import variables
from cbw_core.trace.descriptors import Opened, opened, put_back
from cbw_core.trace.jump import resume_line
from cbw_core.trace.link import ScriptEnded
from cbw_core.trace.model import Evaluated, Target
from cbw_core.trace.shellstate import OF_BASH, state_to_go_back_to, write_private
from cbw_core.trace.treecopies import Manifest, TreeCopies

# stops: at each place one stops at, at the top level; commands: before each top-level command
When: TypeAlias = Literal["off", "stops", "commands"]
Ask: TypeAlias = Callable[[str], Evaluated]
_REDIRECTS = re.compile(r"^[^#]*\bexec\s+(?:[012]|&)?[<>]", re.MULTILINE)


@dataclass(frozen=True)
class Snapshot:
    """line: of `text`, where the top-level command begins that was about to run (again, where one had failed)."""

    line: int
    text: str
    command: str
    cost: Cost
    folder: Path
    flags: str
    work: Manifest
    prefix: Manifest
    functions: frozenset[str]
    readonly: frozenset[str]
    descriptors: dict[int, Opened]
    jobs: dict[str, str]


@dataclass(frozen=True)
class Restored:
    """code: bash code that puts the shell back. said: what stays as it is."""

    code: str
    said: tuple[str, ...]


class Snapshots:
    """The snapshots of one run, newest last. A file that is as it was in the one before is not copied again."""

    def __init__(self, target: Target, folder: Path, when: When) -> None:
        self.when: When = when
        self._folder, self._trees = folder, (target.work, target.prefix)
        self._kept: list[Snapshot] = []
        self._over = threading.Event()
        self._working = threading.Lock()
        ours = (target.script.name, f".{target.script.name}.copy")  # bash reads another file, and people edit this one
        self._work = TreeCopies(target.work, ours, self._check)
        self._prefix = TreeCopies(target.prefix, (), self._check)
        self._numbers = 0

    def _check(self) -> None:
        if self._over.is_set():
            raise ScriptEnded("the script has ended")

    @property
    def kept(self) -> tuple[Snapshot, ...]:
        return tuple(self._kept)

    @property
    def cost(self) -> Cost:
        """What all of them cost."""
        return sum((snapshot.cost for snapshot in self._kept), Cost())

    def take(self, line: int, text: str, ask: Ask, *, flags: str, pid: int) -> None:
        """Keep how things are before the command at `line`. ask: evaluates in the shell that stands; flags: its $-. A
        line that was kept last is not kept again: a loop comes by it each turn. Raises OSError, CbwError."""
        if self._kept and self._kept[-1].line == line and self._kept[-1].text == text:
            return
        with self._working:
            self._check()
            begun = time.monotonic()
            self._numbers += 1
            place = self._folder / str(self._numbers)
            try:
                place.mkdir(parents=True)
                write_private(place / "state.sh", state_to_go_back_to(ask, flags))
                work, cost = self._work.take(place / "work")
                prefix, more = self._prefix.take(place / "prefix")
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            command = top_command_at(text, line)
            self._kept.append(
                Snapshot(
                    line=line,
                    text=text,
                    command=command.text.strip().split("\n")[0] if command is not None else "",
                    cost=replace(cost + more, seconds=time.monotonic() - begun),
                    folder=place,
                    flags=flags,
                    work=work,
                    prefix=prefix,
                    functions=_functions(ask),
                    readonly=_readonly(ask),
                    descriptors=opened(pid),
                    jobs=_jobs(ask),
                )
            )

    def line_now(self, snapshot: Snapshot, text: str) -> int | None:
        """Where a snapshot's command stands in a text that was edited since; None where it is gone."""
        return snapshot.line if snapshot.text == text else resume_line(snapshot.text, text, snapshot.line)

    def of(self, line: int, text: str) -> Snapshot:
        """The newest snapshot of the command at `line` of a text. UsageError when none was kept."""
        lines = [self.line_now(snapshot, text) for snapshot in self._kept]
        found = next((s for s, at in zip(reversed(self._kept), reversed(lines), strict=True) if at == line), None)
        if found is None:
            known = ", ".join(str(at) for at in dict.fromkeys(lines) if at is not None)
            raise UsageError(
                f"no snapshot was kept of line {line}",
                kind="no-snapshot",
                why=f"There are some of the lines {known}." if known else "None were kept.",
                hint="`snapshots commands`, before the build runs, keeps one of each top-level command.",
            )
        return found

    def restore(self, snapshot: Snapshot, ask: Ask, *, pid: int, text: str) -> Restored:
        """Work folder and prefix as they were; the shell is put back by the code in the answer. Raises OSError."""
        said = [f"{name} is readonly since then, and stays" for name in sorted(_readonly(ask) - snapshot.readonly)]
        jobs = _jobs(ask)
        said += [f"the background job {jobs[pid]} goes on" for pid in jobs if pid not in snapshot.jobs]
        said += [
            f"the background job {snapshot.jobs[pid]} has ended since, and is not started again"
            for pid in snapshot.jobs
            if pid not in jobs
        ]
        if _REDIRECTS.search("\n".join(text.split("\n")[snapshot.line - 1 :])):
            said.append("what `exec` made of the script's input and output stays")
        with self._working:
            self._work.restore(snapshot.work)
            self._prefix.restore(snapshot.prefix)
        gone = sorted(_functions(ask) - snapshot.functions)
        files, more = put_back(snapshot.descriptors, opened(pid), self._trees)
        lines = ["builtin unset -f " + " ".join(gone) if gone else ""]
        lines.append((snapshot.folder / "state.sh").read_text("utf-8", "surrogateescape"))
        lines += files
        index = self._kept.index(snapshot) + 1
        for other in self._kept[index:]:
            shutil.rmtree(other.folder, ignore_errors=True)
        self._kept = self._kept[:index]
        return Restored("\n".join(lines), (*said, *more))

    def drop(self) -> None:
        """The run is over; one that is being taken is given up."""
        self._over.set()
        with self._working:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._kept.clear()


def snapshots_of(target: Target, folder: Path, when: When) -> Snapshots | None:
    """Those of a new run; what a run before left, which was killed, goes in any case."""
    shutil.rmtree(folder, ignore_errors=True)
    return None if when == "off" else Snapshots(target, folder, when)


def _functions(ask: Ask) -> frozenset[str]:
    names = {row.split()[-1] for row in ask("builtin declare -F").output.splitlines()}
    return frozenset(name for name in names if name != "trap" and not name.startswith("__cbw_"))


def _readonly(ask: Ask) -> frozenset[str]:
    found = variables(ask("builtin declare -pr").output)
    return frozenset(v.name for v in found if v.name not in OF_BASH and not v.name.startswith("__cbw_"))


def _jobs(ask: Ask) -> dict[str, str]:
    """Running background jobs: process id -> the command."""
    rows = (row.split(None, 3) for row in ask("builtin jobs -lr").output.splitlines())
    return {row[1]: f"{row[1]} ({row[3]})" for row in rows if len(row) == 4 and row[1].isdigit()}
