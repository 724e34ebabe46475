"""The empty folder that a session begins with."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cbw_core.config import Config
from cbw_core.errors import UsageError, from_os_error
from cbw_core.session.disk import locks, trees

_OURS = (".cbw", "ledger.json")


def fresh(path: Path | None, config: Config, label: str) -> Path:
    """An empty folder for a session: `path`, or `<label>_<milliseconds>` under the croot. What a session left at `path`
    is removed; UsageError(kind="path") for a folder that holds anything else, "session-busy" for one at work."""
    try:
        str(path or config.croot).encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{str(path or config.croot)!r} cannot be the folder of a session: its name is not UTF-8",
            kind="path",
            why="packages, and the scripts made for the build, name it as text",
            hint="Choose another folder (--croot, or -p).",
        ) from None
    try:
        return _new_folder(config.croot, label) if path is None else _emptied(path)
    except OSError as error:
        raise from_os_error(error, f"making a session in {config.croot if path is None else path}") from error


def _new_folder(croot: Path, label: str) -> Path:
    while True:
        root = croot / f"{label}_{time.time_ns() // 1_000_000}"
        try:
            root.mkdir(parents=True)
            return root
        except FileExistsError:
            if not croot.is_dir():
                raise UsageError(f"{croot} is a file", kind="path", hint="Name a folder with --croot.") from None
            # else another session of this millisecond


def _emptied(path: Path) -> Path:
    """The folder, with nothing in it: what a session left there goes, the folder itself (or the link to it) stays."""
    root = Path(os.path.abspath(path))  # noqa: PTH100 (links stay)
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file", kind="path", hint="Name a folder with -p, or leave it out.")
    root.mkdir(parents=True, exist_ok=True)
    # what says that a session made the rest goes last: this may be killed on the way, as the making of a session may
    entries = sorted(root.iterdir(), key=lambda entry: (entry.name in _OURS, entry.name))
    if (root / "ledger.json").exists():
        locks.refuse_busy(root)
    elif entries and not (root / ".cbw").is_dir():
        raise UsageError(
            f"{root} holds files that no session of cbw made",
            kind="path",
            why=f"for example {entries[0].name}",
            hint="Name a new or empty folder with -p; a session's folder is emptied before it is used again.",
        )
    for entry in entries:
        trees.remove(entry)
    return root
