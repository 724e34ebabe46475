from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import ChannelResolver, install
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Resolved
from support.packages import PLACEHOLDER, make_package


def fill(channel: Path) -> Path:
    """A small channel: two libs, a python of three versions with things that need it, scripts and odd files."""
    for version in ("1.2.11", "1.2.13"):
        exports = {"weak": [f"zlib >={version},<1.3.0a0"]}
        make_package(channel, "zlib", version, "h1_0", files={"include/zlib.h": "int z;\n"}, run_exports=exports)
    make_package(channel, "libpng", "1.6.39", "h1_0", depends=["zlib >=1.2.11,<1.3.0a0"])
    for version in ("3.9.20", "3.10.15", "3.11.10"):
        minor = version.rpartition(".")[0]
        text = f"#!{PLACEHOLDER}/bin/sh\necho {version}\n"
        files = {f"bin/python{minor}": text, "bin/python": text, f"lib/python{minor}/os.py": "import sys\n"}
        make_package(channel, "python", version, "h1_0_cpython", files=files, run_exports={"noarch": ["python"]})
    for numpy, minor in (("1.16.6", 9), ("1.26.4", 10), ("1.26.4", 11)):
        depends = [f"python >=3.{minor},<3.{minor + 1}.0a0"]
        make_package(channel, "numpy", numpy, f"py3{minor}h1_0", depends=depends)
    make_package(
        channel, "six", "1.16.0", "pyh1_0", noarch="python", depends=["python"], files={"site-packages/six.py": ""}
    )
    make_package(channel, "needs-glibc", depends=["__glibc >=99"])
    make_package(channel, "broken-chain", depends=["nowhere >=3"])
    make_package(channel, "tool", subdir="osx-64")
    index(channel)
    return channel


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("channel"))


@pytest.fixture
def cfg(tmp_path: Path, channel: Path) -> Callable[..., Config]:
    """A config of its own, on the channel unless others are named."""

    def make(*channels: str, **changes: Any) -> Config:
        env = {"HOME": str(tmp_path / "home")}
        named = channels or (str(channel),)
        return Config.load(env, channels=named, **({"override_channels": True} | changes))

    return make


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}


@pytest.fixture
def solve(cfg: Callable[..., Config], environ: dict[str, str]) -> Callable[..., tuple[Resolved, ...]]:
    """solve("spec", ...) against the channel, or `channels`."""

    def run(*specs: str, channels: tuple[str, ...] = (), siblings: Any = (), **changes: Any) -> tuple[Resolved, ...]:
        platform = changes.pop("platform", native_subdir())
        overrides = changes.pop("environ", {})
        resolver = ChannelResolver(cfg(*channels, **changes), environ=environ | overrides)
        try:
            return resolver.solve(specs, platform, env="host", siblings=siblings)
        finally:
            resolver.close()

    return run


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.fixture
def put(
    tmp_path: Path, own: Path, cfg: Callable[..., Config], solve: Callable[..., tuple[Resolved, ...]]
) -> Callable[..., Path]:
    """put("spec", ...): solve against `own`, indexed anew, and install into one prefix."""

    def run(*specs: str, prefix: Path | None = None, **options: object) -> Path:
        index(own)
        prefix = prefix or tmp_path / "prefix"
        install(solve(*specs, channels=(str(own),)), prefix, config=cfg(str(own)), **options)  # type: ignore[arg-type]
        return prefix

    return run
