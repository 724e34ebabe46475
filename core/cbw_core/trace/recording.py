"""A run being recorded: what lay there before, its stops, and the timeline, so far and when it is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cbw_core.errors import from_os_error
from cbw_core.events import Event, Sink, Stopped
from cbw_core.process.memory import Watch
from cbw_core.trace.changes import Changed, Seen, changes, look
from cbw_core.trace.run import Run
from cbw_core.trace.stretches import Pause, by_hand, held_back, joined, of_text, running_clock
from cbw_core.trace.timeline import Row, Timeline, rows_of, timeline_of

# Seconds that the clock which stamps files may lag: on Linux that is CLOCK_REALTIME_COARSE (5), which ticks each 1 to
# 10 ms; in a virtual machine a tick may come late
_STEP = max(0.01, 2 * time.clock_getres(5)) if sys.platform == "linux" else 0.01


class Recording:
    """Made before bash starts; looks at the prefix and the work folder then, and again when it is asked.

    A run is a row of stretches: a new one begins where the script goes on with another text, or elsewhere. most: how
    many commands the shell records one by one.
    """

    def __init__(self, run: Run, most: int) -> None:
        self._run, self._most = run, most
        self._record = run.folder / "record"
        target = run.target
        self._trees = {"$PREFIX": target.prefix, "$SRC_DIR": target.work}
        self._ours: tuple[Path, ...] = (target.script, target.script.with_name(f".{target.script.name}.copy"))
        try:
            self._record.unlink(missing_ok=True)
        except OSError as error:
            raise from_os_error(error, "preparing the record") from error
        self._done: list[Timeline] = []
        self._pauses: list[Pause] = []
        self._standing_since: float | None = None
        self._acted = 0.0  # when a person last did something in the script's shell
        self._before = self._at_last_stop = look(self._trees, self._ours)
        self._found: dict[str, tuple[float, float]] = {}  # path -> its time, and the stop it was first seen at
        self._changed: tuple[Changed, ...] | None = None  # since the last stop, where it was asked for
        self._began = time.time()
        self._recorded = 0  # commands, when it was looked at last
        self._watch = Watch()
        run.on_begin = self._watch.start

    # -- stops ----------------------------------------------------------------------------------------------------

    def listening(self, sink: Sink) -> Sink:
        """The sink of the run: the recording hears of its stops."""

        def hear(event: Event) -> None:
            if isinstance(event, Stopped):
                self._standing_since, self._changed = time.time(), None
                self._watch.rest(True)
            sink(event)

        return hear

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """While inside, a person does something in the script's shell. Files that come of it are to be younger, by the
        clock that stamps them, than what the script did before the stop, and older than what it does next."""
        time.sleep(max(0.0, (self._standing_since or 0.0) + _STEP - time.time()))
        try:
            yield
        finally:
            self._acted = time.time()

    def goes_on(self) -> None:
        """At the end of a stop, while the shell still stands."""
        if self._standing_since is None:
            return
        time.sleep(max(0.0, self._acted + _STEP - time.time()))
        self._pauses.append(self._pause(max(time.time() - _STEP, self._standing_since)))
        self._standing_since = None
        self._watch.rest(False)

    @property
    def entries(self) -> int:
        """How many files and folders a look goes through: 8 microseconds each."""
        return len(self._at_last_stop)

    def changed(self) -> tuple[Changed, ...]:
        """At a stop: the files that the script made or changed since the stop before."""
        if self._changed is None:
            since = self._pauses[-1].ended if self._pauses else self._began - _STEP
            seen = look(self._trees, self._ours)
            hand = [pause for pause in self._pauses[-1:] if pause.ended > pause.began]
            found = changes(self._at_last_stop, seen, since)
            mine = (one for one in found if not _within(one, seen, hand))
            at = self._standing_since or time.time()
            self._found.update((one.path, (one.time, at)) for one in found)
            self._changed = tuple(sorted(mine, key=lambda one: one.path))
            self._at_last_stop = seen
        return self._changed

    # -- stretches ------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """The script is about to go on elsewhere: what it did up to here is told by the text that it did it in."""
        self.goes_on()
        self._done.append(self._stretch(self._pauses[-1].began if self._pauses else time.time()))

    def begin_again(self, back: int | None = None) -> None:
        """Behind `cut`. back: files were put back to what they were before this line; what is told of those that a
        later one wrote is not sure any more."""
        self._before = self._at_last_stop = look(self._trees, self._ours)
        if back is not None:
            self._done = [
                replace(
                    part,
                    files=tuple(
                        replace(row, sure=row.sure and row.line < back)
                        for row in part.files
                        if row.path in self._before
                    ),
                )
                for part in self._done
            ]
        self._pauses, self._began = [], time.time()

    def timeline(self) -> Timeline:
        """Of the run that has ended now, or stands at a stop: so far."""
        if self._run.state == "ended":
            self._watch.stop()
        since = self._standing_since
        last = self._stretch(time.time() if since is None else since)
        return joined([*self._done, last], so_far=since is not None, limited=self._recorded >= self._most)

    def _stretch(self, ended: float) -> Timeline:
        run, script = self._run, str(self._run.target.script)
        rows = self._rows()
        self._recorded = len(rows)
        limit = rows[self._most - 1].time if len(rows) >= self._most else None
        if self._done:
            rows = of_text([row for row in rows if row.time >= self._began], script, run.text_line)
        pauses = list(self._pauses)
        if self._standing_since is not None:
            pauses.append(self._pause(time.time() + 1))
        rows = held_back(rows, pauses)
        clock = running_clock(pauses)
        looks = [one for one in self._watch.looks if not any(pause.began <= one.time < pause.ended for pause in pauses)]
        found, hand = by_hand(changes(self._before, look(self._trees, self._ours), self._began - _STEP), pauses)
        mine = [
            replace(
                one,
                time=clock(one.time),
                exact=one.exact and (limit is None or one.time < limit),
                there=self._there(one, clock),
            )
            for one in found
        ]
        made = timeline_of(
            [replace(row, time=clock(row.time)) for row in rows] if pauses else rows,
            run.text,
            script=script,
            text_line=run.text_line,
            name=run.target.name,
            file=run.target.file,
            began=self._began,
            ended=clock(ended),
            status=run.status,
            changed=mine,
            step=_STEP,
            looks=[replace(one, time=clock(one.time)) for one in looks],
        )
        return replace(made, files=tuple(sorted((*made.files, *hand), key=lambda one: (one.line, one.path))))

    def _pause(self, ended: float) -> Pause:
        """The stop where the script stands now."""
        stop, began = self._run.stop, self._standing_since
        assert began is not None
        line = (stop.text_line or stop.top_line or 0) if stop is not None else 0
        before = stop.pid if stop is not None and stop.reason not in ("failure", "exit") else None
        return Pause(began, ended, line, before)

    def _there(self, one: Changed, clock: Callable[[float], float]) -> float | None:
        """When a file was seen at a stop as it is now, by the clock of the run."""
        time_, seen = self._found.get(one.path, (None, 0.0))
        return clock(seen) if time_ == one.time else None

    def _rows(self) -> list[Row]:
        try:
            record = self._record.read_text("utf-8", "replace") if self._record.exists() else ""
        except OSError as error:
            raise from_os_error(error, "reading the record") from error
        return list(rows_of(record))


def _within(one: Changed, seen: Mapping[str, Seen], pauses: list[Pause]) -> bool:
    """Whether a file was made by hand, while the script stood."""
    changed = seen[one.path].changed
    return any(pause.began <= changed < pause.ended for pause in pauses)
