"""Tiny conda packages, made in place."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conda_package_streaming.create import conda_builder

from cbw_core.platforms import native_subdir

PLACEHOLDER = "/opt/" + "placehold_" * 25
EPOCH = 1_700_000_000


def make_package(
    channel: Path,
    name: str,
    version: str = "1.0",
    build: str = "0",
    *,
    depends: Sequence[str] = (),
    files: Mapping[str, str | bytes] | None = None,
    subdir: str | None = None,
    noarch: str = "",
    run_exports: Any = None,
    index: Mapping[str, Any] | None = None,
    tar_bz2: bool = False,
) -> Path:
    """Write a package into `channel`/subdir and give its path. Text files that hold PLACEHOLDER are relocated; files in
    bin/ can be run."""
    folder = channel / ("noarch" if noarch else subdir or native_subdir())
    folder.mkdir(parents=True, exist_ok=True)
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in (files or {}).items()}
    paths = [_path(path, data) for path, data in sorted(contents.items())]
    record = {"name": name, "version": version, "build": build, "build_number": 0, "depends": list(depends)}
    record |= {"subdir": folder.name, "timestamp": EPOCH * 1000} | ({"noarch": noarch} if noarch else {})
    info: dict[str, Any] = {"index": record | dict(index or {}), "paths": {"paths": paths, "paths_version": 1}}
    if run_exports is not None:
        info["run_exports"] = run_exports
    if noarch == "python":
        info["link"] = {"noarch": {"type": "python", "entry_points": []}, "package_metadata_version": 1}
    members = {f"info/{key}.json": json.dumps(value).encode() for key, value in info.items()} | contents
    stem = f"{name}-{version}-{build}"
    target = folder / (stem + (".tar.bz2" if tar_bz2 else ".conda"))
    target.unlink(missing_ok=True)
    if tar_bz2:
        with tarfile.open(target, "w:bz2") as tar:
            _add(tar, members)
    else:
        with conda_builder(stem, folder) as tar:
            _add(tar, members)
    return target


def _path(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"_path": path, "path_type": "hardlink", "size_in_bytes": len(data)}
    entry["sha256"] = hashlib.sha256(data).hexdigest()
    if PLACEHOLDER.encode() in data:
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "binary" if b"\0" in data else "text"}
    return entry


def _add(tar: Any, members: Mapping[str, bytes]) -> None:
    for path, data in members.items():
        member = tarfile.TarInfo(path)
        member.size, member.mtime = len(data), EPOCH
        member.mode = 0o755 if path.startswith("bin/") else 0o644
        tar.addfile(member, io.BytesIO(data))
