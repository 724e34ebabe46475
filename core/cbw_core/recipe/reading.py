"""Reading the files of a recipe: which file it is, and its text."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cbw_core.errors import Place, RecipeError, from_os_error

# conda_build.utils.VALID_METAS
META_NAMES = ("meta.yaml", "meta.yml", "conda.yaml", "conda.yml")
# Of a file that templates or scripts may be; and of one that is a recipe or variants, the largest known of which has
# 41,000 bytes and lines of 3,600.
MAX_BYTES = 4_000_000
MAX_RECIPE = 500_000
MAX_LINE = 20_000
_MAX_SEEN = 50_000


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
        what = _what(path)
        raise RecipeError(
            f"there is no recipe at {path}" if not what else f"{path} is no recipe, but {what}",
            place=Place(str(path)),
            hint="Give a folder with a meta.yaml.",
        )
    here = [path / name for name in META_NAMES if os.path.isfile(f"{path}/{name}")]  # noqa: PTH113 (it is quicker)
    if len(here) == 1:
        return here[0]
    found = here or _below(path)
    if len(found) == 1:
        return found[0]
    if not found and (path / "recipe.yaml").is_file():
        raise _v1(path / "recipe.yaml")
    if not found:
        other = next(((name, what) for name in META_NAMES if (what := _what(path / name))), None)
        if other:
            raise RecipeError(
                f"{other[0]} in {path} is no file, but {other[1]}",
                place=Place(str(path / other[0])),
                hint="Put a text file in its place.",
            )
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


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _what(path: Path) -> str | None:
    """What stands in place of a file, in words; None where nothing does."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return "a link that leads nowhere" if path.is_symlink() else None
    return next((words for is_kind, words in _KINDS if is_kind(mode)), None)


def _v1(path: Path) -> RecipeError:
    return RecipeError(
        f"{path} is a v1 recipe (recipe.yaml), which is not supported",
        kind="unsupported",
        place=Place(str(path)),
        hint="Give a recipe with a meta.yaml.",
    )


def _below(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f != ".AppleDouble")
        found += [path for path in (Path(root, name) for name in META_NAMES if name in files) if path.is_file()]
        seen += 1 + len(files)
        if seen > _MAX_SEEN:
            raise RecipeError(
                f"there is no {META_NAMES[0]} in {folder}, nor near it below",
                place=Place(str(folder)),
                why=f"the folder holds more than {_MAX_SEEN:,} files",
                hint="Give the folder that holds the meta.yaml.",
            )
    return found


def read_recipe(path: Path) -> str:
    """As read_text, for what patterns are searched in: a recipe or variants. No line may be too long, no NUL in it."""
    text = read_text(path, MAX_RECIPE)
    if len(text) > MAX_LINE:
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_LINE:
                raise RecipeError(
                    f"line {number} of {path.name} has {len(line):,} characters; it may have {MAX_LINE:,}",
                    place=Place(str(path), number, None, line[:60].strip()),
                    hint="Break the line, or check that this is the file you meant.",
                )
    at = text.find("\0")
    if at >= 0:
        where = text.count("\n", 0, at) + 1
        raise RecipeError(
            f"{path.name} is not a text: line {where} holds a NUL character",
            kind="yaml",
            place=Place(str(path), where, at - text.rfind("\n", 0, at)),
            hint="Check that this is the file you meant, and that it is written as UTF-8.",
        )
    return text


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """The text of a file: UTF-8 (a byte order mark is dropped), UTF-16 with a mark, else Windows-1252.

    Raises RecipeError for what is larger than `max_bytes` or no file (a device, a pipe), EnvironmentFailure when it
    cannot be read.
    """
    try:
        # a pipe that nobody writes to must not be waited for
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            found = os.fstat(file)
            data = b""
            if stat.S_ISREG(found.st_mode):
                while len(data) <= max_bytes and (more := os.read(file, min(found.st_size, max_bytes) + 1)):
                    data += more
                    if len(data) == found.st_size:  # files of /proc tell no size
                        break
        finally:
            os.close(file)
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    if not stat.S_ISREG(found.st_mode):
        raise RecipeError(f"{path.name} is not a file", place=Place(str(path)), hint="Put a text file in its place.")
    if len(data) > max_bytes:
        raise RecipeError(
            f"{path.name} has {max(found.st_size, len(data)):,} bytes; it may have {max_bytes:,}",
            place=Place(str(path)),
            hint="Check that this is the file you meant.",
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
