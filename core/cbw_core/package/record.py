"""What installers of Python packages wrote about the build's own folders, made the same for every build.

pip's direct_url.json names the work folder, and its RECORD has hashes of scripts and libraries as they were with the
session's prefix in them: both would make every session's package another one.
"""

from __future__ import annotations

import base64
import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from cbw_core.layout import Layout
from cbw_core.render.output import Output

# where conda's compilers say sources were (-fdebug-prefix-map)
SOURCES = "/usr/local/src/conda"


def is_record(path: str) -> bool:
    """Whether a path is the list of files that pip leaves beside a Python package."""
    return path.endswith(".dist-info/RECORD")


def neutral(
    path: str, source: Path, output: Output, layout: Layout, packed: Mapping[str, tuple[str, int]]
) -> str | None:
    """The text a direct_url.json or RECORD is to have in the package; None for all other files and where it stays.

    path: in the prefix; source: where its text is; packed: path in the prefix -> (sha256 as hex, bytes) of the files as
    they are packed, which for scripts, libraries and the like is not as pip saw them.
    """
    if path.endswith(".dist-info/direct_url.json"):
        return _without_work(source, output, layout)
    return _renewed(source, path, packed) if is_record(path) else None


def _without_work(source: Path, output: Output, layout: Layout) -> str | None:
    text = _read(source)
    new = text
    for work in (str(layout.work), quote(str(layout.work)), os.path.realpath(layout.work)):
        new = new.replace(work, f"{SOURCES}/{output.name}-{output.version}")
    return None if new == text else new


def _renewed(source: Path, path: str, packed: Mapping[str, tuple[str, int]]) -> str | None:
    site = os.path.dirname(os.path.dirname(path))  # noqa: PTH120
    text = _read(source)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    hits = 0
    for row in rows:
        known = packed.get(os.path.normpath(os.path.join(site, row[0]))) if len(row) == 3 else None  # noqa: PTH118
        if (
            known is None or not row[1].startswith("sha256=") or row[0].endswith("/INSTALLER")
        ):  # conda-build leaves that
            continue
        digest = base64.urlsafe_b64encode(bytes.fromhex(known[0])).rstrip(b"=").decode()
        if row[1:] != [f"sha256={digest}", str(known[1])]:
            row[1:] = [f"sha256={digest}", str(known[1])]
            hits += 1
    if not hits:
        return None
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    return stream.getvalue()


def _read(file: Path) -> str:
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return stream.read()
