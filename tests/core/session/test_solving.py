"""All environments of a recipe solved before anything else is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.errors import CbwError, EnvironmentFailure
from cbw_core.events import Progress, Recorder
from cbw_core.session import Phase, Session, State, choose, create, plan, solve_all, solve_first
from support.packages import make_package

TWO = """\
package: {name: two, version: 1.0}
outputs:
  - name: libtwo
    requirements:
      run:
        - zlib
  - name: tool
    requirements:
      host:
        - libtwo
        - zlib
      run:
        - libtwo >=1
    test:
      commands:
        - echo
      requires:
        - REQUIRED
"""


@pytest.fixture
def on_channel(config: Config, tmp_path: Path) -> Config:
    folder = tmp_path / "channel"
    make_package(folder, "zlib", "1.3")
    make_package(folder, "pytest", "8.0")
    index(folder)
    return replace(config, channels=(str(folder),))


Begin = Callable[[Path, str], Session]


@pytest.fixture
def begin(on_channel: Config, world: Mapping[str, str]) -> Begin:
    def make(folder: Path, pattern: str) -> Session:
        made = plan(folder, on_channel, environ=world)
        return create(made, choose(made, pattern), on_channel, environ=world)

    return make


def test_outputs_that_are_not_built_stand_in_each_others_environments(
    recipe: Callable[..., Path], on_channel: Config, world: Mapping[str, str]
) -> None:
    outputs = plan(recipe("two", TWO.replace("REQUIRED", "pytest")), on_channel, environ=world).outputs
    found = {(one.output.split("-")[0], one.env): one for one in solve_all(outputs, on_channel, environ=world)}
    assert sorted(found) == [("tool", "host"), ("tool", "test")]
    assert [p.name for p in found["tool", "host"].packages] == ["libtwo", "zlib"]
    assert [p.name for p in found["tool", "test"].packages] == ["libtwo", "pytest", "tool", "zlib"]


def test_a_test_environment_that_cannot_be_is_a_warning_and_kept_in_the_ledger(
    recipe: Callable[..., Path], begin: Begin
) -> None:
    session = begin(recipe("two", TWO.replace("REQUIRED", "pytest >=9")), "tool-*")
    told = Recorder()
    solve_first(session, sink=told)
    (warning,) = told.notes("warning")
    assert "pytest >=9" in warning and "meta.yaml:18:" in warning and "pytest 8.0" in warning
    kept = session.ledger.solved[session.output.dist]
    assert kept["test"]["error"]["line"] == 18
    assert kept["host"]["packages"] == [p.dist for p in session.output.solved["host"]]
    assert session.status()[Phase.ENV].state is State.PENDING
    steps = [event for event in told.events if isinstance(event, Progress)]
    assert (steps[0].total, steps[-1].done, steps[-1].finished) == (2, 2, True)


def test_an_own_environment_that_cannot_be_ends_it_before_the_source_is_fetched(
    recipe: Callable[..., Path], begin: Begin
) -> None:
    meta = "package: {name: one, version: 1.0}\nrequirements:\n  host:\n    - zlib >=9\n"
    session = begin(recipe("one", meta), "one-*")
    with pytest.raises(EnvironmentFailure) as caught:
        solve_first(session)
    assert caught.value.place is not None and caught.value.place.line == 4
    status = session.status()
    assert (status[Phase.SOURCE].state, status[Phase.ENV].state) == (State.PENDING, State.FAILED)
    with pytest.raises(CbwError, match="zlib >=9"):
        session.run(Phase.ENV)


def test_an_output_that_its_own_recipe_cannot_satisfy_is_refused(
    recipe: Callable[..., Path], on_channel: Config, world: Mapping[str, str]
) -> None:
    meta = TWO.replace("REQUIRED", "pytest").replace("libtwo >=1", "libtwo >=2")
    outputs = plan(recipe("two", meta), on_channel, environ=world).outputs
    (error,) = [one.error for one in solve_all(outputs, on_channel, environ=world) if one.error]
    assert "libtwo >=2" in error.message and "This recipe makes libtwo 1.0" in str(error.why)
    assert error.place is not None and error.place.line == 13


def test_channel_sources_are_told_of_not_followed(
    recipe: Callable[..., Path], on_channel: Config, world: Mapping[str, str]
) -> None:
    meta = "package: {name: one, version: 1.0}\n"
    folder = recipe("one", meta, **{"conda_build_config.yaml": "channel_sources:\n  - team,other\n"})
    told = Recorder()
    plan(folder, on_channel, environ=world, sink=told)
    assert [note for note in told.notes("hint") if note.endswith("give -c team -c other")]


def test_a_failure_is_not_forgotten_where_only_outputs_are_left_to_solve(
    recipe: Callable[..., Path], on_channel: Config, world: Mapping[str, str]
) -> None:
    meta = TWO.replace("REQUIRED", "pytest").replace("        - zlib\n      run:", "        - zlib >=9\n      run:")
    outputs = plan(recipe("two", meta), on_channel, environ=world).outputs
    (error,) = [one.error for one in solve_all(outputs, on_channel, environ=world) if one.error]
    assert "zlib >=9" in error.message
    assert error.place is not None and error.place.line == 11
