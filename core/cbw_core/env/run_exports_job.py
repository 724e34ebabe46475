"""The part of run_exports that runs in the worker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from cbw_core.channel.packages import parse_run_exports
from cbw_core.channel.worker_main import Emit, State
from cbw_core.env.channels import redact
from cbw_core.env.rattler_client import client
from cbw_core.errors import EnvironmentFailure

if TYPE_CHECKING:
    from rattler.networking import Client

_AT_ONCE = 16
_FILES = ("info/run_exports.json", "info/run_exports.yaml")


async def read(state: State, payload: dict[str, Any], emit: Emit) -> list[Any]:
    """For each of payload["packages"] ({"url", "file"}) its run_exports as written, {} for none."""
    link = client(state, payload["access"])
    gate = asyncio.Semaphore(_AT_ONCE)
    subdirs = {package["url"].rpartition("/")[0] for package in payload["packages"]}
    tables = dict(
        zip(subdirs, await asyncio.gather(*(_table(state, link, s, payload["offline"]) for s in subdirs)), strict=True)
    )

    async def one(package: dict[str, str], extracted: str) -> Any:
        entry = tables[package["url"].rpartition("/")[0]].get(package["file"])
        if entry is not None:
            return entry
        async with gate:
            return await _from_package(link, package, Path(extracted), payload["offline"])

    pairs = zip(payload["packages"], payload["extracted"], strict=True)
    return list(await asyncio.gather(*(one(package, extracted) for package, extracted in pairs)))


async def _table(state: State, link: Client, subdir: str, offline: bool) -> dict[str, Any]:
    """run_exports.json of a channel's subdir (CEP 12), file name -> run_exports; empty where there is none."""
    from rattler.package_streaming import download_bytes

    local = _path(subdir)
    if local is None and ("table", subdir) in state:
        kept: dict[str, Any] = state[("table", subdir)]
        return kept
    data: Any = {}
    try:
        if local is not None:
            data = json.loads((local / "run_exports.json").read_bytes())
        elif not offline:
            data = json.loads(await download_bytes(link, f"{subdir}/run_exports.json"))
    except Exception:  # most channels have none; whatever is wrong with it, the packages themselves tell
        data = {}
    table = {}
    for section in ("packages", "packages.conda"):
        for name, entry in (data.get(section) or {}).items():
            table[name] = entry.get("run_exports") or {}
    if local is None:
        state[("table", subdir)] = table
    return table


async def _from_package(link: Client, package: dict[str, str], extracted: Path, offline: bool) -> Any:
    from rattler.package_streaming import PackageArchive

    local = _path(package["url"])
    where = local or Path(package["file"])
    if local is None and offline:
        if not (extracted / "info" / "index.json").is_file():
            raise EnvironmentFailure(
                f"the run_exports of {package['file']} are not in the cache, and cbw is offline",
                kind="network",
                hint="Run once with the network.",
            )
        present = [name for name in _FILES if (extracted / name).is_file()]
        return parse_run_exports(where, {name: (extracted / name).read_bytes() for name in present})
    try:
        if local is not None:
            archive = await PackageArchive.from_path(local)
        else:
            archive = await PackageArchive.from_url(link, package["url"])
        files = await archive.read_files(_FILES)
    except Exception as error:  # rattler raises many types for a file or a server that does not give it
        raise EnvironmentFailure(
            f"{package['file']} cannot be read from its channel",
            kind="package" if local is not None else "network",
            why=redact(str(error)).splitlines()[-1] if str(error) else None,
            hint="Index the channel again." if local is not None else "Check the network and run it again.",
        ) from None
    return parse_run_exports(where, {name: data for name, data in files.items() if data is not None})


def _path(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
