"""Files of installed packages that something changed in place: which, and whose they are."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cbw_core.env.prefix import changes
from cbw_core.env.records import reading, record_files

# Python renews bytecode as it likes; conda's own folder is no package's
_NOT_EDITS = (".pyc", ".pyo")


@dataclass(frozen=True)
class EditedFile:
    """path: relative to the prefix. package: dist of its owner."""

    path: str
    package: str
    what: Literal["changed", "removed"]


def edited_files(prefix: Path, touched: Iterable[str] | None = None) -> tuple[EditedFile, ...]:
    """The files of packages in `prefix` that are not what was installed, by path.

    touched: the paths to look at; without, all that have other times or sizes than when they were installed. A file
    counts when its content differs (a new time or mode alone is no edit), or when it is gone.
    Raises EnvironmentFailure(kind="prefix") for a record that cannot be read.
    """
    if touched is None:
        found = changes(prefix)
        touched = () if found is None else (*found.modified, *found.removed)
    wanted = {path for path in touched if not path.endswith(_NOT_EDITS) and not path.startswith("conda-meta/")}
    if not wanted:
        return ()
    rows = []
    for dist, row in _installed(prefix):
        path = row["_path"]
        if path in wanted and (what := _difference(prefix / path, row)):
            rows.append(EditedFile(path, dist, what))
    return tuple(sorted(rows, key=lambda row: row.path))


def _installed(prefix: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each file of each package with its row of the package's list of paths."""
    for record in record_files(prefix):
        with reading(record) as data:
            dist = f"{data['name']}-{data['version']}-{data['build']}"
            rows = (data.get("paths_data") or {}).get("paths") or [{"_path": name} for name in data.get("files") or ()]
        yield from ((dist, row) for row in rows)


def _difference(file: Path, row: dict[str, Any]) -> Literal["changed", "removed"] | None:
    try:
        mode = file.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "removed"
    if row.get("path_type") == "softlink":
        return None if stat.S_ISLNK(mode) else "changed"
    if not stat.S_ISREG(mode):
        return "changed"
    relocated = row.get("prefix_placeholder")
    expected = row.get("sha256_in_prefix") or (None if relocated else row.get("sha256"))
    if not expected:  # nothing to hold it against: its times have changed
        return "changed"
    with file.open("rb") as stream:
        return None if hashlib.file_digest(stream, "sha256").hexdigest() == expected else "changed"
