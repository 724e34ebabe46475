"""Reading the files of a recipe: which file it is, and its text."""

from __future__ import annotations

import os
from pathlib import Path

from cbw_core.errors import Place, RecipeError, from_os_error

# conda_build.utils.VALID_METAS
META_NAMES = ("meta.yaml", "meta.yml", "conda.yaml", "conda.yml")
# A recipe is written by hand; what is larger is a mistake or an attack.
MAX_BYTES = 8_000_000


def find_recipe(recipe: Path) -> Path:
    """The meta file of a recipe: the file itself, or the one in (or below) a folder, as conda_build.utils.find_recipe.

    Raises RecipeError when there is none, or several and none of them in the folder itself.
    """
    path = Path(os.path.abspath(recipe))  # noqa: PTH100 (links stay)
    if path.is_file():
        if path.name == "recipe.yaml":
            raise _v1(path)
        if path.suffix not in (".yaml", ".yml"):
            raise RecipeError(
                f"{path} is not a recipe",
                place=Place(str(path)),
                hint="Give a folder with a meta.yaml, or a meta.yaml.",
            )
        return path
    if not path.is_dir():
        raise RecipeError(
            f"there is no recipe at {path}", place=Place(str(path)), hint="Give a folder with a meta.yaml."
        )
    here = [path / name for name in META_NAMES if (path / name).is_file()]
    if len(here) == 1:
        return here[0]
    found = here or _below(path)
    if len(found) == 1:
        return found[0]
    if not found and (path / "recipe.yaml").is_file():
        raise _v1(path / "recipe.yaml")
    if not found:
        raise RecipeError(
            f"there is no {META_NAMES[0]} in {path}",
            place=Place(str(path)),
            hint="Give the folder that holds the meta.yaml.",
        )
    raise RecipeError(
        f"{path} holds more than one recipe: {', '.join(str(p.relative_to(path)) for p in found[:5])}",
        place=Place(str(path)),
        hint="Name one of them.",
    )


def _v1(path: Path) -> RecipeError:
    return RecipeError(
        f"{path} is a v1 recipe (recipe.yaml), which is not supported",
        kind="unsupported",
        place=Place(str(path)),
        hint="Give a recipe with a meta.yaml.",
    )


def _below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f != ".AppleDouble")
        found += [Path(root, name) for name in META_NAMES if name in files]
    return found


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """The text of a file: UTF-8 (a byte order mark is dropped), UTF-16 with a mark, else Windows-1252.

    Raises RecipeError for a file larger than `max_bytes`, EnvironmentFailure when it cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise RecipeError(
                f"{path.name} has {size:,} bytes; a recipe's file may have {max_bytes:,}",
                place=Place(str(path)),
                hint="Check that this is the file you meant.",
            )
        data = path.read_bytes()
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
