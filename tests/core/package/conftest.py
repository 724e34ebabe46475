"""A build that has just ended, packaged, looked into, installed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cbw_core.package import create
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from support.built import Built, new_build

# rattler may crash when its process ends: it gets one of its own
_INSTALL = """
import asyncio, json, os, sys
from pathlib import Path
from rattler import PackageRecord, RepoDataRecord, install
async def main(package, folder, prefix):
    record = PackageRecord.from_index_json(Path(folder, "info/index.json"))
    record = RepoDataRecord(record, Path(package).name, Path(package).as_uri(), Path(package).parents[1].as_uri())
    await install([record], target_prefix=prefix, cache_dir=prefix + ".cache", execute_link_scripts=True)
asyncio.run(main(*sys.argv[1:]))
os._exit(0)
"""


@dataclass
class Package:
    """A package file and what it holds, unpacked into `folder`."""

    file: Path
    folder: Path

    def json(self, name: str) -> Any:
        return json.loads((self.folder / "info" / name).read_text())

    def text(self, name: str) -> str:
        return (self.folder / "info" / name).read_text()

    @property
    def info(self) -> list[str]:
        info = self.folder / "info"
        return sorted(str(path.relative_to(info)) for path in info.rglob("*") if path.is_file())

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["_path"]: row for row in self.json("paths.json")["paths"]}

    def install(self, prefix: Path) -> None:
        argv = [sys.executable, "-c", _INSTALL, str(self.file), str(self.folder), str(prefix)]
        subprocess.run(argv, check=True)


Pack = Callable[..., Package]


@pytest.fixture
def built(tmp_path: Path) -> Built:
    return new_build(tmp_path)


@pytest.fixture
def pack() -> Pack:
    """pack(built, output=None, suffix=".conda", environ={}, **changes of the output): post-process, package, unpack.

    The recipe is left out of the package unless build/include_recipe is given: it is another room's to write.
    """

    def run(
        built: Built, output: Output | None = None, suffix: str = ".conda", environ: Any = None, **changes: Any
    ) -> Package:
        from rattler.package_streaming import extract

        build = {"include_recipe": False, **changes.pop("build", {})}
        output = output or built.output(build=build, **changes)
        post = built.process(output)
        config = replace(built.config, package_format=suffix, compression_level=1, channels=("https://u:p@host/t/x/c",))
        folder = built.layout.root.parent
        file = create(
            output,
            built.layout,
            config,
            post,
            folder=folder,
            sink=built.recorder,
            cancel=Cancel(),
            environ=environ or {},
        )
        into = built.layout.root.parent / f"unpacked-{len(list(folder.iterdir()))}"
        extract(str(file), str(into))
        return Package(file, into)

    return run
