"""The debugger's screen over a real script in a real session: stopping, stepping, going on."""

from __future__ import annotations

import pytest

from cbw_core.session import Phase, State
from cbw_workbench.tui.screens.script import ScriptScreen

BUILD = """\
animal=cat
feed() {
  local food=$1
  echo "$animal eats $food"
}
feed fish
mkdir -p $PREFIX/share
echo done > $PREFIX/share/zoo.txt
"""


def is_done(session, phase: Phase = Phase.BUILD) -> bool:  # type: ignore[no-untyped-def]
    return session.status()[phase].state is State.DONE


async def test_a_breakpoint_set_at_a_line_stops_there_and_shows_source_calls_and_variables(
    open_screen, scripted
) -> None:
    session = scripted(BUILD)
    async with open_screen((130, 40), session) as screen:
        await screen.press("f6", "down", "down", "down", "b")
        await screen.until(lambda: screen.state.looked.breakpoints, "the breakpoint")
        await screen.press("f2", "s")
        await screen.stands(4)
        assert isinstance(screen.app.screen, ScriptScreen)
        assert '●► 4   echo "$animal eats $food"' in screen.pane("source-pane")
        stack = screen.pane("stack")
        assert "at breakpoint 1" in stack and "feed  build.sh:4" in stack and "main  build.sh:6" in stack
        assert "in $SRC_DIR" in stack
        assert "food=fish" in screen.pane("variables") and "animal=cat" in screen.pane("variables")
        assert "● 1 build.sh:4  hit 1x" in screen.pane("breakpoints")
        assert "build stands build.sh:4" in screen.text()
        await screen.press("c")
        await screen.until(lambda: is_done(session), "the build is done")


async def test_steps_go_into_functions_and_next_goes_over_them(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((130, 40), session) as screen:
        await screen.type("break 6")
        await screen.idle()
        await screen.press("f6", "r", "4")
        await screen.stands(6)
        await screen.press("s")
        await screen.stands(2)
        await screen.press("s")
        await screen.stands(3)
        await screen.press("f")
        await screen.stands(7)
        assert (screen.state.standing.function, screen.state.standing.command) == ("main", "mkdir -p $PREFIX/share")
        assert "cat eats fish" in screen.pane("script-log"), "what it says stays in the log of its phase"
        await screen.press("c")
        await screen.until(lambda: is_done(session), "the build is done")


async def test_until_goes_to_the_line_of_the_cursor(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((130, 40), session) as screen:
        await screen.type("break 1")
        await screen.idle()
        await screen.press("f6", "r", "4")
        await screen.stands(1)
        await screen.press("end", "u")
        await screen.stands(8)
        await screen.press("c")
        await screen.until(lambda: is_done(session), "the build is done")


async def test_a_key_held_down_to_the_end_of_the_script_runs_no_phase_behind_it(open_screen, scripted) -> None:
    session = scripted("for i in 1 2 3 4 5 6; do\n  x=$i\ndone\n")
    async with open_screen((100, 30), session) as screen:
        await screen.type("break 2")
        await screen.idle()
        await screen.press("f6", "r", "4")
        await screen.stands(2)
        await screen.type("delete")
        await screen.idle()
        for _ in range(200):
            await screen.press("s")
            if is_done(session):
                break
        await screen.idle()
        await screen.press("s", "n", "s")
        await screen.idle()
        assert is_done(session)
        assert session.status()[Phase.POST].state is State.PENDING
        assert not any(ran.error for ran in screen.state.ran), "a key pressed while the script is under way is let go"


async def test_eval_answers_from_the_scripts_own_shell(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((130, 40), session) as screen:
        await screen.type("break 4")
        await screen.idle()
        await screen.press("s")
        await screen.stands(4)
        await screen.press("p", *"food=mice; echo 40 more", "enter")
        await screen.until(lambda: "food=mice" in screen.pane("variables"), "the new value")
        assert "40 more" in screen.pane("script-results")
        await screen.press("c")
        await screen.until(lambda: is_done(session), "the build is done")
    assert "cat eats mice" in session.layout.log(Phase.BUILD).read_text()


async def test_quitting_at_a_stop_asks_and_leaves_no_process(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((80, 24), session) as screen:
        await screen.type("break 7")
        await screen.idle()
        await screen.press("s")
        await screen.stands(7)
        await screen.press("q")
        await screen.until(lambda: "stands at a stop" in screen.text(), "the question")
        await screen.press("1")
        await screen.until(lambda: not screen.app.is_running, "it is left")
    assert session.status()[Phase.BUILD].state is State.INTERRUPTED


async def test_a_sourced_file_is_followed_into_though_its_name_is_relative(open_screen, scripted) -> None:
    session = scripted("cd $RECIPE_DIR\nsource ./lib.sh\ngreet\n", **{"lib.sh": "greet() {\n  echo hello\n}\n"})
    async with open_screen((130, 40), session) as screen:
        await screen.type("break greet")
        await screen.idle()
        await screen.press("f6", "r", "4")
        await screen.stands(1, "/lib.sh")
        assert "► 1 greet() {" in screen.pane("source-pane") and "lib.sh" in screen.pane("source-pane")
        assert "main  build.sh:3" in screen.pane("stack")
        screen.app.screen.query_one("#stack").focus()
        await screen.press("down")
        await screen.until(lambda: "greet\n" in screen.app.screen.sources.view.text[-6:], "the caller's file")
        await screen.press("g")
        assert screen.app.screen.sources.view.path.endswith("lib.sh")
        await screen.press("c")
        await screen.until(lambda: is_done(session), "the build is done")


async def test_a_script_that_runs_shows_where_it_is_and_stops_there_on_request(open_screen, scripted) -> None:
    session = scripted("echo before\nsleep 60\necho after\n")
    async with open_screen((100, 30), session) as screen:
        await screen.press("f6", "r", "4")
        await screen.until(lambda: "build.sh:2 for" in screen.text() and "sleep 60" in screen.text(), "where it is")
        assert "▹ 2 sleep 60" in screen.pane("source-pane")
        await screen.press("ctrl+c")
        await screen.until(lambda: screen.state.standing is not None, "it stands")
        await screen.idle()
        await screen.press("c")
        await screen.until(lambda: is_done(session) or screen.state.row[Phase.BUILD].state is State.FAILED, "it ends")


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12), (200, 60)])
async def test_script_screen_comes_up_at_any_size(open_screen, size) -> None:
    async with open_screen(size) as screen:
        await screen.press("f6")
        assert "r Run" in screen.text()
        await screen.press("question_mark", "escape", "z", "z", "tab", "tab", "f2")
        await screen.idle()
