"""The part of `index` that runs in the worker: py-rattler's indexer, and run_exports.json which it does not write."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.channel.packages import parse_run_exports, read_index_json, unreadable
from cbw_core.channel.worker_main import Emit, State
from cbw_core.errors import EnvironmentFailure, Place
from cbw_core.platforms import KNOWN_SUBDIRS

if TYPE_CHECKING:
    from rattler.package_streaming import PackageArchive

_AT_ONCE = 16


async def run(state: State, payload: dict[str, Any], emit: Emit) -> None:
    from rattler.index import index_fs
    from zstandard import ZstdCompressor

    folder = Path(payload["folder"])
    subdirs = [folder / name for name in KNOWN_SUBDIRS if (folder / name).is_dir()]
    try:
        # Its own repodata.json.zst is packed at a level that costs 50 ms a subdir: ours is made below.
        await index_fs(folder, write_zst=False, write_shards=False, force=payload["force"])
    except Exception as error:  # whatever it raises, it never names the file (a panic of a task): look for it
        for package in (package for subdir in subdirs for package in _packages(subdir)):
            await _check(package)
        raise EnvironmentFailure(
            f"{folder} could not be indexed",
            kind="disk",
            place=Place(str(folder)),
            why=str(error),
            hint="Check that the folder can be written to and is not full.",
        ) from None
    for subdir in subdirs:
        packed = ZstdCompressor(level=6).compress((subdir / "repodata.json").read_bytes())
        _write(subdir / "repodata.json.zst", packed)
        await _write_run_exports(subdir)


def _packages(subdir: Path) -> Iterator[Path]:
    return (file for file in sorted(subdir.iterdir()) if file.name.endswith((".conda", ".tar.bz2")) and file.is_file())


async def _check(package: Path) -> None:
    """Raise for a package that the indexer could not read, for one of the reasons it has."""
    read_index_json(package)
    archive = await _archive(package)
    for part in (archive.index_json, archive.run_exports_json):
        try:
            await part()
        except Exception as error:  # rattler has a type for each way a file can be wrong
            raise unreadable(package, str(error)) from None


async def _archive(package: Path) -> PackageArchive:
    from rattler.package_streaming import PackageArchive

    try:
        return await PackageArchive.from_path(package)
    except OSError as error:
        raise unreadable(package, str(error)) from None


async def _write_run_exports(subdir: Path) -> None:
    """subdir/run_exports.json (CEP 12): file name -> {"run_exports": kind -> specs}."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(package: Path) -> tuple[str, dict[str, tuple[str, ...]]]:
        async with gate:
            archive = await _archive(package)
            files = await archive.read_files(["info/run_exports.json", "info/run_exports.yaml"])
        return package.name, parse_run_exports(package, {k: v for k, v in files.items() if v is not None})

    read_all = await asyncio.gather(*(read(package) for package in _packages(subdir)))
    data: dict[str, Any] = {"info": {"subdir": subdir.name, "version": 1}, "packages": {}, "packages.conda": {}}
    for name, exports in read_all:
        section = "packages.conda" if name.endswith(".conda") else "packages"
        data[section][name] = {"run_exports": exports}
    _write(subdir / "run_exports.json", json.dumps(data, sort_keys=True).encode())


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(target)
