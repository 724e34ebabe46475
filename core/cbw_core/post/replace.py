"""`replacements` of a variant: regular expressions applied to text files of the package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.post.recipe import texts
from cbw_core.render.output import Output


def replace(output: Output, prefix: Path, files: Sequence[str]) -> None:
    """Apply `replacements/all_replacements` of the variant in place (conda_build.build.get_all_replacements).

    Each has tag, glob_patterns, regex_re and replacement_re; binaries (files with a NUL) are left alone.
    Raises RecipeError for one that is incomplete or whose expression is wrong.
    """
    for row in _rows(output.variant):
        try:
            wanted, expression = texts(row["glob_patterns"]), re.compile(_bytes(row["regex_re"]))
            new = _bytes(row["replacement_re"])
        except (KeyError, re.error) as error:
            raise RecipeError(
                f"the replacement {row.get('tag', '?')} of the variant cannot be used: {error}",
                kind="variant",
                hint="Correct `replacements/all_replacements` in conda_build_config.yaml.",
            ) from error
        for path in files:
            file = prefix / path
            if file.is_symlink() or not any(fnmatch(path, pattern) for pattern in wanted):
                continue
            data = file.read_bytes()
            if b"\0" not in data and (changed := expression.sub(new, data)) != data:
                file.write_bytes(changed)


def _rows(variant: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    section = variant.get("replacements")
    rows = section.get("all_replacements") if isinstance(section, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, (list, tuple)) else []


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
