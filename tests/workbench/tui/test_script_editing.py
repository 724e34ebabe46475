"""Editing at a stop, on the debugger's screen: what is offered, what is refused, and going on."""

from __future__ import annotations

from cbw_core.session import Phase, State

FIVE = """\
mkdir -p $PREFIX/lib $PREFIX/share
sleep 1; echo once >> $RECIPE_DIR/../count
{third} -shared -fPIC -o $PREFIX/lib/libzoo.so $RECIPE_DIR/zoo.c
echo fourth > $PREFIX/share/zoo.txt
cat $PREFIX/share/zoo.txt
"""


async def test_a_failed_line_is_mended_in_another_editor_and_the_slow_one_before_it_runs_once(
    open_screen, scripted
) -> None:
    session = scripted(FIVE.format(third="no-such-compiler"), **{"zoo.c": "int zoo(void) { return 1; }\n"})
    script = session.recipe / "build.sh"
    async with open_screen((130, 40), session) as screen:
        await screen.press("r", "7")
        await screen.stands(3)
        script.write_text("# mended\n" + FIVE.format(third="cc"))
        await screen.until(lambda: "the script has changed" in screen.text(), "the offer to read it in")
        assert screen.line("source-pane", "-shared").startswith("▷ 4 cc"), "where it will go on, in the new text"
        await screen.press("r")
        await screen.until(lambda: "c goes on with line 4" in screen.pane("offer"), "the offer to go on")
        assert "+cc -shared" in screen.pane("script-results")
        await screen.press("c")
        await screen.until(
            lambda: session.status()[Phase.TEST].state is State.DONE, "the package is tested", seconds=60
        )
        await screen.idle()
    assert (script.parent.parent / "count").read_text() == "once\n"
    assert (session.layout.host_prefix / "lib/libzoo.so").is_file()


async def test_what_is_refused_is_said_in_place_and_the_script_still_stands(open_screen, scripted) -> None:
    session = scripted("set -e\nfalse\necho after\n")
    script = session.recipe / "build.sh"
    async with open_screen((100, 34), session) as screen:
        await screen.press("f6", "r", "4")
        await screen.stands(2)
        script.write_text("set -e\nif true; then\necho after\n")
        await screen.press("r")
        await screen.until(
            lambda: "bash cannot read the edited script" in screen.pane("script-results"), "syntax error"
        )
        assert "build.sh:" in screen.pane("script-results"), "with its place"
        assert screen.state.standing.line == 2
        await screen.press("U")
        await screen.until(lambda: "no snapshots are kept" in screen.pane("script-results"), "back is refused")
        await screen.type("break 400")
        await screen.until(lambda: "no command at or behind line 400" in screen.pane("script-results"), "bad line")
        script.write_text("set -e\ntrue\necho after\n")
        await screen.press("r")
        await screen.until(lambda: "+true" in screen.pane("script-results"), "the mended script")
        await screen.press("c")
        await screen.until(lambda: session.status()[Phase.BUILD].state is State.DONE, "the build is done")


async def test_back_to_a_line_whose_snapshot_was_kept(open_screen, scripted) -> None:
    session = scripted("n=1\necho one > $PREFIX/one\nn=2\n: end\n")
    async with open_screen((100, 34), session) as screen:
        for line in ("snapshots commands", "break 4"):
            await screen.type(line)
            await screen.idle()
        await screen.press("f6", "r", "4")
        await screen.stands(4)
        assert screen.state.looked.snapshots[:2] == (1, 2)
        assert "↶" in next(row for row in screen.pane("source-pane").split("\n") if "echo one" in row)
        screen.app.screen.sources.view.go(2)
        await screen.press("o", "U")
        await screen.stands(2)
        assert not (session.layout.host_prefix / "one").exists()
        assert "n=1" in screen.pane("variables")
        await screen.type("delete")
        await screen.idle()
        await screen.press("c")
        await screen.until(lambda: session.status()[Phase.BUILD].state is State.DONE, "the build is done")
    assert (session.layout.host_prefix / "one").read_text() == "one\n"
