from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbw_core.config import Config
from cbw_core.layout import Layout
from cbw_core.render.output import Output, Requirements
from support.outputs import output_of


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "debug_1")
    layout.work.mkdir(parents=True)
    return layout


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(croot=tmp_path / "croot", cache=tmp_path / "cache", state=tmp_path / "state")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SECRET_TOKEN": "hush"}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Output]:
    """An Output of a recipe folder with the given files; `test` is its test section, other keywords its fields."""

    def make(files: dict[str, str] | None = None, test: dict[str, Any] | None = None, **fields: Any) -> Output:
        known = {"requirements": Requirements(host=("python",)), "meta": {"test": test or {}}}
        return output_of(tmp_path / "recipe", files, **{**known, **fields})

    return make


@pytest.fixture
def prefix(layout: Layout) -> Path:
    """A test prefix that has this machine's python and perl."""
    programs = layout.test_prefix / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    perl = shutil.which("perl")
    if perl:
        (programs / "perl").symlink_to(perl)
    return layout.test_prefix
