"""A run being recorded: what lay there before, and the timeline when it is over."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from cbw_core.errors import from_os_error
from cbw_core.trace.changes import changes, look
from cbw_core.trace.run import Run
from cbw_core.trace.timeline import Timeline, rows_of, timeline_of

# Seconds that the clock which stamps files may lag: on Linux that is CLOCK_REALTIME_COARSE (5), which ticks each 1 to
# 10 ms; in a virtual machine a tick may come late
_STEP = max(0.01, 2 * time.clock_getres(5)) if sys.platform == "linux" else 0.01


class Recording:
    """Made before bash starts; looks at the prefix and the work folder then, and once more at the end."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._record = run.folder / "record"
        target = run.target
        self._trees = {"$PREFIX": target.prefix, "$SRC_DIR": target.work}
        self._ours: tuple[Path, ...] = (target.script, target.script.with_name(f".{target.script.name}.copy"))
        try:
            self._record.unlink(missing_ok=True)
        except OSError as error:
            raise from_os_error(error, "preparing the record") from error
        self._before = look(self._trees, self._ours)
        self._began = time.time()

    def timeline(self) -> Timeline:
        """Of the run that has ended now."""
        ended, run = time.time(), self._run
        try:
            record = self._record.read_text("utf-8", "replace") if self._record.exists() else ""
        except OSError as error:
            raise from_os_error(error, "reading the record") from error
        return timeline_of(
            rows_of(record),
            run.text,
            script=str(run.target.script),
            text_line=run.text_line,
            name=run.target.name,
            file=run.target.file,
            began=self._began,
            ended=ended,
            status=run.status,
            changed=changes(self._before, look(self._trees, self._ours), self._began - _STEP),
            step=_STEP,
        )
