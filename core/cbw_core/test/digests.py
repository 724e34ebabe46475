"""What the test phase depends on, as digests: a change in one makes it stale, and its name says why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cbw_core.post.recipe import texts
from cbw_core.render.output import Output
from cbw_core.test.plan import RUNNERS


def inputs(output: Output) -> dict[str, str]:
    """Name -> digest: the test section, what the environment is made of, and the recipe's test files."""
    test = output.section("test")
    found = {
        "test section": _digest(dict(test)),
        "test requirements": _digest([output.test_requires, output.requirements.run]),
        "used variables": _digest({name: output.variant.get(name) for name in output.used_vars}),
    }
    recipe = Path(output.recipe_dir)
    for file in sorted({*_scripts(output, recipe), *_files(output, recipe)}):
        found[f"test file {file.relative_to(recipe).as_posix()}"] = _file(file)
    return found


def _scripts(output: Output, recipe: Path) -> Iterator[Path]:
    names = [f"run_test.{suffix}" for suffix in RUNNERS] if not output.is_output else []
    names += texts(output.section("test").get("script"))
    yield from (recipe / name for name in names if (recipe / name).is_file())


def _files(output: Output, recipe: Path) -> Iterator[Path]:
    for pattern in texts(output.section("test").get("files")):
        if pattern.startswith("/") or ".." in pattern.split("/"):
            continue  # refused when it is read
        for found in recipe.rglob(pattern.rstrip("/")):
            yield from [found] if found.is_file() else (path for path in found.rglob("*") if path.is_file())


def _file(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return "absent"


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]
