"""What all tests share: a world of their own (no file of the user's is read or written) and recipes made in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.config import Config
from support.files import write_files


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all workers of this run share, so that the host channel is made once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "cbw-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def world(tmp_path: Path, shared_cache: Path) -> dict[str, str]:
    """The environment of a user who has nothing: own HOME, croot and state; only the cache is shared."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TERM", "PIP_INDEX_URL", "PIP_CONFIG_FILE")}
    pip = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "REQUESTS_", "HTTP", "http"))}
    return {
        **kept,
        **pip,
        "HOME": str(home),
        "CBW_CROOT": str(tmp_path / "croot"),
        "CBW_CACHE": str(shared_cache),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.fixture
def config(world: Mapping[str, str]) -> Config:
    return Config.load(world, override_channels=True)


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., Path]:
    """Write a recipe: recipe("name", meta_yaml, **{"build.sh": text, ...}) gives its folder."""

    def write(name: str, meta: str, **files: str) -> Path:
        return write_files(tmp_path / "recipes" / name, {"meta.yaml": meta, **files})

    return write
