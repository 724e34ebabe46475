"""Conda environments by their names, found without conda."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cbw_core.errors import UsageError


def environment(given: str, cwd: Path, environ: Mapping[str, str]) -> Path:
    """The folder of an environment: a folder as it is, else one of that name where conda keeps them. Raises UsageError
    where there is none, or it holds no conda-meta."""
    folder = Path(os.path.normpath(cwd / Path(given).expanduser()))
    named = [] if "/" in given else [place / given for place in _places(environ)]
    if given in ("base", "root"):
        named += [Path(root) for root in _roots(environ)]
    found = next((path for path in (folder, *named) if path.is_dir()), None)
    if found is None:
        looked = "\n".join(str(path) for path in (folder, *named))
        raise UsageError(
            f"there is no environment {given!r}", details=looked, hint="Give the environment's folder, or its name."
        )
    if not (found / "conda-meta").is_dir():
        raise UsageError(f"{found} is not a conda environment: it has no conda-meta", hint="Give another folder.")
    return found


def _roots(environ: Mapping[str, str]) -> Iterator[str]:
    for name in ("CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        if environ.get(name):
            yield environ[name]
    executable, prefix = environ.get("CONDA_EXE"), environ.get("CONDA_PREFIX")
    if executable:
        yield str(Path(executable).parent.parent)
    if prefix:
        parts = Path(prefix)
        yield str(parts.parent.parent if parts.parent.name == "envs" else parts)


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    for name in ("CONDA_ENVS_DIRS", "CONDA_ENVS_PATH"):
        yield from (Path(part).expanduser() for part in environ.get(name, "").split(os.pathsep) if part)
    yield from (Path(root) / "envs" for root in _roots(environ))
    if environ.get("HOME"):
        yield Path(environ["HOME"]) / ".conda" / "envs"
