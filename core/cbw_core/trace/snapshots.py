"""What a script had done when a top-level command of it began: shell, work folder and prefix, to go back to."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cbw_core.errors import EnvironmentFailure, UsageError
from cbw_core.trace.declared import variables
from cbw_core.trace.model import Evaluated, Target
from cbw_core.trace.shellstate import OF_BASH, shell_state, write_private


@dataclass(frozen=True)
class Snapshot:
    """line: of the text, where the command begins that was about to run. seconds: what taking it cost."""

    line: int
    text: str
    folder: Path
    names: frozenset[str]
    functions: frozenset[str]
    seconds: float


class Snapshots:
    """The snapshots of one run, newest last. Copies share their blocks where the file system can (reflinks)."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        self._kept: list[Snapshot] = []
        shutil.rmtree(folder, ignore_errors=True)

    @property
    def kept(self) -> tuple[Snapshot, ...]:
        return tuple(self._kept)

    @property
    def seconds(self) -> float:
        """What all of them cost."""
        return sum(snapshot.seconds for snapshot in self._kept)

    def take(self, line: int, text: str, ask: Callable[[str], Evaluated], first: str = "") -> None:
        """Keep how things are before the command at `line`. ask: evaluates in the shell that stands; first: what its
        answers do not tell (bash code). A line that was kept last is not kept again: a loop comes by it each turn."""
        if self._kept and self._kept[-1].line == line:
            return
        begun = time.monotonic()
        place = self._folder / str(len(self._kept))
        shutil.rmtree(place, ignore_errors=True)  # one that was begun and failed
        place.mkdir(parents=True)
        state = shell_state(ask, interactive=False)
        write_private(place / "state.sh", state + first)
        _copy(self._target.work, place / "work")
        _copy(self._target.prefix, place / "prefix")
        names = frozenset(v.name for v in variables(ask("builtin declare -p").output))
        functions = _functions(ask)
        self._kept.append(Snapshot(line, text, place, names, functions, time.monotonic() - begun))

    def of(self, line: int) -> Snapshot:
        """The newest snapshot of the command at `line`. UsageError when none was kept."""
        found = next((s for s in reversed(self._kept) if s.line == line), None)
        if found is None:
            known = ", ".join(str(line) for line in dict.fromkeys(s.line for s in self._kept))
            raise UsageError(
                f"no snapshot was kept of line {line}",
                kind="no-snapshot",
                why=f"There are some of the lines {known}." if known else "None were kept.",
                hint="`snapshots commands`, before the build runs, keeps one of each top-level command.",
            )
        return found

    def restore(self, snapshot: Snapshot, ask: Callable[[str], Evaluated]) -> str:
        """Work folder and prefix as they were. The bash code that puts the shell back."""
        _fill(self._target.work, snapshot.folder / "work")
        _fill(self._target.prefix, snapshot.folder / "prefix")
        later = [
            v.name
            for v in variables(ask("builtin declare -p").output)
            if v.name not in snapshot.names | OF_BASH and not v.name.startswith("__cbw_") and not v.readonly
        ]
        gone = sorted(_functions(ask) - snapshot.functions)
        lines = ["builtin unset -v " + " ".join(later) if later else ""]
        lines += ["builtin unset -f " + " ".join(gone) if gone else ""]
        lines.append((snapshot.folder / "state.sh").read_text("utf-8", "surrogateescape"))
        index = self._kept.index(snapshot) + 1
        for other in self._kept[index:]:
            shutil.rmtree(other.folder, ignore_errors=True)
        self._kept = self._kept[:index]
        return "\n".join(lines)

    def drop(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._kept.clear()


def _functions(ask: Callable[[str], Evaluated]) -> frozenset[str]:
    names = {row.split()[-1] for row in ask("builtin declare -F").output.splitlines()}
    return frozenset(name for name in names if name != "trap" and not name.startswith("__cbw_"))


def _copy(source: Path, target: Path) -> None:
    """A copy with all times and rights. cp shares blocks where it can, and copies where it cannot."""
    argv = ["cp", "-a", "--reflink=auto", str(source), str(target)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFailure(f"copying {source} failed", kind="disk", why=done.stderr.strip()[-500:] or None)


def _fill(folder: Path, source: Path) -> None:
    """The folder's content replaced; the folder itself stays, since processes stand in it."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    for entry in source.iterdir():
        _copy(entry, folder / entry.name)
