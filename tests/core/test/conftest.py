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
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Output, Requirements


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
        recipe = tmp_path / "recipe"
        recipe.mkdir(exist_ok=True)
        for name, text in {"meta.yaml": "package:\n  name: pkg\n", **(files or {})}.items():
            (recipe / name).parent.mkdir(parents=True, exist_ok=True)
            (recipe / name).write_text(text)
        values: dict[str, Any] = {
            "recipe_dir": str(recipe),
            "recipe_file": str(recipe / "meta.yaml"),
            "name": "pkg",
            "version": "1.2",
            "build_string": "0",
            "subdir": native_subdir(),
            "host_subdir": native_subdir(),
            "build_subdir": native_subdir(),
            "requirements": Requirements(host=("python",)),
            "variant": {"python": "3.11", "numpy": "1.26", "perl": "5.26.2", "lua": "5", "r_base": "3.5"},
            "meta": {"test": test or {}},
            **fields,
        }
        return Output(**values)

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
