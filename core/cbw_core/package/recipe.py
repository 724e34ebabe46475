"""info/recipe: the recipe as it was rendered, and what it was rendered from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core import __version__
from cbw_core.post.recipe import build_field
from cbw_core.post.select import packageable
from cbw_core.render.output import Output

_RENDERED = ("meta.yaml", "conda_build_config.yaml")


def recipe_files(folder: Path, *, without: Sequence[Path] = ()) -> list[str]:
    """The files of a recipe's folder, relative to it, sorted: all but version control, and folders in `without`."""
    left_out = {os.path.realpath(path) for path in without}
    found: list[str] = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in (".git", ".hg", ".svn") and os.path.realpath(Path(root, name)) not in left_out
        )
        found += [str(Path(root, name).relative_to(folder)) for name in files]
    return sorted(path for path in found if packageable(path) and (folder / path).is_file())


def write_recipe(output: Output, info: Path, *, without: Sequence[Path] = ()) -> None:
    """Write `info`/recipe, as conda_build.build.copy_recipe does, unless `build/include_recipe: false`.

    meta.yaml is the rendered recipe, meta.yaml.template the one that was written, conda_build_config.yaml the whole
    variant; the recipe's other files lie beside them, for an output declared under `outputs:` all of them in parent/.
    `without`: folders that are no part of the recipe though they lie in its folder (sessions, packages).
    """
    if not build_field(output, "include_recipe", True):
        return
    target, source = info / "recipe", Path(output.recipe_dir)
    target.mkdir(parents=True)
    files = recipe_files(source, without=without)
    if output.is_output:
        _copy(source, target / "parent", files)
        script = output.script if isinstance(output.script, str) else None
        if script and "\n" not in script and (source / script).is_file():
            _copy(source, target, [script])
    else:
        _copy(source, target, [path for path in files if path not in _RENDERED])
        if Path(output.recipe_file).is_file():
            shutil.copyfile(output.recipe_file, target / "meta.yaml.template")
    (target / "meta.yaml").write_text(_rendered(output), encoding="utf-8")
    (target / "conda_build_config.yaml").write_text(yaml_text(dict(output.variant)), encoding="utf-8")


def _copy(source: Path, target: Path, files: Sequence[str]) -> None:
    for path in files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
        shutil.copymode(source / path, target / path)


def _rendered(output: Output) -> str:
    from cbw_core.render import to_yaml

    return f"# This file created by cbw {__version__}\n# {'-' * 48}\n\n{to_yaml(output)}"


def yaml_text(data: Any) -> str:
    """Plain data as YAML, keys sorted."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    stream = io.StringIO()
    yaml.dump(_plain(data), stream)
    return stream.getvalue()


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(data[key]) for key in sorted(data, key=str)}
    if isinstance(data, (list, tuple, set)):
        return [_plain(item) for item in (sorted(data) if isinstance(data, set) else data)]
    return data
