"""The part of `index` that runs in the worker: py-rattler's indexer, and the files it does not write."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.channel.derived import Details, channeldata, current
from cbw_core.channel.packages import (
    parse_object,
    parse_run_exports,
    read_index_json,
    source_of_recipe,
    unreadable,
)
from cbw_core.channel.worker_main import Emit, State
from cbw_core.errors import EnvironmentFailure, Place
from cbw_core.platforms import KNOWN_SUBDIRS

if TYPE_CHECKING:
    from rattler.package_streaming import PackageArchive

_AT_ONCE = 16
_READ = (
    "info/run_exports.json",
    "info/run_exports.yaml",
    "info/about.json",
    "info/paths.json",
    "info/recipe/meta.yaml",
)


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
    found: list[Details] = []
    for subdir in subdirs:
        text = (subdir / "repodata.json").read_bytes()
        _write(subdir / "repodata.json.zst", ZstdCompressor(level=6).compress(text))
        repodata = json.loads(text)
        _write_json(subdir / "current_repodata.json", current(repodata))
        details = await _details(subdir, {**repodata.get("packages", {}), **repodata.get("packages.conda", {})})
        _write_run_exports(subdir, details)
        found += details.values()
    _write_json(folder / "channeldata.json", channeldata(found, [subdir.name for subdir in subdirs]))


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


async def _details(subdir: Path, records: Mapping[str, Any]) -> dict[str, Details]:
    """What the packages of a subdir say of themselves, by file name."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(package: Path) -> tuple[str, Details]:
        async with gate:
            archive = await _archive(package)
            texts = {k: v for k, v in (await archive.read_files(list(_READ))).items() if v is not None}
        return package.name, Details(
            subdir.name,
            records[package.name],
            parse_run_exports(package, texts),
            parse_object(package, "info/about.json", texts),
            source_of_recipe(texts.get("info/recipe/meta.yaml", b"")),
            parse_object(package, "info/paths.json", texts).get("paths") or (),
        )

    there = [package for package in _packages(subdir) if package.name in records]
    return dict(await asyncio.gather(*(read(package) for package in there)))


def _write_run_exports(subdir: Path, packages: Mapping[str, Details]) -> None:
    """subdir/run_exports.json (CEP 12): file name -> {"run_exports": kind -> specs}."""
    data: dict[str, Any] = {"info": {"subdir": subdir.name, "version": 1}, "packages": {}, "packages.conda": {}}
    for name, package in packages.items():
        section = "packages.conda" if name.endswith(".conda") else "packages"
        data[section][name] = {"run_exports": package.run_exports}
    _write_json(subdir / "run_exports.json", data)


def _write_json(target: Path, data: Any) -> None:
    _write(target, json.dumps(data, sort_keys=True).encode())


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(target)
