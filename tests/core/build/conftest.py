from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbw_core.config import Config
from cbw_core.layout import Layout
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Output, Requirements

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
            "requirements": Requirements(build=("make",), host=("python 3.11.*", "zlib")),
            "variant": {"python": "3.11", "numpy": "1.26", "perl": "5.26.2", "lua": "5", "r_base": "3.5"},
            **fields,
        }
        return Output(**values)

    return make
