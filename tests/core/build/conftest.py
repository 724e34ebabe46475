from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbw_core.config import Config
from cbw_core.layout import Layout
from cbw_core.render.output import Output, Requirements
from support.outputs import output_of

MakeOutput = Callable[..., Output]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A session's folder with prefixes and a work folder, all empty."""
    layout = Layout(tmp_path / "session with space" / "debug_1")
    for folder in (layout.work, layout.host_prefix / "bin", layout.build_prefix / "bin"):
        folder.mkdir(parents=True)
    return layout


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(croot=tmp_path / "croot", cache=tmp_path / "cache", state=tmp_path / "state")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The caller's environment."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "SECRET_TOKEN": "hush"}


@pytest.fixture
def make(tmp_path: Path) -> MakeOutput:
    """An Output of a recipe folder with the given files; keywords are fields of Output."""

    def make(files: dict[str, str] | None = None, **fields: Any) -> Output:
        needs = Requirements(build=("make",), host=("python 3.11.*", "zlib"))
        return output_of(tmp_path / "recipe", files, **{"requirements": needs, **fields})

    return make
