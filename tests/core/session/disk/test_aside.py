"""Tests of packages do not see the work folder and the host prefix, and get a session that is whole again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import BuildError
from cbw_core.layout import Layout
from cbw_core.session import Phase, Session, State, choose, create, open_session, plan
from cbw_core.session.disk import aside, locks

META = """\
package:
  name: leaning
  version: "1.0"
build:
  noarch: generic
  script: mkdir -p $PREFIX/share && echo $SRC_DIR > $PREFIX/share/where && echo $PREFIX > $SRC_DIR/prefix
test:
  commands:
    - test ! -e "$(cat $PREFIX/share/where)"
"""


@pytest.fixture
def leaning(recipe: Callable[..., Path], config: Config, world: Mapping[str, str]) -> Session:
    folder = recipe("leaning", META)
    made = plan(folder, config, environ=world)
    return create(made, choose(made, None), config, environ=world)


def test_work_and_host_prefix_are_away_while_tests_run_and_back_afterwards(leaning: Session) -> None:
    leaning.run(Phase.TEST)
    assert (leaning.layout.work / "prefix").is_file() and leaning.layout.host_prefix.is_dir()
    assert not aside.is_aside(leaning.layout)
    assert all(p.state is State.DONE for p in leaning.status().phases)


def test_they_are_back_after_tests_that_fail_and_leave_files_in_their_place(leaning: Session) -> None:
    meta = leaning.recipe / "meta.yaml"
    meta.write_text(META + '    - mkdir -p "$(cat $PREFIX/share/where)/mine"\n    - false\n')
    leaning.rewind(Phase.RENDER)
    with pytest.raises(BuildError):
        leaning.run(Phase.TEST)
    assert (leaning.layout.work / "prefix").is_file() and not (leaning.layout.work / "mine").exists()


def test_a_session_killed_in_its_tests_is_whole_when_opened_next(leaning: Session) -> None:
    leaning.run(Phase.BUILD)
    leaning.layout.work.rename(aside.moved(leaning.layout)[leaning.layout.work])
    with locks.held(leaning.root):
        assert not open_session(leaning.root).layout.work.exists(), "its tests may be running"
    assert (open_session(leaning.root).layout.work / "prefix").is_file()


def test_a_host_prefix_that_is_away_is_not_gone(leaning: Session) -> None:
    leaning.run(Phase.BUILD)
    with aside.put_aside(leaning.layout):
        assert not leaning.layout.host_prefix.exists()
        assert leaning.status()[Phase.ENV].state is State.DONE


def test_folders_that_are_not_there_do_not_matter(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with aside.put_aside(layout):
        pass
    assert not layout.work.exists()
