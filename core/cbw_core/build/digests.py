"""What the build phase depends on, as digests: a change in one makes it stale, and its name says why."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cbw_core.build.script import Script, script_of
from cbw_core.config import Config
from cbw_core.render.output import Output

# Fields of `build:` that change what the script sees
FIELDS = (
    "script_env",
    "activate_in_script",
    "merge_build_host",
    "noarch",
    "noarch_python",
    "python_version_independent",
)
# Files of a recipe's folder that other phases read
_ELSEWHERE = (
    "meta.yaml", "conda_build_config.yaml", "recipe_append.yaml", "recipe_clobber.yaml", "run_test.*", "README*",
    "bld.bat", "*.pyc", "*~", ".*",
)  # fmt: skip
_LARGE = 1 << 20  # bytes above which size and time stand for the content


def inputs(output: Output, config: Config) -> dict[str, str]:
    """Name -> digest. Reads the recipe's folder; raises RecipeError as `script_of` does."""
    script = script_of(output)
    section = output.section("build")
    found = {
        "build script": script_digest(script),
        "build section": _digest({field: section.get(field) for field in FIELDS}),
        "name and version": _digest([output.name, output.version]),
        "used variables": _digest({name: output.variant.get(name) for name in output.used_vars}),
        "activation": str(config.activate),
    }
    if config.isolate:
        found["isolation"] = "no network"
    if script is not None:
        for path, digest in _recipe_files(output, script.file if script.text_is_file else None):
            found[f"recipe file {path}"] = digest
    return found


def script_digest(script: Script | None) -> str:
    """What `inputs` has for the script."""
    return _digest(_script(script))


def _script(script: Script | None) -> Any:
    if script is None:
        return None
    told = [script.text, script.interpreter, script.kind]
    return [*told, dict(script.env), script.secrets] if script.env or script.secrets else told


def _recipe_files(output: Output, script: str | None) -> Iterator[tuple[str, str]]:
    """Files that a script may read through RECIPE_DIR: all that no other phase takes in."""
    root = Path(output.recipe_dir)
    sources, patterns = _taken_elsewhere(output, root)
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            n for n in folders if not n.startswith(".") and n != "__pycache__" and here / n not in sources
        )
        for name in sorted(names):
            path = here / name
            relative = path.relative_to(root).as_posix()
            if path in sources or str(path) == script or any(_matches(relative, name, p) for p in patterns):
                continue
            yield relative, _file(path)


def _matches(relative: str, name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(name, pattern)


def _taken_elsewhere(output: Output, root: Path) -> tuple[set[Path], tuple[str, ...]]:
    """(paths of local sources and patches, patterns of other files) that the build does not depend on itself."""
    paths: set[Path] = set()
    sources: Any = output.section("source")
    for source in [sources] if isinstance(sources, dict) else sources:
        for key in ("path", "patches", "url", "git_url"):
            for told in _list(source.get(key)):
                paths.add(Path(os.path.normpath(root / told.removeprefix("file://"))))
    test = output.section("test")
    patterns = [*_ELSEWHERE, *_list(test.get("files")), *_list(test.get("script"))]
    patterns += [f"{pattern.rstrip('/')}/*" for pattern in _list(test.get("files"))]
    return paths - {root}, tuple(patterns)


def _list(told: Any) -> list[str]:
    if told is None:
        return []
    return [told] if isinstance(told, str) else [str(value) for value in told]


def _file(path: Path) -> str:
    try:
        if path.is_symlink():
            return _digest(str(path.readlink()))
        stat = path.stat()
        if stat.st_size > _LARGE or not path.is_file():
            return _digest([stat.st_size, stat.st_mtime_ns])
        return f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}{'x' if stat.st_mode & 0o100 else ''}"
    except OSError:
        return "absent"


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]
