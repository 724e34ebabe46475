"""The debugger's screen over a real script in a real session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.session import Phase, Session, State
from cbw_workbench.tui.screens.script import ScriptScreen

META = """\
package: {name: zoo, version: "1.0"}
build:
  number: 0
test: {commands: ["true"]}
"""
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


@pytest.fixture
def stepped(start: Callable[[Path], Session], recipe: Callable[..., Path]) -> Session:
    session = start(recipe("zoo", META, **{"build.sh": BUILD}))
    session.run(Phase.ENV)
    return session


async def stopped(screen, line: int) -> None:  # type: ignore[no-untyped-def]
    await screen.until(lambda: screen.state.standing and screen.state.standing.line == line, f"a stop at {line}")
    await screen.until(lambda: screen.state.looked.serial == screen.state.standing.serial, "a look")
    await screen.idle()


async def test_a_breakpoint_set_at_a_line_stops_there_and_shows_source_calls_and_variables(
    open_screen, stepped
) -> None:
    async with open_screen((130, 40), stepped) as screen:
        await screen.press("f6", "down", "down", "down", "b")
        await screen.until(lambda: screen.state.looked.breakpoints, "the breakpoint")
        await screen.press("f2", "s")
        await stopped(screen, 4)
        assert isinstance(screen.app.screen, ScriptScreen)
        text = screen.text()
        assert "► " in text and "at breakpoint 1" in text and "food=fish" in text and "animal=cat" in text
        assert "feed  build.sh:4" in text and "main  build.sh:6" in text
        assert "build stands build.sh:4" in text
        await screen.press("c")
        await screen.until(lambda: stepped.status()[Phase.BUILD].state is State.DONE, "the build is done")


async def test_steps_go_into_functions_and_next_goes_over_them(open_screen, stepped) -> None:
    async with open_screen((130, 40), stepped) as screen:
        await screen.type("break 6")
        await screen.idle()
        await screen.press("f6", "r", "4")
        await stopped(screen, 6)
        await screen.press("n")
        await stopped(screen, 7)
        assert (screen.state.standing.function, screen.state.standing.command) == ("main", "mkdir -p $PREFIX/share")
        await screen.press("u")
        await screen.idle()
        await screen.press("c")
        await screen.until(lambda: stepped.status()[Phase.BUILD].state is State.DONE, "the build is done")


async def test_what_a_script_says_after_a_stop_stays_in_the_log_of_its_phase(open_screen, stepped) -> None:
    async with open_screen((130, 40), stepped) as screen:
        await screen.type("break 6")
        await screen.idle()
        await screen.press("f6", "r", "4")
        await stopped(screen, 6)
        await screen.press("n")
        await stopped(screen, 7)
        assert "cat eats fish" in screen.text()
        await screen.press("c")
        await screen.until(lambda: stepped.status()[Phase.BUILD].state is State.DONE, "the build is done")


FIVE = """\
mkdir -p $PREFIX/lib $PREFIX/share
sleep 1; echo once >> $RECIPE_DIR/../count
{third} -shared -fPIC -o $PREFIX/lib/libzoo.so $RECIPE_DIR/zoo.c
echo fourth > $PREFIX/share/zoo.txt
cat $PREFIX/share/zoo.txt
"""


async def test_a_failed_line_is_mended_and_the_slow_one_before_it_runs_once(open_screen, stepped) -> None:
    """The library's build fails in its third command; with that edited it goes on to a tested package."""
    script = stepped.recipe / "build.sh"
    (stepped.recipe / "zoo.c").write_text("int zoo(void) { return 1; }\n")
    script.write_text(FIVE.format(third="no-such-compiler"))
    async with open_screen((130, 40), stepped) as screen:
        await screen.press("r", "7")
        await stopped(screen, 3)
        assert "failed with status 127" in screen.text()
        script.write_text(FIVE.format(third="cc"))
        await screen.press("r")
        await screen.idle()
        await screen.press("c")
        await screen.until(lambda: stepped.status()[Phase.TEST].state is State.DONE, "the package is tested")
        await screen.idle()
    assert (script.parent.parent / "count").read_text() == "once\n"
    assert (stepped.layout.host_prefix / "lib/libzoo.so").is_file()


async def test_eval_answers_from_the_scripts_own_shell(open_screen, stepped) -> None:
    async with open_screen((130, 40), stepped) as screen:
        await screen.type("break 4")
        await screen.idle()
        await screen.press("s")
        await stopped(screen, 4)
        await screen.press("p", *"food=mice", "enter")
        await screen.until(lambda: any(v.value == "mice" for v in screen.state.looked.variables), "the new value")
        await screen.press("c")
        await screen.until(lambda: stepped.status()[Phase.BUILD].state is State.DONE, "the build is done")
    assert "cat eats mice" in stepped.layout.log(Phase.BUILD).read_text()


async def test_quitting_at_a_stop_asks_and_leaves_no_process(open_screen, stepped) -> None:
    async with open_screen((80, 24), stepped) as screen:
        await screen.type("break 7")
        await screen.idle()
        await screen.press("s")
        await stopped(screen, 7)
        await screen.press("q")
        await screen.until(lambda: "stands at a stop" in screen.text(), "the question")
        await screen.press("1")
        await screen.until(lambda: not screen.app.is_running, "it is left")
    assert stepped.status()[Phase.BUILD].state is State.INTERRUPTED


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12), (200, 60)])
async def test_script_screen_comes_up_at_any_size(open_screen, size) -> None:
    async with open_screen(size) as screen:
        await screen.press("f6")
        assert "r Run" in screen.text()
        await screen.press("question_mark", "escape", "z", "z", "tab", "tab", "f2")
        await screen.idle()
