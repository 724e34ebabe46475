"""Files a recipe wants people to see: licenses, prelink messages, readme, change log, icon, info_yaml.d."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cbw_core.errors import BuildError
from cbw_core.layout import Layout
from cbw_core.package.metadata import json_text
from cbw_core.post.recipe import as_list, place_of, texts
from cbw_core.render.output import Output


def write_texts(output: Output, layout: Layout, info: Path) -> list[str]:
    """Copy what `about/license_file`, `prelink_message`, `readme`, `recipe_log_file` and `app/icon` name into `info`,
    and write info/git. Files of info_yaml.d become info/info_json.d/*.json; their paths are returned, for they count
    as files of the package (conda_build.build.jsonify_info_yamls).

    Raises BuildError(kind="license") and the like, with the line of meta.yaml, for a file that is not there.
    """
    for name, field in (("license", "license_file"), ("prelink_message", "prelink_message")):
        _listed(output, layout, info / f"{name}s", name, field)
    _readme(output, layout, info)
    _log(output, layout, info)
    _icon(output, info)
    _git(output, layout, info / "git")
    return _json_of_yaml(output, info)


def _listed(output: Output, layout: Layout, target: Path, name: str, field: str) -> None:
    """conda_build.build.generic_copy: from the work folder, else from the recipe."""
    count = 0
    for item in texts(output.section("about").get(field)):
        source = next((base / item for base in (layout.work, Path(output.recipe_dir)) if (base / item).exists()), None)
        place = place_of(output, field, item)
        if source is None:
            raise BuildError(
                f"about/{field}: {item} does not exist",
                kind=name,
                place=place,
                why=f"It is neither in the work folder ({layout.work}) nor in the recipe's.",
                hint="Correct the path; it is relative to the top of the sources.",
            )
        if source.is_dir() and not item.endswith("/"):
            raise BuildError(
                f"about/{field}: {item} is a folder",
                kind=name,
                place=place,
                hint=f"Write {item}/ to take everything in it.",
            )
        path = item
        if item.startswith(("/", ".")):
            path, count = f"{name.upper()}{count}{'.txt' if source.is_file() else ''}", count + 1
        _copy(source, target / os.path.normpath(path), place_text=item)


def _copy(source: Path, target: Path, *, place_text: str) -> None:
    if ".." in target.parts:
        raise BuildError(f"{place_text} leads out of the package", kind="license")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def _readme(output: Output, layout: Layout, info: Path) -> None:
    readme = output.section("about").get("readme")
    if not readme:
        return
    source = layout.work / str(readme)
    if not source.is_file():
        raise BuildError(
            f"about/readme: {readme} does not exist in the work folder",
            kind="readme",
            place=place_of(output, "readme", str(readme)),
        )
    _copy(source, info / os.path.normpath(str(readme).lstrip("/")), place_text=str(readme))


def _log(output: Output, layout: Layout, info: Path) -> None:
    name = str(output.section("about").get("recipe_log_file") or "recipe_log.json")
    for base in (Path(output.recipe_dir), layout.work):
        if (base / name).is_file():
            shutil.copyfile(base / name, info / "recipe_log.json")
            return


def _icon(output: Output, info: Path) -> None:
    icon = output.section("app").get("icon")
    if not icon:
        return
    source = Path(output.recipe_dir) / str(icon)
    if not source.is_file():
        raise BuildError(
            f"app/icon: {icon} does not exist in the recipe's folder",
            kind="icon",
            place=place_of(output, "icon", str(icon)),
        )
    shutil.copyfile(source, info / "icon.png")


def _git(output: Output, layout: Layout, target: Path) -> None:
    """info/git: what git says of each git source; empty without one (conda_build.source.git_info)."""
    parts: list[str] = []
    for source in as_list(output.meta.get("source")):
        if not isinstance(source, Mapping) or not source.get("git_url"):
            continue
        folder = layout.work / str(source.get("folder") or "")
        if not (folder / ".git").exists():
            continue
        for command in (["log", "-n1"], ["describe", "--tags", "--dirty"], ["status"]):
            said = subprocess.run(
                ["git", "-c", "safe.directory=*", *command],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                env={**os.environ, "GIT_DIR": str(folder / ".git"), "LC_ALL": "C.UTF-8"},
            )
            parts.append(f"==> git {' '.join(command)} <==\n{said.stdout}\n")
    target.write_text("".join(parts), encoding="utf-8")


def _json_of_yaml(output: Output, info: Path) -> list[str]:
    source = Path(output.recipe_file).parent / "info_yaml.d"
    made = []
    for file in sorted(source.rglob("*.yaml")) if source.is_dir() else ():
        from ruamel.yaml import YAML

        name = f"info_json.d/{file.stem}.json"
        (info / name).parent.mkdir(parents=True, exist_ok=True)
        (info / name).write_text(json_text(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))))
        made.append(f"info/{name}")
    return made
