"""Which sessions there are: one file each in the state folder, and every folder with a ledger under the croot."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.session.disk import jsonfile


def remember(config: Config, root: Path, recipe: Path) -> None:
    """Note that a session was used now. One file a session, so that parallel ones do not meet."""
    data = {"root": str(root), "recipe": str(recipe), "used": time.time_ns()}
    jsonfile.write(_file(config, root), data)


def forget(config: Config, root: Path) -> None:
    """Take a session from the list."""
    _file(config, root).unlink(missing_ok=True)


def _file(config: Config, root: Path) -> Path:
    return config.state / "sessions" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:20]}.json"


def known_roots(config: Config) -> list[Path]:
    """The folders of all sessions, the one used last first."""
    used: dict[Path, int] = {}
    for file in (config.state / "sessions").glob("*.json"):
        try:
            row: dict[str, Any] = json.loads(file.read_text())
            used[Path(row["root"])] = int(row["used"])
        except (OSError, ValueError, KeyError):
            continue
    for ledger in config.croot.glob("*/ledger.json"):
        with suppress(OSError):  # purged this moment
            used.setdefault(ledger.parent, ledger.stat().st_mtime_ns)
    there = [root for root in used if (root / "ledger.json").exists()]
    return sorted(there, key=lambda root: used[root], reverse=True)
