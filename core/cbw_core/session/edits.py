"""Edits made by hand in the work folder: found, kept, and carried into the next run of the build."""

from __future__ import annotations

from pathlib import Path

from cbw_core.session import trees
from cbw_core.session.trees import Manifest

OURS = frozenset({"build_env_setup.sh", "conda_build.sh", "metadata_conda_debug.yaml"})


def by_hand(work: Path, as_prepared: Manifest, as_built: Manifest | None) -> tuple[str, ...]:
    """Files of the prepared work folder that a person changed.

    as_prepared: the work folder when it was ready for the build; as_built: when the build ended (None: it has not run).
    What the build itself changed is the build's, not a person's; new files are not counted (they may be a build's, run
    by hand in a shell).
    """
    now = trees.scan(work)
    found = []
    for path, signature in as_prepared.items():
        if trees.is_folder(signature) or path in OURS or path not in now:
            continue
        if as_built is not None and as_built.get(path) != signature:
            continue
        if now[path] != signature:
            found.append(path)
    return tuple(sorted(found))


def keep(work: Path, folder: Path, paths: tuple[str, ...]) -> None:
    """Copy the edited files into `folder`, where a restored work folder gets them from."""
    trees.copy_into(work, folder, paths)


def apply(folder: Path, work: Path) -> tuple[str, ...]:
    """Put kept edits over the work folder; returns their paths."""
    kept = trees.scan(folder)
    trees.copy_into(folder, work, kept)
    return tuple(sorted(trees.files(kept)))
