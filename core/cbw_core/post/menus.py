"""Menu/*.json: shortcuts that menuinst makes at installation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from cbw_core.errors import BuildError, Place
from cbw_core.events import Note, Sink


def check(prefix: Path, files: Iterable[str], sink: Sink) -> None:
    """Raise BuildError(kind="menu") for a file that is no JSON object; those that name a schema are told of, for they
    are not held against it (conda_build.post.check_menuinst_json fetches the schema)."""
    for path in files:
        if not fnmatchcase(path.lower(), "menu/*.json"):
            continue
        try:
            data = json.loads((prefix / path).read_bytes())
        except ValueError as error:
            line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
            raise BuildError(
                f"{path} is no valid JSON: {getattr(error, 'msg', error)}",
                kind="menu",
                place=Place(str(prefix / path), line, column),
                hint="Correct the file where the recipe or the sources make it.",
            ) from error
        if not isinstance(data, dict):
            raise BuildError(
                f"{path} is no menu: it holds no JSON object", kind="menu", place=Place(str(prefix / path))
            )
        if "$schema" in data:
            sink(Note(f"{path} is not held against the schema it names", "info", "post"))
