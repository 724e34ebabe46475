"""index: make (or make again) the files that turn a folder of packages into a channel."""

from __future__ import annotations

from pathlib import Path

from cbw_core.errors import from_os_error
from cbw_core.platforms import native_subdir


def index(folder: Path, *, force: bool = True) -> None:
    """Write repodata.json, repodata.json.zst, current_repodata.json and run_exports.json for every subdir of `folder`,
    and channeldata.json for it.

    noarch and this machine's subdir are made when absent, as conda wants both. Safe against another process that
    indexes the same folder (a lock beside them); readers see the old files or the new ones, never half of one.
    force: read every package again. Without it a package made anew under the same file name keeps its old record.
    Raises EnvironmentFailure(kind="package") naming the file that is no readable package.
    """
    from filelock import FileLock

    from cbw_core.channel.worker import Worker

    try:
        for subdir in ("noarch", native_subdir()):
            (folder / subdir).mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".index.lock")
        lock.acquire()
    except OSError as error:
        raise from_os_error(error, f"indexing {folder}") from None
    try:
        with Worker() as worker:
            worker.call("cbw_core.channel.index_job:run", {"folder": str(folder), "force": force})
    finally:
        lock.release()
