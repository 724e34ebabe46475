"""The screen over the example C library, built from the host channel: every output through all phases."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.session import Phase, Session, State, choose, create, plan
from support.paths import EXAMPLES

pytestmark = pytest.mark.slow


@pytest.fixture
def clib(config: Config, world: dict[str, str], tmp_path: Path) -> Session:
    recipe = Path(shutil.copytree(EXAMPLES / "clib", tmp_path / "clib"))
    config = replace(config, channels=("host",))
    made = plan(recipe, config, environ={**os.environ, **world})
    return create(made, choose(made, "pytally-*"), config, environ={**os.environ, **world})


def done(session: Session) -> bool:
    return all(p.state in (State.DONE, State.SKIPPED) for p in session.status().phases)


async def test_the_c_library_is_stepped_through_all_phases_by_keys(open_screen, clib: Session) -> None:
    async with open_screen((80, 24), clib) as screen:
        for phase in list(Phase)[1:]:
            await screen.press("s")
            await screen.until(lambda p=phase: clib.status()[p].state is State.DONE, f"{phase} is done", seconds=120)
            await screen.idle()
            assert screen.state.last.error is None, screen.state.last.error
    assert done(clib)
    states = {row.output.split("-1.2.0")[0]: row[Phase.PACKAGE].state for row in clib.group()}
    assert states["libtally"] is State.DONE


async def test_the_c_library_is_taken_through_all_phases_by_commands(open_screen, clib: Session) -> None:
    async with open_screen((80, 24), clib) as screen:
        for line in ("step", "run env", "run build", "rerun build", "step", "run package", "run test"):
            await screen.idle()
            before = len(screen.state.ran)
            await screen.type(line)
            await screen.until(lambda n=before: len(screen.state.ran) > n, f"{line} ends", seconds=120)
            await screen.idle()
            assert screen.state.last is not None and screen.state.last.line == line
            assert screen.state.last.error is None, screen.state.last.error
    assert done(clib)
