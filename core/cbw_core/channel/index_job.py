"""The part of `index` that runs in the worker: py-rattler's indexer, and run_exports.json which it does not write."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cbw_core.channel.packages import parse_run_exports, read_index_json
from cbw_core.channel.worker_main import Emit, State
from cbw_core.errors import EnvironmentFailure, Place
from cbw_core.platforms import KNOWN_SUBDIRS

_AT_ONCE = 16


async def run(state: State, payload: dict[str, Any], emit: Emit) -> None:
    from rattler.index import index_fs

    folder = Path(payload["folder"])
    subdirs = [folder / name for name in KNOWN_SUBDIRS if (folder / name).is_dir()]
    try:
        await index_fs(folder, write_zst=True, write_shards=False, force=payload["force"])
    except Exception as error:  # whatever it raises, it never names the file (a panic of a task): look for it
        for subdir in subdirs:
            for package in _packages(subdir):
                read_index_json(package)
        raise EnvironmentFailure(
            f"{folder} could not be indexed",
            kind="disk",
            place=Place(str(folder)),
            why=str(error),
            hint="Check that the folder can be written to and is not full.",
        ) from None
    for subdir in subdirs:
        await _write_run_exports(subdir)


def _packages(subdir: Path) -> Iterator[Path]:
    return (file for file in sorted(subdir.iterdir()) if file.name.endswith((".conda", ".tar.bz2")) and file.is_file())


async def _write_run_exports(subdir: Path) -> None:
    """subdir/run_exports.json (CEP 12): file name -> {"run_exports": kind -> specs}."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(package: Path) -> tuple[str, dict[str, tuple[str, ...]]]:
        from rattler.package_streaming import PackageArchive

        async with gate:
            try:
                archive = await PackageArchive.from_path(package)
                files = await archive.read_files(["info/run_exports.json", "info/run_exports.yaml"])
            except OSError as error:
                raise EnvironmentFailure(
                    f"{package.name} is not a readable package",
                    kind="package",
                    place=Place(str(package)),
                    why=str(error),
                    hint="Remove the file, or build or download it again.",
                ) from None
        return package.name, parse_run_exports(package, {k: v for k, v in files.items() if v is not None})

    read_all = await asyncio.gather(*(read(package) for package in _packages(subdir)))
    data: dict[str, Any] = {"info": {"subdir": subdir.name, "version": 1}, "packages": {}, "packages.conda": {}}
    for name, exports in read_all:
        section = "packages.conda" if name.endswith(".conda") else "packages"
        data[section][name] = {"run_exports": exports}
    target = subdir / "run_exports.json"
    temporary = subdir / f".run_exports.json.{os.getpid()}"
    temporary.write_text(json.dumps(data, sort_keys=True))
    temporary.replace(target)
