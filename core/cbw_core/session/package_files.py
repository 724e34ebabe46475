"""The files that a session's output takes, as they stand in its host prefix now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cbw_core import env
from cbw_core.errors import UsageError
from cbw_core.post import PostResult
from cbw_core.session.disk import jsonfile, trees
from cbw_core.session.folder import SessionFolder


@dataclass(frozen=True)
class Packaged:
    """files: paths in the host prefix. owned: path -> dist of the files of installed packages. post: what the post
    phase found; None where it has not run: the files are then those the build made, not yet relocated."""

    files: tuple[str, ...]
    owned: Mapping[str, str]
    post: PostResult | None = None


def packaged(session: SessionFolder) -> Packaged:
    """Raises UsageError(kind="session") for a session that has built nothing."""
    kept = session.kept
    before = trees.files(trees.read_manifest(kept.host)) if kept.host.exists() else set()
    owned = {path: dist for path, dist in env.installed_files(session.layout.host_prefix).items() if path in before}
    found = jsonfile.read(kept.post_result)
    if found is not None:
        result = PostResult.from_json(found)
        return Packaged(result.files, owned, result)
    if not kept.made.exists:
        raise UsageError(
            f"{session.output.dist} has not been built in {session.root}",
            kind="session",
            hint="Run the build first: `cbw run build`.",
        )
    return Packaged(tuple(sorted(kept.made.files())), owned)
