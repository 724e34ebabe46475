"""Outputs and phases on the screen: keys move and run, `:` commands do the same, states are told by word and glyph."""

from __future__ import annotations

import pytest

from cbw_core.events import LogLine
from cbw_core.session.model import PHASES, Phase, State
from cbw_workbench.tui.widgets.phases import PhaseList

SIZES = [(80, 24), (160, 45)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_phase_can_be_stepped_by_key(open_screen, session, size) -> None:
    async with open_screen(size) as screen:
        for phase in PHASES[1:]:
            await screen.press("s")
            await screen.until(lambda phase=phase: screen.state.rows[0][phase].state is State.DONE, phase)
            await screen.idle()
        assert session.calls == ["step"] * 6
        assert "all phases are done" in screen.text()


async def test_every_phase_can_be_stepped_by_command(open_screen, session) -> None:
    async with open_screen() as screen:
        for _ in PHASES[1:]:
            await screen.type("step")
            await screen.idle()
        assert session.calls == ["step"] * 6
        assert screen.state.rows[0].next_phase is None


async def test_run_to_asks_for_a_phase_and_takes_its_number(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("r", "4")
        await screen.idle()
        assert session.calls == ["run build"]
        assert screen.state.last.line == "run build"


async def test_run_to_can_be_chosen_with_arrows_and_left_with_escape(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("r", "escape")
        await screen.press("r", "down", "enter")
        await screen.idle()
        assert session.calls == ["run env"]


async def test_rerun_and_rewind_take_the_selected_phase(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("r", "7")
        await screen.idle()
        await screen.press("home", "down", "down", "down", "R")
        await screen.idle()
        await screen.press("up", "w")
        await screen.idle()
        assert session.calls == ["run test", "rerun build", "rewind env"]
        assert screen.state.rows[0][Phase.ENV].state is State.PENDING


async def test_key_shows_the_command_it_ran(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("s")
        await screen.idle()
        assert "> step  ✓" in screen.text()


async def test_states_are_told_by_word_and_glyph(open_screen, session) -> None:
    session.set("source", State.DONE, seconds=0.4)
    session.set("env", State.STALE, why_stale=("requirements/host",))
    session.set("build", State.FAILED)
    session.set("post", State.INTERRUPTED)
    session.set("package", State.SKIPPED)
    async with open_screen() as screen:
        text = screen.text()
        for told in ("✓ done", "↻ stale", "✗ failed", "■ interrupted", "- skipped", "· pending", "0.4s"):
            assert told in text


async def test_selected_stale_phase_says_why(open_screen, session) -> None:
    session.set("source", State.DONE)
    session.set("env", State.STALE, why_stale=("requirements/host", "channels"))
    async with open_screen() as screen:
        await screen.press("home", "down", "down")
        assert screen.state.cursor.phase is Phase.ENV
        await screen.pilot.pause()
        assert "requirements/host" in screen.text()


async def test_arrows_select_output_and_phase(open_screen, session, tmp_path) -> None:
    session.siblings = [type(session)(tmp_path / "other", session.recipe, session.config, name="zootools-1.0-0")]
    async with open_screen() as screen:
        await screen.press("right", "end")
        assert (screen.state.cursor.row, screen.state.cursor.phase) == (1, Phase.TEST)
        await screen.press("shift+tab", "up", "left")
        assert (screen.state.cursor.row, screen.state.cursor.phase) == (0, Phase.PACKAGE)


async def test_click_selects_a_phase(open_screen) -> None:
    async with open_screen() as screen:
        await screen.pilot.click(PhaseList, offset=(5, 4))
        assert screen.state.cursor.phase is Phase.POST


async def test_command_works_on_the_selected_output(open_screen, session, tmp_path, monkeypatch) -> None:
    other = type(session)(tmp_path / "other", session.recipe, session.config, name="zootools-1.0-0")
    session.siblings, other.siblings = [other], [session]
    monkeypatch.setattr("cbw_workbench.tui.worker.session_of", lambda _, row: other)
    monkeypatch.setattr(other, "group", lambda: (session.status(), other.status()))
    async with open_screen() as screen:
        await screen.press("right", "s")
        await screen.idle()
        assert (session.calls, other.calls) == ([], ["step"])
        assert screen.state.current == str(other.root)


async def test_the_cursor_stays_in_sight_among_many_outputs(open_screen, session, tmp_path) -> None:
    make = type(session)
    session.siblings = [make(tmp_path / str(n), session.recipe, session.config, name=f"part{n}-1-0") for n in range(20)]
    async with open_screen() as screen:
        await screen.press(*["right"] * 20)
        await screen.pilot.pause(0.1)
        assert screen.state.cursor.row == 20
        assert "part19" in screen.text() and "part1 " not in screen.text()


async def test_running_phase_shows_its_seconds_and_log(open_screen, session, waits) -> None:
    def work(phase, sink, cancel) -> None:
        sink(LogLine(f"{phase} says hello"))
        waits(phase, sink, cancel)

    session.work = work
    async with open_screen() as screen:
        await screen.press("s")
        await screen.until(lambda: screen.state.running, "running")
        await screen.until(lambda: "source says hello" in screen.text(), "log")
        assert "► running" in screen.text()
        waits.go.set()
        await screen.idle()


async def test_click_on_a_key_does_what_the_key_does(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.pilot.click("KeyLine", offset=(2, 0))
        await screen.idle()
        assert session.calls == ["step"]


async def test_click_on_a_title_turns_to_it(open_screen) -> None:
    async with open_screen() as screen:
        column = screen.text().splitlines()[1].index("build.sh")
        await screen.pilot.click(offset=(column + 2, 1))
        await screen.until(lambda: "1 set -e" in screen.text(), "build.sh")
