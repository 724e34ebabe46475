"""Packages installed without cbw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def install(package: Path, prefix: Path, channels: list[str]) -> None:
    """Install a package with py-rattler alone, in a process of its own (nothing of cbw's)."""
    name, version, build = package.name.removesuffix(".conda").rsplit("-", 2)
    code = f"""
import asyncio, os, rattler
async def main():
    records = await rattler.solve([rattler.Channel(c) for c in {channels!r}],
                                  [rattler.MatchSpec("{name}=={version}={build}", strict=False)],
                                  platforms=["linux-64", "noarch"], virtual_packages=rattler.VirtualPackage.detect())
    await rattler.install(records, target_prefix={str(prefix)!r}, show_progress=False)
asyncio.run(main())
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def host_channel_of(cache: Path) -> str:
    (repodata,) = cache.glob("host-channel/*/linux-64/repodata.json")
    return repodata.parent.parent.as_uri()
