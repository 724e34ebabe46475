"""The part of an install that runs in the worker."""

from __future__ import annotations

import asyncio
import datetime
import os
import time
from pathlib import Path
from typing import Any

from rattler import Config, PackageCache, PackageRecord, RepoDataRecord, Subdir
from rattler import install as rattler_install
from rattler.exceptions import InstallerError, LinkError, TransactionError
from rattler.install import InstallerReporter

from cbw_core.channel.worker_main import Emit, State
from cbw_core.env.activate import activation
from cbw_core.env.rattler_client import client
from cbw_core.env.rattler_records import package_record

# A build script may edit files of the prefix: they must not be the cache's own. Reflinks stay on where there are any.
_LINKS = "allow-hard-links = false\n"
_TELL_EVERY = 0.05  # seconds


async def install(state: State, payload: dict[str, Any], emit: Emit) -> dict[str, Any] | None:
    """Link payload["packages"] into payload["prefix"], an empty environment.

    Gives None, or what failed: {"kind": "install", "offline" or "script", "text", ...}.
    """
    records = [_record(data) for data in payload["packages"]]
    cache = PackageCache(Path(payload["cache"]))
    if payload["offline"]:
        kept = await cache.index()
        for record in records:
            if not record.url.startswith("file:") and not kept.contains_record(record):
                return {"kind": "offline", "text": record.file_name}
    told = Teller(records, emit)  # type: ignore[abstract] # a protocol with defaults
    try:
        await rattler_install(
            records,
            target_prefix=payload["prefix"],
            package_cache=cache,
            platform=Subdir(payload["platform"]),
            execute_link_scripts=False,  # it says that one failed, and drops what the script said
            show_progress=False,
            client=client(state, payload["access"]),
            reporter=told,
            config=Config.from_toml(_LINKS),
        )
    except (InstallerError, LinkError, TransactionError, OSError) as error:
        return {"kind": "install", "text": str(error)}
    failed = await _run_link_scripts(records, Path(payload["prefix"]))
    told.end()
    return failed


async def _run_link_scripts(records: list[RepoDataRecord], prefix: Path) -> dict[str, Any] | None:
    """bin/.NAME-post-link.sh of each package after those it depends on, in the active environment
    (conda.core.link.run_script). Stops at the first that fails."""
    for record in PackageRecord.sort_topologically(list(records)):
        name = record.name.normalized
        script = prefix / "bin" / f".{name}-post-link.sh"
        if not script.is_file():
            continue
        env = {
            **os.environ,
            "PREFIX": str(prefix),
            "ROOT_PREFIX": str(prefix),
            "PKG_NAME": name,
            "PKG_VERSION": str(record.version),
            "PKG_BUILDNUM": str(record.build_number),
        }
        child = await asyncio.create_subprocess_exec(
            *("bash", "-c", activation([prefix]) + 'exec bash "$1"', "bash", str(script)),
            cwd=script.parent,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await child.communicate()
        if child.returncode:
            text = output.decode(errors="replace")
            return {"kind": "script", "name": name, "status": child.returncode, "text": text}
    return None


def _record(data: dict[str, Any]) -> RepoDataRecord:
    record = package_record(data)
    if data["timestamp"] is not None:
        record.timestamp = datetime.datetime.fromtimestamp(data["timestamp"] / 1000, datetime.UTC)
    return RepoDataRecord(record, data["file_name"], data["url"], data["channel"])


class Teller(InstallerReporter):
    """rattler's reporter: counts, and tells at most every 50 ms.

    Its methods are called from rattler's threads, which swallow what they raise.
    """

    def __init__(self, records: list[RepoDataRecord], emit: Emit) -> None:
        self._emit = emit
        self._total = len(records)
        self._linked = 0
        self._names: dict[int, str] = {}
        self._loaded: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._extracted: set[int] = set()
        self._told = {"download": 0.0, "extract": 0.0, "link": 0.0}

    def end(self) -> None:
        if self._loaded:
            done = sum(self._loaded.values())
            self._tell("download", done, done, "bytes", "", finished=True)
        if self._told["extract"]:
            self._tell("extract", self._total, self._total, "packages", "", finished=True)
        self._tell("link", self._total, self._total, "packages", "", finished=True)

    def on_download_start(self, cache_entry: int) -> int:
        token = len(self._loaded)
        self._loaded[token] = 0
        return token

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        self._loaded[download_idx] = progress
        if total is not None:
            self._sizes[download_idx] = total
        whole = sum(self._sizes.values()) if len(self._sizes) == len(self._loaded) else None
        self._tell("download", sum(self._loaded.values()), whole, "bytes", "")

    def on_download_completed(self, download_idx: int) -> None:
        done = sum(self._loaded.values())
        self._tell("download", done, sum(self._sizes.values()) or None, "bytes", "")

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        self._names.setdefault(operation, package_name)
        return operation

    def on_populate_cache_complete(self, cache_entry: int) -> None:
        self._extracted.add(cache_entry)
        self._tell("extract", len(self._extracted), self._total, "packages", self._names.get(cache_entry, ""))

    def on_link_start(self, operation: int, package_name: str) -> int:
        self._names[operation] = package_name
        return operation

    def on_link_complete(self, index: int) -> None:
        self._linked += 1
        self._tell("link", self._linked, self._total, "packages", self._names.get(index, ""))

    def _tell(self, task: str, done: int, total: int | None, unit: str, item: str, *, finished: bool = False) -> None:
        now = time.monotonic()
        if finished or now - self._told[task] >= _TELL_EVERY:
            self._told[task] = now
            event = {"task": task, "done": done, "total": total, "unit": unit, "item": item, "finished": finished}
            self._emit(event)
