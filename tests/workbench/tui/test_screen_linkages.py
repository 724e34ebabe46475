"""The linkages screen over a session that gcc built: a library that is missing, the line to change, another look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.session import Phase, Session
from cbw_workbench.tui.screens.linkages import LinkagesScreen

META = """\
package: {name: zoo, version: "1.0"}
build:
  number: 0
test: {commands: ["true"]}
"""
BUILD = """\
mkdir -p $PREFIX/lib $PREFIX/gone
cd $SRC_DIR
echo 'int feed(void) { return 1; }' > feed.c
echo 'int puts(const char *); int feed(void); int cat(void) { return puts("miaow") + feed(); }' > cat.c
cc -shared -fPIC -Wl,-soname,libfeed.so -o libfeed.so feed.c
cc -shared -fPIC -o $PREFIX/lib/libcat.so cat.c -L. -lfeed
"""


@pytest.fixture
def built(start: Callable[[Path], Session], recipe: Callable[..., Path]) -> Session:
    session = start(recipe("zoo", META, **{"build.sh": BUILD}))
    session.run(Phase.BUILD)
    return session


def tree(screen) -> list[str]:  # type: ignore[no-untyped-def]
    return [str(node.label) for _, node in screen.app.screen.answer._walk()]


async def test_f4_names_the_file_the_library_and_the_line_that_would_allow_it(open_screen, built) -> None:
    async with open_screen((130, 40), built) as screen:
        await screen.press("f4")
        assert isinstance(screen.app.screen, LinkagesScreen)
        await screen.until(lambda: any("lib/libcat.so" in line for line in tree(screen)), "the file")
        lines = tree(screen)
        assert any("libfeed.so" in line and "missing" in line for line in lines), lines
        assert any("missing_dso_whitelist" in line for line in lines), lines
        assert any("libc.so.6" in line and "system" in line for line in lines), lines


async def test_f_leaves_only_what_is_wrong_and_brings_all_back(open_screen, built) -> None:
    async with open_screen((130, 40), built) as screen:
        await screen.press("f4")
        await screen.until(lambda: any("libc.so.6" in line for line in tree(screen)), "all")
        await screen.press("f")
        await screen.until(lambda: not any("libc.so.6" in line for line in tree(screen)), "findings only")
        assert any("libfeed.so" in line for line in tree(screen))
        await screen.press("f")
        await screen.until(lambda: any("libc.so.6" in line for line in tree(screen)), "all again")


async def test_a_verdict_is_chosen_from_a_list(open_screen, built) -> None:
    async with open_screen((130, 40), built) as screen:
        await screen.press("f4")
        await screen.until(lambda: any("libc.so.6" in line for line in tree(screen)), "all")
        await screen.press("v", "4")
        await screen.until(lambda: not any("libfeed" in line for line in tree(screen)), "the system's only")
        assert any("libc.so.6" in line for line in tree(screen))


async def test_it_checks_again_when_post_has_run(open_screen, built) -> None:
    async with open_screen((130, 40), built) as screen:
        await screen.press("f4")
        await screen.until(lambda: any("post has not run" in line for line in tree(screen)), "the first look")
        await screen.press("s")
        await screen.until(
            lambda: tree(screen) and not any("post has not run" in line for line in tree(screen)), "again"
        )


async def test_a_session_that_has_built_nothing_says_what_to_do(open_screen) -> None:
    async with open_screen((80, 24)) as screen:
        await screen.press("f4")
        await screen.until(lambda: "nothing is built yet" in " ".join(tree(screen)), "what to do")
        await screen.press("question_mark", "escape", "f2")
