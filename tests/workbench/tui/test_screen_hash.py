"""The hash screen: the used variables, the lines they lead to, and what makes a package another one."""

from __future__ import annotations

import pytest

from cbw_workbench.tui.answers.node import lines
from cbw_workbench.tui.screens.hash import HashScreen

META = """\
package:
  name: zoo
  version: '1.0'
build:
  noarch: generic
  script: echo {{ flavour }}
test:
  commands:
    - 'true'
"""


@pytest.fixture
def sweet(session):  # type: ignore[no-untyped-def]
    (session.recipe / "meta.yaml").write_text(META)
    (session.recipe / "conda_build_config.yaml").write_text("other: [1]\nflavour:\n  - sweet\n")
    session.config = session.config.with_render(finalize=False)
    session.name = "zoo-1.0-h"
    return session


def tree(screen) -> list[str]:  # type: ignore[no-untyped-def]
    """The lines of the answer, those that are folded too."""
    return [str(node.label) for _, node in screen.app.screen.answer._walk()]


async def test_f3_shows_the_used_variables_with_where_their_values_come_from(open_screen, sweet) -> None:
    async with open_screen((120, 40), sweet) as screen:
        await screen.press("f3")
        assert isinstance(screen.app.screen, HashScreen)
        await screen.until(lambda: any("flavour = sweet" in line for line in tree(screen)), "the variable")
        assert any("conda_build_config.yaml:3" in line for line in tree(screen))
        assert any('"flavour": "sweet"' in line for line in tree(screen))


async def test_moving_over_a_variable_shows_the_line_that_uses_it(open_screen, sweet) -> None:
    async with open_screen((120, 40), sweet) as screen:
        await screen.press("f3")
        await screen.until(lambda: any("flavour" in line for line in tree(screen)), "the variable")
        await screen.press("slash", *"flavour = ", "enter")
        view = screen.app.screen.sources.view
        await screen.until(lambda: (view.path, view.cursor) == (str(sweet.recipe / "meta.yaml"), 6), "meta.yaml:6")
        await screen.press("right", "down")
        config = str(sweet.recipe / "conda_build_config.yaml")
        await screen.until(lambda: (view.path, view.cursor) == (config, 3), "the value's line")


async def test_an_edit_of_the_recipe_is_asked_about_again(open_screen, sweet) -> None:
    async with open_screen((120, 40), sweet) as screen:
        await screen.press("f3")
        await screen.until(lambda: any("flavour = sweet" in line for line in tree(screen)), "the variable")
        (sweet.recipe / "conda_build_config.yaml").write_text("flavour:\n  - salty\n")
        await screen.until(lambda: any("flavour = salty" in line for line in tree(screen)), "the new value")


async def test_a_recipe_that_cannot_be_rendered_says_why_in_its_place(open_screen, sweet) -> None:
    (sweet.recipe / "meta.yaml").write_text("package: {name: zoo, version: '{{ oops }'}\n")
    async with open_screen((80, 24), sweet) as screen:
        await screen.press("f3")
        await screen.until(lambda: tree(screen), "an answer")
        assert "meta.yaml" in "\n".join(tree(screen))


async def test_another_recipe_given_at_the_prompt_is_compared(open_screen, sweet, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "meta.yaml").write_text(META)
    (other / "conda_build_config.yaml").write_text("flavour:\n  - bitter\n")
    async with open_screen((120, 40), sweet) as screen:
        await screen.press("f3")
        await screen.until(lambda: tree(screen), "an answer")
        await screen.press("c")
        entry = screen.app.screen.command.input
        assert entry.value == f"inspect hash-inputs {sweet.recipe} -o 'zoo-1.0-*' "
        entry.value = f"inspect hash-inputs {sweet.recipe} {other}"
        await screen.press("enter")
        await screen.until(lambda: any("bitter" in line for line in tree(screen)), "the difference")
        assert any("changes the hash" in line for line in tree(screen))


async def test_the_answer_does_not_turn_the_page_of_the_session_screen(open_screen, sweet) -> None:
    async with open_screen((120, 40), sweet) as screen:
        page = screen.app.screen.page
        await screen.press("f3")
        await screen.until(lambda: tree(screen), "an answer")
        await screen.press("f2")
        assert screen.app.screen.page == page


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12), (200, 60)])
async def test_hash_screen_comes_up_at_any_size(open_screen, sweet, size) -> None:
    async with open_screen(size, sweet) as screen:
        await screen.press("f3")
        await screen.until(lambda: tree(screen), "an answer")
        assert "F3" not in lines(())  # nothing folded away crashes
        await screen.press("question_mark", "escape", "z", "z", "f2", "f3")
        await screen.idle()
