"""The one time a package bears: in info/index.json, and as the modification time of every file in the archive."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.package.recipe import recipe_files
from cbw_core.render.output import Output

# Nothing else known: later than 1980, where zip's calendar begins.
_FALLBACK = 1_577_836_800


def release_time(output: Output, environ: Mapping[str, str] | None = None, *, without: Sequence[Path] = ()) -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH where it is set, else the newest modification time of the recipe's files
    (those that go to info/recipe, and the variant files; not those in the folders `without`).

    So two builds of the same recipe bear the same time, in whatever session, and a changed recipe bears a newer one.
    Raises UsageError when SOURCE_DATE_EPOCH is not a number of seconds.
    """
    given = (os.environ if environ is None else environ).get("SOURCE_DATE_EPOCH")
    if given:
        if not given.strip().isdigit():
            raise UsageError(
                f"SOURCE_DATE_EPOCH is {given!r}",
                why="It has to be a number of seconds since 1970.",
                kind="environment",
            )
        return int(given)
    folder = Path(output.recipe_dir)
    files = [folder / path for path in recipe_files(folder, without=without)] if output.recipe_dir else []
    files += [Path(path) for path in (*output.variant_files, output.recipe_file) if path]
    times = [int(file.stat().st_mtime) for file in files if file.is_file()]
    return max(times, default=_FALLBACK)
