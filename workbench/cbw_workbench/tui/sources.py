"""The files of a recipe that a person looks at while debugging, and their text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cbw_core.session.model import SessionStatus
from cbw_workbench.tui.marks import Mark
from cbw_workbench.tui.state import recipe_folder

MOST_SCRIPTS = 6
MOST_BYTES = 4_000_000

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Source:
    """A file in the source pane: its tab's title and its path."""

    title: str
    path: str


def sources_of(status: SessionStatus | None, marks: Iterable[Mark] = ()) -> tuple[Source, ...]:
    """The recipe, its scripts (build.sh first), the script as it is run, and every other file that is to blame."""
    if status is None:
        return ()
    folder = recipe_folder(status)
    recipe = folder / "meta.yaml" if folder == Path(status.recipe) else Path(status.recipe)
    paths = [recipe, *_scripts(folder)]
    made = status.paths.get("build_file")
    if made:
        paths.append(Path(made))
    paths += [Path(mark.file) for mark in marks]
    found = dict.fromkeys(path for path in paths if path.is_file())
    return tuple(Source(path.name, str(path)) for path in found)


def _scripts(folder: Path) -> list[Path]:
    try:
        names = sorted(p.name for p in folder.iterdir() if p.suffix == ".sh" or p.stem == "run_test")
    except OSError:
        return []
    names.sort(key=lambda name: (name != "build.sh", name.startswith("run_test"), name))
    return [folder / name for name in names[:MOST_SCRIPTS]]


def read_text(path: str) -> str:
    """The text of a file, or why it cannot be shown."""
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            return f"{path} is too large to be shown here"
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"{path}: {error.strerror}"


def stamp(status: SessionStatus | None) -> Stamp:
    """What tells that a file of the recipe was edited: names, times and sizes of what lies in its folder,
    and of the script as it is run."""
    if status is None:
        return ()
    found = []
    try:
        made = status.paths.get("build_file")
        for path in (*sorted(recipe_folder(status).iterdir()), *((Path(made),) if made else ())):
            info = path.stat()
            found.append((path.name, info.st_mtime_ns, info.st_size))
    except OSError:
        pass  # the folder, or a file of it, went away while we looked: that is a change, too
    return tuple(found)
