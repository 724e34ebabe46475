"""Outputs of recipes that were never rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbw_core.platforms import native_subdir
from cbw_core.render.output import Output
from support.files import write_files


def output_of(recipe: Path, files: Mapping[str, str] | None = None, **fields: Any) -> Output:
    """An Output of this platform whose recipe is a folder with these files; keywords are its fields."""
    write_files(recipe, {"meta.yaml": "package:\n  name: pkg\n", **(files or {})})
    values: dict[str, Any] = {
        "recipe_dir": str(recipe),
        "recipe_file": str(recipe / "meta.yaml"),
        "name": "pkg",
        "version": "1.2",
        "build_string": "0",
        "subdir": native_subdir(),
        "host_subdir": native_subdir(),
        "build_subdir": native_subdir(),
        "variant": {"python": "3.11", "numpy": "1.26", "perl": "5.26.2", "lua": "5", "r_base": "3.5"},
        **fields,
    }
    return Output(**values)
