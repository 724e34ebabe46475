"""Cancelling and leaving while a phase runs; the screen stays awake meanwhile."""

from __future__ import annotations

import pytest

from cbw_core.events import LogLine
from cbw_core.session.model import Phase, State


@pytest.mark.parametrize("key", ["x", "ctrl+c"])
async def test_cancelled_phase_is_interrupted(open_screen, session, waits, key) -> None:
    session.work = waits
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.press(key)
        await screen.until(lambda: screen.state.rows[0][Phase.SOURCE].state is State.INTERRUPTED, "interrupted")
        await screen.idle()
        assert screen.state.last.status == 130
        assert "■ interrupted" in screen.text()


async def test_ctrl_c_cancels_from_the_prompt_too(open_screen, session, waits) -> None:
    session.work = waits
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.press("colon", "a", "ctrl+c")
        await screen.until(lambda: screen.state.last, "ended")
        assert screen.state.last.status == 130


async def test_screen_moves_and_short_commands_run_while_a_phase_runs(open_screen, session, waits) -> None:
    session.work = waits
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.press("end")
        assert screen.state.cursor.phase is Phase.TEST
        await screen.type("help")
        await screen.until(lambda: screen.state.last, "help")
        assert screen.state.last.line == "help" and screen.state.busy


async def test_step_is_refused_while_a_phase_runs(open_screen, session, waits) -> None:
    session.work = waits
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.press("s", "R", "w")
        assert len(screen.state.jobs) == 1
        await screen.type("run test")
        await screen.until(lambda: screen.state.last, "refused")
        assert "has to wait" in screen.state.last.error.message
        assert session.calls == ["step"]


async def test_footer_offers_cancel_only_while_something_runs(open_screen, session, waits) -> None:
    session.work = waits
    async with open_screen() as screen:
        assert "x Cancel" not in screen.text() and "s Step" in screen.text()
        await screen.press("s")
        await screen.until(lambda: "x Cancel" in screen.text(), "cancel in the footer")
        assert "s Step" not in screen.text()


async def test_q_leaves(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("q")
        assert screen.app.return_value == 0


@pytest.mark.parametrize("line", ["quit", "q", "exit"])
async def test_quit_command_leaves(open_screen, line) -> None:
    async with open_screen() as screen:
        await screen.type(line)
        await screen.until(lambda: screen.app.return_value == 0, "left")


async def test_quit_command_leaves_with_its_status(open_screen) -> None:
    async with open_screen() as screen:
        await screen.type("quit 3")
        await screen.until(lambda: screen.app.return_value == 3, "left")


async def test_q_while_a_phase_runs_asks_and_stays(open_screen, session, waits) -> None:
    session.work = waits
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.press("q")
        assert "step is running" in screen.text()
        await screen.press("2")
        assert screen.app.return_value is None and screen.state.busy


async def test_q_while_a_phase_runs_stops_it_first(open_screen, session, waits) -> None:
    session.work = waits
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.press("q", "1")
        await screen.until(lambda: screen.app.return_value == 0, "left")
    assert session.states[Phase.SOURCE].state is State.INTERRUPTED


async def test_hundred_thousand_lines_arrive_whole_and_the_screen_answers_meanwhile(open_screen, session) -> None:
    def work(phase, sink, cancel) -> None:
        for number in range(100_000):
            sink(LogLine(f"line {number} of a build that talks a lot"))

    session.work = work
    async with open_screen() as screen:
        await screen.press("s")
        while screen.state.busy or not screen.state.last:
            await screen.press("up")
        await screen.idle()
        log = screen.app.screen.log_view
        await screen.press("home", "down", "l")
        await screen.until(lambda: log.line_count == 100_001, "all lines")
        assert "line 99999 of a build" in screen.text()
        await screen.press("home")
        await screen.until(lambda: "line 0 of a build" in screen.text(), "the first line")
        assert not log.following
        await screen.press("f")
        await screen.until(lambda: "source done after" in screen.text(), "the tail again")


async def test_log_scrolled_away_from_its_tail_stays_there(open_screen, session, waits) -> None:
    def work(phase, sink, cancel) -> None:
        for number in range(200):
            sink(LogLine(f"early {number}"))
        waits(phase, sink, cancel)
        for number in range(200):
            sink(LogLine(f"late {number}"))

    session.work = work
    async with open_screen() as screen:
        await screen.press("s", "l")
        await screen.until(lambda: "early 199" in screen.text(), "the tail")
        await screen.press("pageup", "pageup")
        await screen.until(lambda: "early 199" not in screen.text(), "scrolled")
        shown = screen.app.screen.log_view.scroll_offset
        waits.go.set()
        await screen.idle()
        assert screen.app.screen.log_view.scroll_offset == shown
        await screen.press("end")
        await screen.until(lambda: "source done after" in screen.text(), "the tail")
