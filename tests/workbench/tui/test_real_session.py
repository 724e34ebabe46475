"""The screen over the real engine: a small noarch recipe through all phases, failing, cancelled, with two outputs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.session import Phase, Session, State, create, open_session, plan

META = """
package:
  name: zoo
  version: "1.0"
build:
  noarch: generic
test:
  commands:
    - test -f $PREFIX/share/zoo/cat
"""
SCRIPT = 'set -e\nmkdir -p "$PREFIX/share/zoo"\necho miau > "$PREFIX/share/zoo/cat"\n'
TWO = """
package:
  name: zoo-split
  version: "1.0"
build:
  noarch: generic
outputs:
  - name: zoo-cats
    build: {noarch: generic}
    script: one.sh
  - name: zoo-dogs
    build: {noarch: generic}
    script: one.sh
"""


@pytest.fixture
def make(recipe: Callable[..., Path], config: Config, world: dict[str, str]) -> Callable[..., Session]:
    """make(meta, **files) -> a session of the recipe's first output."""

    def make_it(meta: str = META, **files: str) -> Session:
        made = plan(recipe("zoo", meta, **files), config)
        return create(made, made.outputs[0], config, environ={**os.environ, **world})

    return make_it


async def test_noarch_recipe_is_stepped_to_a_tested_package_by_keys(open_screen, make) -> None:
    session = make(**{"build.sh": SCRIPT})
    async with open_screen((80, 24), session) as screen:
        while screen.state.rows[0].next_phase is not None:
            before = screen.state.rows[0].next_phase
            await screen.press("s")
            await screen.until(lambda: screen.state.last and not screen.state.jobs, "ended")
            assert screen.state.last.error is None, screen.state.last.error
            await screen.until(lambda b=before: screen.state.rows[0].next_phase is not b, f"{before} done")
        await screen.until(lambda: "zoo-1.0-0.conda" in screen.text(), "the package's name")
    assert all(p.state in (State.DONE, State.SKIPPED) for p in session.status().phases)


async def test_noarch_recipe_is_run_to_a_tested_package_by_command(open_screen, make) -> None:
    session = make(**{"build.sh": SCRIPT})
    async with open_screen((80, 24), session) as screen:
        await screen.type("run test")
        await screen.until(lambda: screen.state.last, "ended")
        assert screen.state.last.error is None
        await screen.type("rewind build")
        await screen.until(lambda: screen.state.last.line == "rewind build", "rewound")
        await screen.until(lambda: screen.state.rows[0].next_phase is Phase.BUILD, "build is next")


async def test_edit_of_the_recipe_makes_stale_what_it_changes(open_screen, make) -> None:
    session = make(**{"build.sh": SCRIPT})
    async with open_screen((80, 24), session) as screen:
        await screen.type("run build")
        await screen.until(lambda: screen.state.last, "ended")
        (session.recipe / "build.sh").write_text(SCRIPT + "echo wau > $PREFIX/share/zoo/dog\n")
        await screen.until(lambda: screen.state.rows[0][Phase.BUILD].state is State.STALE, "stale")
        assert screen.state.rows[0][Phase.BUILD].why_stale


async def test_build_that_fails_is_explained_and_its_log_is_there(open_screen, make) -> None:
    session = make(**{"build.sh": "set -e\necho before\nfalse\n"})
    async with open_screen((80, 24), session) as screen:
        await screen.press("r", "7")
        await screen.until(lambda: screen.state.last and not screen.state.jobs, "ended")
        assert screen.state.last.status == 1
        await screen.until(lambda: screen.state.standing, "it stands at the failure")
        await screen.press("c")
        await screen.until(lambda: screen.state.rows[0][Phase.BUILD].state is State.FAILED, "failed")
        await screen.idle()
        await screen.press("f2")
        assert screen.app.screen.page == "error"
        await screen.press("l")
        await screen.until(lambda: "before" in screen.text(), "log")


async def test_cancelled_build_is_interrupted_and_goes_on_afterwards(open_screen, make, tmp_path: Path) -> None:
    session = make(**{"build.sh": f"echo begun\n[ -e {tmp_path}/go ] || sleep 600\n" + SCRIPT})
    async with open_screen((80, 24), session) as screen:
        await screen.press("r", "4")
        await screen.until(lambda: "begun" in screen.text(), "begun")
        await screen.press("x")
        await screen.until(lambda: screen.state.last and not screen.state.jobs, "ended")
        assert screen.state.last.status == 130
        assert open_session(session.root).status()["build"].state is State.INTERRUPTED
        (tmp_path / "go").touch()
        await screen.press("r", "4")
        await screen.until(lambda: len(screen.state.ran) == 2, "ended")
        assert screen.state.last.error is None


async def test_leaving_while_a_build_runs_leaves_no_process(open_screen, make, tmp_path: Path) -> None:
    session = make(**{"build.sh": f"echo $$ > {tmp_path}/pid\necho begun\nsleep 600\n"})
    async with open_screen((80, 24), session) as screen:
        await screen.press("r", "4")
        await screen.until(lambda: "begun" in screen.text(), "begun")
        await screen.press("q", "1")
        await screen.until(lambda: screen.app.return_value == 0, "left")
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()
    assert not [t for t in threading.enumerate() if t.name.startswith("cbw run")]


async def test_command_on_an_output_not_begun_makes_its_session(open_screen, make) -> None:
    session = make(TWO, **{"one.sh": "mkdir -p $PREFIX/share\necho $PKG_NAME > $PREFIX/share/$PKG_NAME\n"})
    async with open_screen((80, 24), session) as screen:
        assert [row.output for row in screen.state.rows] == ["zoo-cats-1.0-0", "zoo-dogs-1.0-0"]
        await screen.press("right", "r", "4")
        await screen.until(lambda: screen.state.last and not screen.state.jobs, "ended")
        assert screen.state.last.error is None, screen.state.last.error
        await screen.until(lambda: screen.state.rows[1][Phase.BUILD].state is State.DONE, "built")
        assert screen.state.rows[0][Phase.BUILD].state is State.PENDING
        assert screen.state.cursor.row == 1
        assert "zoo-dogs" in screen.app.runner.context.session.output.name


async def test_status_at_the_prompt_is_drawn(open_screen, make) -> None:
    async with open_screen((120, 40), make(**{"build.sh": SCRIPT})) as screen:
        await screen.press("i")
        await screen.until(lambda: screen.state.last, "status")
        assert screen.state.last.error is None
        await screen.until(lambda: "> status" in screen.text() and "channels" in screen.text(), "results")


async def test_environments_are_looked_into_and_changed_at_the_prompt(open_screen, make, tmp_path: Path) -> None:
    from dataclasses import replace

    from cbw_core.channel import index
    from support.packages import make_package

    channel = tmp_path / "channel"
    make_package(channel, "core")
    make_package(channel, "more")
    index(channel)
    session = make(META.replace("test:", "requirements: {host: [ core ]}\ntest:"), **{"build.sh": SCRIPT})
    session.save(replace(session.ledger, config=replace(session.config, channels=(str(channel),)).to_json()))
    async with open_screen((110, 40), open_session(session.root, environ=session.environ)) as screen:
        for line, shown in (
            ("env add more", "host: added more"),
            ("inspect env host", "cbw env add"),
            ("env vars --name PKG_NAME", "build variables of zoo"),
        ):
            await screen.type(line)
            await screen.until(lambda line=line: screen.state.last and screen.state.last.line == line, line)
            assert screen.state.last.error is None, screen.state.last.error
            if line.startswith("env add"):  # it may run a phase, whose log stays in front
                await screen.press("v")
            await screen.until(lambda shown=shown: shown in screen.text(), f"{line}: {shown}")
