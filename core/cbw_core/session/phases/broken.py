"""A package that failed its tests is kept, but in `broken/` of the croot, where no environment takes it from
(conda_build.build.tests_failed). Once its tests pass it goes back among the packages."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from cbw_core import channel
from cbw_core.events import Note, Sink
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase


def put(session: SessionFolder, sink: Sink) -> None:
    """Move the package of a recipe's session to `broken/`, and out of the index."""
    package = session.package
    folder = session.config.croot / "broken"
    if package.parent == folder:
        return
    _move(session, package, folder / package.name)
    sink(Note(f"{package.name} failed its tests: it is kept in {folder}", "warning", "test"))


def bring_back(session: SessionFolder, sink: Sink) -> None:
    """Move the package back to where it was packed to, and index it, if it is in `broken/`."""
    package, output = session.package, session.output
    if package.parent != session.config.croot / "broken":
        return
    subdir = "noarch" if output.noarch else output.subdir or output.host_subdir
    target = session.config.packages / subdir / package.name
    _move(session, package, target)
    with suppress(OSError):  # others are in it
        package.parent.rmdir()
    sink(Note(f"{package.name} passes its tests: it is in {target.parent} again", "info", "test"))


def _move(session: SessionFolder, package: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(package, target)
    result = {**session.ledger[Phase.PACKAGE].result, "package": str(target), "mtime_ns": target.stat().st_mtime_ns}
    session.record(Phase.PACKAGE, result=result)
    channel.index(session.config.packages)
