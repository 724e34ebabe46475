"""The timeline of a session's build script: kept with the session, read again by whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_core.session.disk import jsonfile
from cbw_core.session.folder import SessionFolder

if TYPE_CHECKING:
    from cbw_core.session.kept import Kept
    from cbw_core.trace import Timeline


def keep(session: SessionFolder) -> None:
    """Keep what the session's debugger recorded of the build that ended now, if it did."""
    from cbw_core.trace import timeline

    debugger = session.debugger
    if debugger is None or debugger.timeline is None:
        return
    made, debugger.timeline = debugger.timeline, None  # the next build may have no script, and so none
    jsonfile.write(session.kept.timeline, timeline.to_json(made))


def set_aside(kept: Kept) -> None:
    """The build is to run again, or was undone: its timeline is the one before, from now on."""
    if kept.timeline.exists():
        kept.timeline.replace(kept.timeline_before)


def timeline_of(session: SessionFolder, *, before: bool = False) -> Timeline:
    """Of the session's last build; before: of the recorded one before it. UsageError(kind="no-timeline") when there is
    none."""
    from cbw_core.trace import timeline

    data = jsonfile.read(session.kept.timeline_before if before else session.kept.timeline)
    if data is None:
        raise UsageError(
            f"no build before the last one was recorded in {session.root.name}"
            if before
            else f"the build in {session.root.name} was not recorded",
            kind="no-timeline",
            hint=f"At a prompt (cbw repl) builds are recorded; `cbw trace {session.recipe}` builds and records one.",
        )
    return timeline.from_json(data)
