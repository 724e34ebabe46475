"""The timeline of a session's build script: kept with the session, read again by whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_core.session.disk import jsonfile
from cbw_core.session.folder import SessionFolder

if TYPE_CHECKING:
    from cbw_core.trace import Timeline


def keep(session: SessionFolder) -> None:
    """Keep what the session's debugger recorded of the build that ended now, if it did."""
    from cbw_core.trace import timeline

    debugger = session.debugger
    if debugger is None or debugger.timeline is None:
        return
    made, debugger.timeline = debugger.timeline, None  # the next build may have no script, and so none
    jsonfile.write(session.kept.timeline, timeline.to_json(made))


def timeline_of(session: SessionFolder) -> Timeline:
    """UsageError(kind="no-timeline") when the session's build was not recorded."""
    from cbw_core.trace import timeline

    data = jsonfile.read(session.kept.timeline)
    if data is None:
        raise UsageError(
            f"the build in {session.root.name} was not recorded",
            kind="no-timeline",
            hint=f"`cbw trace {session.recipe}` builds and records it.",
        )
    return timeline.from_json(data)
