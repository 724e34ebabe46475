"""Places as a person reads them: below the recipe's folder by name, below the current folder relative, else in full."""

from __future__ import annotations

import os
from pathlib import Path

from cbw_core.errors import Place


def folder_of(subject: str) -> str:
    """The folder that a recipe's places are shown relative to; "" where the subject is none that is here."""
    path = os.path.abspath(os.path.expanduser(subject))  # noqa: PTH100, PTH111 (links stay)
    return os.path.dirname(path) if os.path.isfile(path) else path  # noqa: PTH113, PTH120


def shown(place: Place | None, folder: str = "") -> str:
    """ "meta.yaml:12:7", "info/recipe/meta.yaml.template:3" (in a package), "/elsewhere/config.yaml:3:5"."""
    if place is None:
        return ""
    file, inside = place.file, ""
    package, mark, rest = file.partition(":info/recipe")
    if mark:
        file, inside = "info/recipe" + rest, package
    for base in (folder, str(Path.cwd())):
        if not inside and base and base != "/" and file.startswith(base + "/"):
            file = file[len(base) + 1 :]
            break
    return str(Place(file, place.line, place.column))
