"""Shared by the tests of inspecting: a recipe rendered with its trails, and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbw_core import archive
from cbw_core.errors import Place
from cbw_core.inspect import Explained, VariantMatrix, explain, variant_matrix
from cbw_core.render import Rendered, render_recipe
from core.render.rendering_help import ENVIRON, config, write
from support.files import write_files


def rendered(folder: Path, text: str, *, resolver: Any = None, environ: Any = None, **options: Any) -> Rendered:
    """`text` as meta.yaml in `folder` (with the files that are there), rendered."""
    write(folder, text)
    return render_recipe(folder, config(folder, **options), resolver=resolver, environ=environ or ENVIRON, trails=True)


def explained(folder: Path, text: str, *, environ: Any = None, resolver: Any = None, **options: Any) -> list[Explained]:
    made = rendered(folder, text, environ=environ, resolver=resolver, **options)
    return list(explain(made, config(folder, **options), environ=environ or ENVIRON))


def matrix(folder: Path, text: str, *, environ: Any = None, **options: Any) -> VariantMatrix:
    made = rendered(folder, text, environ=environ, **options)
    return variant_matrix(made, config(folder, **options), environ=environ or ENVIRON)


def at(place: Place | None) -> str:
    """ "meta.yaml:3:7"."""
    return "" if place is None else str(place).rsplit("/", 1)[-1]


def archived(folder: Path, contents: dict[str, bytes], *, time: int = 0) -> Path:
    """foo-1.0-h0_0.conda in `folder`, of these files. time: the seconds its members bear."""
    source = write_files(folder / "source", contents)
    members = [archive.Member(path, source / path) for path in contents]
    target = folder / "foo-1.0-h0_0.conda"
    archive.write_package(target, members, level=1, timestamp=time)
    return target
