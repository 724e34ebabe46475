"""Source, log, error and results: what is in front, what is marked, what is found."""

from __future__ import annotations

import pytest

from cbw_core.errors import BuildError, Place
from cbw_core.events import LogLine, Progress
from cbw_core.session.model import Phase, State
from cbw_workbench.tui.screens.main import _tabs


def fails_in_build(session) -> None:
    """Make build fail at the fourth line of build.sh."""

    def work(phase, sink, cancel) -> None:
        sink(LogLine(f"{phase} at work"))
        if phase is Phase.BUILD:
            raise BuildError(
                "build.sh ended with status 1",
                place=Place(str(session.recipe / "build.sh"), 4, 3, "  echo $a"),
                why="the disk of the zoo is full",
                hint="Feed the animals.",
            )

    session.work = work


async def test_failure_brings_the_error_with_where_why_and_next_step(open_screen, session) -> None:
    fails_in_build(session)
    async with open_screen() as screen:
        await screen.press("r", "7")
        await screen.idle()
        assert screen.app.screen.page == "error"
        text = screen.text()
        for told in (
            "build.sh ended with status 1",
            "build.sh:4:3",
            "the disk of the zoo is full",
            "Feed the animals.",
        ):
            assert told in text


async def test_failing_line_is_marked_and_enter_goes_there(open_screen, session) -> None:
    fails_in_build(session)
    async with open_screen() as screen:
        await screen.press("r", "7")
        await screen.idle()
        await screen.press("e", "enter")
        await screen.pilot.pause()
        view = screen.app.screen.sources.view
        assert (view.path, view.cursor) == (str(session.recipe / "build.sh"), 4)
        assert view.has_focus
        assert "✗ 4   echo $a > $PREFIX/share/$a" in screen.text()


async def test_session_that_failed_earlier_opens_with_its_error(open_screen, session) -> None:
    error = BuildError("it went wrong yesterday", place=Place("build.sh", 2)).to_json()
    session.set("build", State.FAILED, error=error)
    async with open_screen() as screen:
        assert screen.state.cursor.phase is Phase.BUILD
        await screen.press("g")
        await screen.pilot.pause()
        assert screen.app.screen.sources.view.cursor == 2
        await screen.press("e")
        await screen.pilot.pause()
        assert "it went wrong yesterday" in screen.text()


async def test_narrow_screen_shows_source_or_page_and_wide_one_both(open_screen) -> None:
    async with open_screen((80, 24)) as screen:
        assert "package:" in screen.text() and "nothing yet" not in screen.text()
        await screen.press("l")
        await screen.pilot.pause()
        assert "package:" not in screen.text() and "nothing yet" in screen.text()
        await screen.pilot.resize_terminal(140, 40)
        await screen.pilot.pause()
        assert "package:" in screen.text() and "nothing yet" in screen.text()
        await screen.pilot.resize_terminal(90, 40)
        await screen.pilot.pause()
        assert "package:" in screen.text() and "nothing yet" in screen.text()
        await screen.pilot.resize_terminal(80, 24)
        await screen.pilot.pause()
        assert "package:" not in screen.text() and "nothing yet" in screen.text()


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12), (250, 70)])
async def test_screen_comes_up_at_any_size_with_its_keys(open_screen, size) -> None:
    async with open_screen(size) as screen:
        assert "s Step" in screen.text()
        await screen.press("l", "e", "v", "o", "question_mark", "escape", "colon", "escape", "s")
        await screen.idle()


async def test_all_keys_of_the_footer_are_seen_at_80_columns(open_screen) -> None:
    async with open_screen((80, 24)) as screen:
        last = screen.text().splitlines()[-1]
        for label in ("s Step", "r Run", "R Rerun", "w Rewind", "! Shell", "l Log", "o Source", "? Help", "q Quit"):
            assert label in last


async def test_source_has_line_numbers_and_tabs(open_screen, session) -> None:
    async with open_screen() as screen:
        assert "1 package:" in screen.text()
        await screen.press("o", "right_square_bracket")
        await screen.pilot.pause()
        assert "1 set -e" in screen.text()
        await screen.press("left_square_bracket")
        await screen.pilot.pause()
        assert "1 package:" in screen.text()


async def test_recipe_edited_elsewhere_is_read_again(open_screen, session) -> None:
    async with open_screen() as screen:
        (session.recipe / "meta.yaml").write_text("package:\n  name: aviary\n")
        session.set("render", State.STALE, why_stale=("meta.yaml",))
        await screen.until(lambda: "aviary" in screen.text(), "new text")
        await screen.until(lambda: screen.state.rows[0][Phase.RENDER].state is State.STALE, "stale")


async def test_search_in_the_log_goes_on_with_n(open_screen, session) -> None:
    def work(phase, sink, cancel) -> None:
        for number in range(300):
            sink(LogLine(f"line {number}" + (" needle" if number % 100 == 50 else "")))

    session.work = work
    async with open_screen() as screen:
        await screen.press("s")
        await screen.idle()
        await screen.press("l", "slash")
        await screen.press(*"needle", "enter")
        await screen.pilot.pause()
        log = screen.app.screen.log_view
        assert log.found == "3/3" and "line 250 needle" in screen.text()
        await screen.press("N")
        await screen.until(lambda: "line 150 needle" in screen.text(), "the one before")
        await screen.press("n", "n")
        await screen.until(lambda: "line 50 needle" in screen.text(), "around")


async def test_search_moves_the_cursor_to_what_was_found_in_the_source(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("o", "slash", *"noarch", "enter")
        await screen.pilot.pause()
        assert screen.app.screen.sources.view.cursor == 5


async def test_log_of_an_earlier_run_is_read_from_its_file(open_screen, session) -> None:
    session.set("build", State.FAILED)
    (session.root / "logs").mkdir(parents=True)
    (session.root / "logs" / "build.log").write_text("from yesterday\n")
    async with open_screen() as screen:
        await screen.press("l")
        await screen.until(lambda: "from yesterday" in screen.text(), "the file's text")


async def test_progress_is_shown_with_its_total(open_screen, session, waits) -> None:
    def work(phase, sink, cancel) -> None:
        sink(Progress("unpacking", 34, 120, "files", "zoo.c"))
        waits(phase, sink, cancel)

    session.work = work
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: "34/120 files unpacking" in screen.text(), "progress")


async def test_zoom_gives_the_focused_pane_the_screen_and_back(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("o", "z")
        await screen.pilot.pause()
        assert "phases" not in screen.text() and "1 package:" in screen.text()
        await screen.press("z")
        await screen.pilot.pause()
        assert "phases" in screen.text()


async def test_without_colours_everything_can_be_told(open_screen, session, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fails_in_build(session)
    async with open_screen() as screen:
        await screen.press("r", "7")
        await screen.idle()
        assert "✗ failed" in screen.text() and "· pending" in screen.text()


def test_too_many_tabs_show_those_around_the_one_shown() -> None:
    entries = [(f"file{n}.sh", f"screen.open_tab({n})", n == 5) for n in range(9)]
    text = _tabs(entries, 40).plain
    assert len(text) <= 40 and "file5.sh" in text
    assert text.startswith("…") and text.endswith("…")
    assert _tabs(entries, 200).plain == " ".join(title for title, _, _ in entries)
