"""The panes of the debugger's screen: what they show, and what their keys and the mouse do."""

from __future__ import annotations

from cbw_core.session import Phase, State

BUILD = """\
list=(alpha beta)
declare -A where=([lib]=lib64)
long=one:two:three:four:five:six:seven:eight:nine:ten:eleven:twelve
for i in 1 2 3; do
  echo "turn $i"
done
sleep 0.3; echo made > $PREFIX/made.txt
: end
"""


async def at_line(screen, line: int) -> None:  # type: ignore[no-untyped-def]
    await screen.type(f"break {line}")
    await screen.idle()
    await screen.press("f6", "r", "4")
    await screen.stands(line)


async def end(screen, session) -> None:  # type: ignore[no-untyped-def]
    await screen.type("delete")
    await screen.idle()
    await screen.press("c")
    await screen.until(lambda: session.status()[Phase.BUILD].state is State.DONE, "the build is done")


async def test_breakpoints_are_set_and_taken_away_by_key_and_by_mouse(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((120, 40), session) as screen:
        await at_line(screen, 4)
        source = screen.app.screen.sources.view
        await screen.pilot.click(source, offset=(1, 6))
        await screen.until(lambda: "●   7 sleep" in screen.pane("source-pane").replace("● ", "●  "), "set by the mouse")
        await screen.idle()
        assert source.cursor == 7
        await screen.press("b")
        await screen.until(lambda: len(screen.state.looked.breakpoints) == 1, "taken away by the key")
        await screen.idle()
        await screen.pilot.click(source, offset=(30, 4))
        assert source.cursor == 5 and len(screen.state.looked.breakpoints) == 1, "beside the text, not in it"
        await screen.press("B", *"[[ $i = 3 ]]", "enter")
        await screen.until(lambda: len(screen.state.looked.breakpoints) == 2, "one with a condition")
        await screen.idle()
        assert "◆  5" in screen.pane("source-pane")
        await screen.type("delete 1")
        await screen.idle()
        await screen.press("c")
        await screen.stands(5)
        assert "i=3" in screen.pane("variables")
        await end(screen, session)


async def test_keys_of_the_breakpoints_pane_switch_condition_and_forget(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((120, 40), session) as screen:
        await at_line(screen, 3)
        for line in (5, 7):
            await screen.type(f"break {line}")
            await screen.idle()
        pane = screen.app.screen.query_one("#breakpoints")
        pane.focus()
        await screen.press("down", "space")
        await screen.until(lambda: "○ 2 build.sh:5" in screen.pane("breakpoints"), "switched off")
        await screen.idle()
        await screen.press("down", "B", *"[[ -e $PREFIX ]]", "enter")
        await screen.until(lambda: "◆ 3 build.sh:7 if [[ -e $PREFIX ]]" in screen.pane("breakpoints"), "a condition")
        await screen.idle()
        await screen.press("B", "enter")
        await screen.idle()
        assert "if [[ -e $PREFIX ]]" in screen.pane("breakpoints"), "the condition is there to be edited"
        await screen.press("c")
        await screen.stands(7)
        pane.focus()
        pane.go(1)
        await screen.press("enter")
        await screen.until(lambda: screen.app.screen.sources.view.cursor == 5, "the line of the second")
        pane.focus()
        await screen.press("d")
        await screen.until(lambda: [p.number for p in screen.state.looked.breakpoints] == [1, 3], "forgotten")
        await end(screen, session)


async def test_arrays_and_long_values_open_and_the_environment_is_folded(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((80, 24), session) as screen:
        await at_line(screen, 4)
        text = screen.pane("variables")
        assert "▸list=([0]=alpha" in text and "▸long=one:two" in text and "of the environment" in text
        assert "PKG_NAME" not in text
        pane = screen.app.screen.variables
        pane.focus()
        pane.go(pane._names.index("list"))
        await screen.press("enter")
        assert "▾list=" in screen.pane("variables") and "[1]=beta" in screen.pane("variables")
        await screen.press("enter")
        assert "[1]=beta" not in screen.pane("variables").replace("[1]=beta)", "")
        pane.go(pane._names.index("long"))
        await screen.press("enter")
        assert "eleven:twelve" in screen.pane("variables").replace("\n", "").replace(" ", "")
        await screen.press("slash", *"PKG_N", "enter")
        assert "PKG_NAME=zoo" in screen.pane("variables") and "list" not in screen.pane("variables")
        await screen.press("slash", "enter")
        assert "list" in screen.pane("variables")
        await screen.type("delete")
        await screen.idle()
        await screen.press("n")
        await screen.idle()
        assert "* i=1" in screen.pane("variables"), "what has changed is marked"
        assert screen.pane("variables").index("i=1") < screen.pane("variables").index("list")
        await end(screen, session)


async def test_seconds_and_files_of_lines_stand_beside_them_and_new_files_are_listed(open_screen, scripted) -> None:
    session = scripted(BUILD)
    async with open_screen((120, 40), session) as screen:
        await at_line(screen, 7)
        await screen.press("n", "n")
        await screen.until(lambda: screen.state.standing and screen.state.standing.line >= 7, "behind it")
        await screen.type("until 8")
        await screen.stands(8)
        await screen.until(lambda: "s +1 sleep 0.3" in screen.pane("source-pane"), "what lines took", seconds=30)
        await screen.press("m")
        await screen.until(lambda: "$PREFIX/made.txt" in screen.pane("script-results"), "blame")
        await screen.press("t")
        await screen.until(lambda: "sleep 0.3" in screen.pane("script-results"), "the timeline")
        await end(screen, session)
        await screen.idle()
        assert "s +1 sleep 0.3" in screen.pane("source-pane"), "the recorded build's stay when it is over"


async def test_files_made_since_the_stop_before_are_listed_with_their_line(open_screen, scripted) -> None:
    session = scripted("mkdir -p $PREFIX/lib\necho 1 > $PREFIX/lib/a\n: one\necho 2 >> $PREFIX/lib/a\n: two\n")
    async with open_screen((120, 40), session) as screen:
        await at_line(screen, 3)
        await screen.until(lambda: "+ $PREFIX/lib/a :2" in screen.pane("made"), "made", seconds=30)
        await screen.press("n")
        await screen.stands(4)
        await screen.press("n")
        await screen.stands(5)
        await screen.until(lambda: "~ $PREFIX/lib/a" in screen.pane("made"), "changed")
        await end(screen, session)


async def test_all_that_matters_is_seen_at_80_by_24_at_a_failure(open_screen, scripted) -> None:
    session = scripted("set -e\nname=zoo\nls /no-such-folder\necho after\n")
    async with open_screen((80, 24), session) as screen:
        await screen.press("f6", "r", "4")
        await screen.stands(3)
        text = screen.text()
        assert " ✗ 3 ls /no-such-folder" in screen.pane("source-pane") and "status 2" in screen.pane("source-pane")
        assert "No such file or directory" in " ".join(screen.pane("script-log").split()), text
        for offered in ("e edit", "! shell", "C ignore it", "c let it fail"):
            assert offered in screen.pane("offer")
        assert "failed with status 2" in screen.pane("stack") and "main  build.sh:3" in screen.pane("stack")
        assert "name=zoo" in screen.pane("variables")
        keys = "s Step,n Next,f Finish,u Until,c Continue,b Break,e Edit,r Reload,! Shell,? Help"
        for key in keys.split(","):
            assert key in text.split("\n")[-1]
        await screen.press("C")
        await screen.until(lambda: session.status()[Phase.BUILD].state is State.DONE, "it went on behind it")
    assert "after" in session.layout.log(Phase.BUILD).read_text()


async def test_without_colours_everything_is_told_by_signs(open_screen, scripted, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session = scripted(BUILD)
    async with open_screen((120, 40), session) as screen:
        await at_line(screen, 5)
        strips = screen.app.screen._compositor.render_strips()
        colours = {s.style.color.triplet for strip in strips for s in strip if s.style and s.style.color}
        assert screen.app.no_color
        assert "●►" in screen.pane("source-pane") and colours
        await end(screen, session)


async def test_a_light_terminal_gets_a_light_theme(open_screen, session, monkeypatch) -> None:
    monkeypatch.setenv("COLORFGBG", "0;15")
    async with open_screen() as screen:
        assert screen.app.theme == "cbw-light" and not screen.app.current_theme.dark
    monkeypatch.setenv("CBW_THEME", "nord")
    async with open_screen() as screen:
        assert screen.app.theme == "nord"
    monkeypatch.setenv("CBW_THEME", "no-such")
    async with open_screen() as screen:
        assert "there is no theme no-such" in screen.text()
