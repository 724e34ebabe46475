"""Packages of this machine, and a way to install them: no network, and no other room's install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.env.host.compilers import Toolchain, compiler_packages, find_programs
from cbw_core.env.host.interpreter import Interpreter, base_executable, describe
from cbw_core.env.host.python import python_packages
from cbw_core.env.host.stage import write
from cbw_core.env.host.tools import find_tools, tool_packages
from cbw_core.platforms import native_subdir
from support.host_parts import GLIBC, Installer

_INSTALL = """
import asyncio, json, os, sys
from pathlib import Path
import rattler
async def main(channel, prefix, cache, specs):
    gateway = rattler.Gateway(cache_dir=cache + "/repodata")
    records = await rattler.solve(
        sources=[rattler.Channel(Path(channel).as_uri())], specs=specs, gateway=gateway,
        platforms=[sys.argv[4], "noarch"], virtual_packages=rattler.VirtualPackage.detect())
    await rattler.install(records, target_prefix=prefix, cache_dir=cache + "/pkgs", show_progress=False)
    print(json.dumps(sorted(r.file_name for r in records)))
asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[5:]))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    return describe(base_executable())


@pytest.fixture(scope="session")
def machine_channel(tmp_path_factory: pytest.TempPathFactory, interpreter: Interpreter) -> Path:
    """A channel of this machine's Python, compilers and tools."""
    base = tmp_path_factory.mktemp("machine")
    channel, subdir = base / "channel", native_subdir()
    for package in python_packages(interpreter, base / "python", glibc=GLIBC, subdir=subdir):
        write(package, channel)
    for package in compiler_packages(Toolchain(subdir, GLIBC, find_programs())):
        write(package, channel)
    for package in tool_packages(find_tools(), subdir):
        write(package, channel)
    index(channel)
    return channel


@pytest.fixture(scope="session")
def installer(tmp_path_factory: pytest.TempPathFactory) -> Installer:
    """install(channel, prefix, *specs): the file names installed. Runs in a child: rattler and pytest stay apart."""
    cache = tmp_path_factory.mktemp("rattler")

    def install(channel: Path, prefix: Path, *specs: str) -> list[str]:
        argv = [sys.executable, "-c", _INSTALL, str(channel), str(prefix), str(cache), native_subdir(), *specs]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        names: list[str] = json.loads(done.stdout.splitlines()[-1])
        return names

    return install
