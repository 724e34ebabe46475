"""Logs: by phase, plain, as long as they come."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cbw_core.events import LogLine, Note, PhaseEnded, PhaseStarted, Resumed
from cbw_workbench.tui import logbook
from cbw_workbench.tui.logbook import LogBook, Wrapping, find_lines, pieces, plain, read_log
from cbw_workbench.tui.state import COMMAND_LOG, LogKey

BUILD = LogKey("/s", "build")


def started(phase: str = "build") -> PhaseStarted:
    return PhaseStarted(phase, "zoo", "/s")


def test_lines_go_to_the_phase_that_runs() -> None:
    book = LogBook()
    book.add([started("env"), LogLine("a"), started("build"), LogLine("b"), LogLine("c")])
    assert book.log(LogKey("/s", "env")).lines == ["a"]
    assert book.log(BUILD).lines == ["b", "c"]


def test_lines_outside_phases_go_to_the_command() -> None:
    book = LogBook()
    book.add([started(), PhaseEnded("build", "zoo", "done", 1.0, "/s"), LogLine("after")])
    assert book.log(COMMAND_LOG).lines == ["after"]
    book.begin_command()
    assert book.log(COMMAND_LOG).lines == []


def test_lines_since_a_script_went_on_are_fresh() -> None:
    book = LogBook()
    book.add([started(), LogLine("a"), LogLine("b"), Resumed("build", "step"), LogLine("c")])
    assert book.log(BUILD).lines[book.log(BUILD).fresh :] == ["c"]
    book.add([started()])
    assert book.log(BUILD).fresh == 0


def test_phase_that_runs_again_begins_its_log_anew() -> None:
    book = LogBook()
    book.add([started(), LogLine("old")])
    version = book.log(BUILD).version
    book.add([started(), LogLine("new")])
    assert book.log(BUILD).lines == ["new"]
    assert book.log(BUILD).version != version


def test_end_of_a_phase_and_notes_stand_in_the_log() -> None:
    book = LogBook()
    book.add([started(), Note("mind the gap", "warning"), PhaseEnded("build", "zoo", "failed", 2.0, "/s")])
    assert book.log(BUILD).lines == ["warning: mind the gap", "── build failed after 2.0s"]


def test_log_read_from_a_file_does_not_undo_what_came_by_events() -> None:
    book = LogBook()
    book.add([started(), LogLine("live")])
    book.put(BUILD, ["from", "file"])
    assert book.log(BUILD).lines == ["live"]


def test_oldest_lines_of_an_endless_log_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "MOST_LINES", 100)
    monkeypatch.setattr(logbook, "_CUT", 50)
    book = LogBook()
    book.add([started(), *(LogLine(str(n)) for n in range(120))])
    assert book.log(BUILD).dropped == 50
    assert book.log(BUILD).lines[0] == "50"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("\x1b[1;31merror\x1b[0m: no", "error: no"),
        (" 10%\r 50%\r100%", "100%"),
        ("windows\r", "windows"),
        ("a\tb", "a       b"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("bell\x07", "bell"),
    ],
)
def test_lines_are_left_as_a_terminal_leaves_them(raw: str, text: str) -> None:
    assert plain(raw) == text


def test_log_file_that_is_absent_is_empty(tmp_path: Path) -> None:
    assert read_log(str(tmp_path / "no.log")) == ()


def test_log_file_is_read_by_lines(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"one\n\xff\xfe\n\nfour\n")
    assert read_log(str(tmp_path / "a.log")) == ("one", "\ufffd\ufffd", "", "four")


@given(st.lists(st.text(st.characters(exclude_categories=["C", "M", "Z"]), max_size=60)), st.integers(2, 30))
def test_wrapped_rows_are_the_lines_again(lines: list[str], width: int) -> None:
    wrapping = Wrapping(width)
    wrapping.extend(lines[: len(lines) // 2])
    wrapping.extend(lines)
    rows = []
    for row in range(wrapping.height):
        index, piece = wrapping.line_at(row)
        rows.append(pieces(lines[index], width)[piece])
    assert "".join(rows) == "".join(lines)
    assert all(cell_len(row) <= width for row in rows)
    assert all(wrapping.line_at(wrapping.row_of(n)) == (n, 0) for n in range(len(lines)))


def test_search_minds_capitals_only_when_there_are_some() -> None:
    lines = ["Error", "error", "fine"]
    assert find_lines(lines, "error") == [0, 1]
    assert find_lines(lines, "Error") == [0]
    assert find_lines(lines, "") == []
