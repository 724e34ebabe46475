"""run_exports of solved packages: from the channel's run_exports.json, else from the package itself."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.channel import Worker
from cbw_core.channel.packages import normal_run_exports
from cbw_core.config import Config
from cbw_core.errors import EnvironmentFailure
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved


def look_up(
    packages: Sequence[Resolved],
    *,
    config: Config,
    worker: Worker,
    access: Mapping[str, Any],
    cancel: Cancel | None,
) -> list[Mapping[str, tuple[str, ...]]]:
    """For each package its run_exports, in the order given.

    In turn: what the package says already; what an earlier run kept under the package's sha256; the channel's
    run_exports.json; the package (sparse, where the server can). The last two in the worker, in parallel.
    """
    kept = config.cache / "run_exports"
    found: list[Mapping[str, tuple[str, ...]] | None] = [_known(package, kept) for package in packages]
    wanted = [i for i, exports in enumerate(found) if exports is None]
    if not wanted:
        return [exports for exports in found if exports is not None]
    answers = worker.call(
        "cbw_core.env.run_exports_job:read",
        {
            "packages": [{"url": packages[i].url, "file": packages[i].file_name} for i in wanted],
            "extracted": [str(config.cache / "pkgs" / packages[i].dist) for i in wanted],
            "offline": config.offline,
            "access": access,
        },
        cancel=cancel,
    )
    for i, answer in zip(wanted, answers, strict=True):
        found[i] = exports = normal_run_exports(answer)
        _keep(packages[i], kept, exports)
    return [exports for exports in found if exports is not None]


def _known(package: Resolved, kept: Path) -> Mapping[str, tuple[str, ...]] | None:
    if package.run_exports is not None:
        return package.run_exports
    if not package.url:
        raise EnvironmentFailure(
            f"the run_exports of {package.dist} are not known",
            kind="solve",
            why="It is neither in a channel nor an output of this recipe that says what it exports.",
        )
    if package.sha256:
        try:
            return normal_run_exports(json.loads((kept / f"{package.sha256}.json").read_text()))
        except (OSError, ValueError):
            return None  # never kept, or half-written by a machine that stopped: it is looked up again
    return None


def _keep(package: Resolved, kept: Path, exports: Mapping[str, tuple[str, ...]]) -> None:
    if not package.sha256 or package.url.startswith("file:"):  # reading those again costs nothing
        return
    kept.mkdir(parents=True, exist_ok=True)
    temporary = kept / f".{package.sha256}.{os.getpid()}"
    temporary.write_text(json.dumps(exports))
    temporary.replace(kept / f"{package.sha256}.json")
