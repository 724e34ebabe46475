"""The prompt, the results, the palette, help: commands by name."""

from __future__ import annotations

from textual import events
from textual.command import CommandPalette

from cbw_core.session.model import State
from cbw_workbench.tui.screens.help import HelpScreen


async def test_result_of_a_command_is_drawn(open_screen) -> None:
    async with open_screen() as screen:
        await screen.type("help")
        await screen.until(lambda: screen.app.screen.page == "results", "results")
        await screen.until(lambda: "Commands (" in screen.text() or "rewind" in screen.text(), "text")


async def test_mistyped_command_is_explained(open_screen) -> None:
    async with open_screen() as screen:
        await screen.type("stpe")
        await screen.until(lambda: screen.state.last, "refused")
        await screen.pilot.pause()
        assert screen.state.last.status == 2
        assert "there is no command 'stpe'" in screen.text() and "Did you mean 'step'?" in screen.text()


async def test_wrong_argument_is_explained(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.type("run biuld")
        await screen.until(lambda: screen.state.last, "refused")
        await screen.pilot.pause()
        assert "Did you mean 'build'?" in screen.text()
        assert session.calls == []


async def test_tab_completes_and_enter_runs(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("colon", *"rer", "tab", *"so", "tab", "enter")
        await screen.idle()
        assert session.calls == ["rerun source"]


async def test_tab_goes_through_the_choices(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("colon", *"re", "tab", "tab")
        assert screen.app.screen.command.input.value == "rerun "
        await screen.press("shift+tab")
        assert screen.app.screen.command.input.value == "render "


async def test_up_brings_earlier_lines_back(open_screen, session) -> None:
    async with open_screen() as screen:
        for line in ("status", "help", "run source"):
            await screen.type(line)
            await screen.idle()
        await screen.press("colon", "up", "up")
        assert screen.app.screen.command.input.value == "help"
        await screen.press("down", "down")
        assert screen.app.screen.command.input.value == ""
        await screen.press(*"st", "up")
        assert screen.app.screen.command.input.value == "status"


async def test_history_outlives_the_screen(open_screen) -> None:
    async with open_screen() as screen:
        await screen.type("help step")
        await screen.idle()
    async with open_screen() as screen:
        await screen.press("colon", "up")
        assert screen.app.screen.command.input.value == "help step"


async def test_escape_leaves_the_prompt_to_the_pane_it_came_from(open_screen) -> None:
    async with open_screen() as screen:
        before = screen.app.screen.focused
        await screen.press("colon", "s", "escape")
        assert screen.app.screen.focused is before
        assert screen.state.jobs == () and screen.state.ran == ()


async def test_letters_typed_at_the_prompt_are_no_keys(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("colon", *"sRwq", "escape")
        assert session.calls == [] and screen.app.return_value is None


async def test_line_pasted_with_its_colon_goes_to_the_prompt_whole(open_screen, session) -> None:
    async with open_screen() as screen:
        for key, character in (("colon", ":"), *((c, c) for c in "step")):
            screen.app.post_message(events.Key(key, character))
        screen.app.post_message(events.Key("enter", None))
        await screen.until(lambda: screen.state.last, "step ended")
        assert screen.state.last.line == "step"
        assert session.calls == ["step"]


async def test_keys_typed_faster_than_the_question_appears_answer_it(open_screen, session) -> None:
    async with open_screen() as screen:
        for key in "r4":
            screen.app.post_message(events.Key(key, key))
        await screen.until(lambda: screen.state.last, "run ended")
        assert session.calls == ["run build"]


async def test_colon_can_be_typed_in_the_prompt(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("colon", "colon", "slash", "escape")
        assert screen.app.screen.command.input.value == ":/"


async def test_palette_has_the_commands_and_runs_one(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("ctrl+p")
        await screen.until(lambda: isinstance(screen.app.screen, CommandPalette), "palette")
        await screen.press(*"step")
        await screen.pilot.pause(0.3)
        await screen.press("enter")
        await screen.until(lambda: session.calls == ["step"], "step ran")
        await screen.idle()
        assert screen.state.rows[0]["source"].state is State.DONE


async def test_palette_entry_that_needs_words_comes_to_the_prompt(open_screen, session) -> None:
    async with open_screen() as screen:
        await screen.press("ctrl+p")
        await screen.until(lambda: isinstance(screen.app.screen, CommandPalette), "palette")
        await screen.press(*"rewind")
        await screen.pilot.pause(0.3)
        await screen.press("enter")
        await screen.until(lambda: not isinstance(screen.app.screen, CommandPalette), "closed")
        await screen.until(lambda: screen.app.screen.command.input.value == "rewind ", "prompt")


async def test_help_opens_and_closes(open_screen) -> None:
    async with open_screen() as screen:
        await screen.press("question_mark")
        assert isinstance(screen.app.screen, HelpScreen)
        assert ":rerun PHASE" in screen.text()
        await screen.press("escape")
        assert not isinstance(screen.app.screen, HelpScreen)


async def test_command_of_the_caller_s_shell_shows_what_it_says(open_screen) -> None:
    async with open_screen() as screen:
        await screen.type("!echo from the shell")
        await screen.idle()
        await screen.until(lambda: "from the shell" in screen.text(), "output")
        assert screen.state.last.status == 0


async def test_question_of_a_command_is_asked_on_the_screen(open_screen) -> None:
    import threading

    async with open_screen() as screen:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(screen.app.ask("Which one?", ("cat", "dog"))))
        thread.start()
        await screen.until(lambda: "Which one?" in screen.text(), "question")
        await screen.press("2")
        await screen.until(lambda: answers == [1], "answer")
        thread.join()


async def test_shell_without_a_terminal_to_give_is_refused_with_a_way_out(open_screen, session, monkeypatch) -> None:
    import cbw_workbench.shell as shell

    monkeypatch.setattr(shell, "place_of", lambda *_: None)
    async with open_screen() as screen:
        await screen.press("exclamation_mark")
        await screen.idle()
        assert screen.state.last.line == "shell"
        assert "cannot make way for a shell" in screen.state.last.error.message
