"""Sinks: events as lines, as JSON, and on a terminal."""

from __future__ import annotations

import io
import json

import pytest

from cbw_core.events import LogLine, Note, PhaseEnded, PhaseStarted, Progress
from cbw_workbench.cli.live import LiveSink
from cbw_workbench.cli.sink import ClosingSink
from cbw_workbench.cli.sinks import JsonSink, LineSink, sink_for
from cbw_workbench.commands.run import read


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_tell_work_when_it_begins_and_ends() -> None:
    stream = io.StringIO()
    with LineSink(stream) as sink:
        for done in range(100):
            sink(Progress("installing", done, 100, "packages"))
        sink(Progress("installing", 100, 100, "packages", finished=True))
        sink(LogLine("gcc -c x.c"))
    assert stream.getvalue().splitlines() == ["installing ...", "gcc -c x.c"]


def test_lines_tell_of_long_work_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = io.StringIO(), iter([0.0, 5.0, 11.0, 20.0])
    monkeypatch.setattr("cbw_workbench.cli.sinks.time.monotonic", lambda: next(clock))
    with LineSink(stream) as sink:
        for done in (0, 1, 2):
            sink(Progress("linking", done, 3, "files", item="a.so"))
        sink(Progress("linking", 3, 3, "files", finished=True))
    assert stream.getvalue().splitlines() == ["linking ...", "linking: 2 of 3 files, a.so", "linking: 3 files"]


def test_quiet_keeps_warnings() -> None:
    stream = io.StringIO()
    with LineSink(stream, quiet=True) as sink:
        sink(LogLine("x"))
        sink(PhaseStarted("build", "foo"))
        sink(Note("careful", "warning"))
    assert stream.getvalue() == "warning: careful\n"


def test_closed_stream_does_not_raise() -> None:
    stream = io.StringIO()
    sink = LineSink(stream)
    stream.close()
    sink(LogLine("x"))
    sink(LogLine("y"))


def test_events_are_written_as_a_line_of_json_each(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonSink() as sink:
        sink(PhaseStarted("build", "foo", "/s"))
        sink(LogLine('a "b"'))
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == {"event": "PhaseStarted", "phase": "build", "output": "foo", "session": "/s"}
    assert second["text"] == 'a "b"'


def test_terminal_shows_bars_that_vanish_and_lines_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with LiveSink(stream) as sink:
        sink(PhaseStarted("source", "foo"))
        sink(Progress("download", 10, 100, "bytes", item="foo.tar.gz"))
        sink(LogLine("while [it] runs"))
        sink(Progress("download", 100, 100, "bytes", finished=True))
        sink(PhaseEnded("source", "foo", "failed", 1.0))
    text = stream.getvalue()
    assert "while [it] runs" in text
    assert "== source failed (1.0 s)" in text
    assert "foo.tar.gz" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") > 0, "the cursor comes back"


def test_terminal_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    with LiveSink(stream) as sink:
        sink(PhaseEnded("source", "foo", "failed", 1.0))
    assert stream.getvalue() == "== source failed (1.0 s)\n"


def test_unfinished_work_does_not_keep_the_display_after_the_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    sink = LiveSink(stream)
    sink(Progress("download", 10, 100))
    sink(PhaseEnded("source", "foo", "interrupted", 1.0))
    assert stream.getvalue().count("\x1b[?25h") == 1
    sink.close()


def test_the_sink_fits_the_command() -> None:
    stream, terminal = io.StringIO(), Terminal()
    assert isinstance(sink_for(read(["build", "r", "--json"], "cli"), stream), JsonSink)
    assert type(sink_for(read(["render", "r", "--json"], "cli"), stream)) is ClosingSink
    assert isinstance(sink_for(read(["build", "r"], "cli"), terminal), LiveSink)
    quiet = sink_for(read(["debug", "-a", "r"], "cli"), terminal)
    assert isinstance(quiet, LineSink)
    assert quiet.quiet
