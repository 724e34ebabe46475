"""--bootstrap: the packages of an environment become build requirements (conda_build.metadata, parse_again)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe import read_text
from cbw_core.render.work import Work


def bootstrap_sections(work: Work) -> dict[str, Any] | None:
    """What --bootstrap adds to a recipe: requirements/build with "name version build" of each package that the
    environment holds, sorted. None where it is not given. Raises RecipeError for a record that cannot be read."""
    prefix = work.config.render.bootstrap
    if not prefix:
        return None
    if ("bootstrap",) not in work.loaded:
        records = sorted(Path(prefix, "conda-meta").glob("*.json"))
        work.loaded[("bootstrap",)] = sorted({_spec(work, record) for record in records})
    return {"requirements": {"build": list(work.loaded[("bootstrap",)])}}


def _spec(work: Work, record: Path) -> str:
    work.note_read(record)
    try:
        data = json.loads(read_text(record))
        return f"{data['name']} {data['version']} {data['build']}"
    except (ValueError, KeyError, TypeError) as error:
        raise RecipeError(
            f"{record.name} is not the record of a package: {error!r}",
            kind="usage",
            place=Place(str(record)),
            hint="Give --bootstrap a folder that conda installed packages into.",
        ) from None
