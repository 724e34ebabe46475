"""The part of reading an explicit file that runs in the worker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from cbw_core.channel.worker_main import Emit, State
from cbw_core.env.channels import redact
from cbw_core.env.rattler_client import client
from cbw_core.errors import EnvironmentFailure

if TYPE_CHECKING:
    from rattler.networking import Client

_AT_ONCE = 16
_FILE = "info/index.json"


async def read(state: State, payload: dict[str, Any], emit: Emit) -> list[Any]:
    """For each of payload["packages"] ({"url", "file"}) its info/index.json."""
    link = client(state, payload["access"])
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(package: dict[str, str], extracted: str) -> Any:
        async with gate:
            return json.loads(await _index(link, package, Path(extracted), payload["offline"]))

    pairs = zip(payload["packages"], payload["extracted"], strict=True)
    return list(await asyncio.gather(*(one(package, extracted) for package, extracted in pairs)))


async def _index(link: Client, package: dict[str, str], extracted: Path, offline: bool) -> bytes:
    from rattler.package_streaming import PackageArchive

    parts = urlsplit(package["url"])
    local = Path(unquote(parts.path)) if parts.scheme == "file" else None
    if local is None and offline:
        try:
            return (extracted / _FILE).read_bytes()
        except OSError:
            raise EnvironmentFailure(
                f"{package['file']} is not in the package cache, and cbw is offline",
                kind="network",
                hint="Run once with the network.",
            ) from None
    try:
        archive = (
            await PackageArchive.from_path(local)
            if local is not None
            else await PackageArchive.from_url(link, package["url"])
        )
        data = (await archive.read_files((_FILE,)))[_FILE]
    except Exception as error:  # rattler raises many types for a file or a server that does not give it
        raise EnvironmentFailure(
            f"{package['file']} cannot be read from its channel",
            kind="package" if local is not None else "network",
            why=redact(str(error)).splitlines()[-1] if str(error) else None,
            hint="Check that the channel still has it."
            if local is not None
            else "Check the network, and run it again.",
        ) from None
    if data is None:
        raise EnvironmentFailure(f"{package['file']} is not a conda package: it has no {_FILE}", kind="package")
    return bytes(data)
