"""A package that fails its tests is kept apart; its tests can be run one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import BuildError
from cbw_core.session import Phase
from support.sessions import Start

RECIPE = """\
package: {name: lame, version: "1.0"}
build: {noarch: generic, script: mkdir -p $PREFIX/share && echo lame > $PREFIX/share/lame}
test: {commands: [test -f $PREFIX/share/lame, "grep sound $PREFIX/share/lame"]}
"""


def in_index(folder: Path) -> list[str]:
    return list(json.loads((folder / "noarch/repodata.json").read_text())["packages.conda"])


def test_a_package_that_fails_is_kept_in_broken_until_it_passes(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("lame", RECIPE)
    session = start(folder)
    croot = session.config.croot
    with pytest.raises(BuildError):
        session.run(Phase.TEST)
    assert session.package == croot / "broken/lame-1.0-0.conda"
    assert in_index(croot) == []
    with pytest.raises(BuildError):  # and again, from there
        session.rerun(Phase.TEST)
    (folder / "meta.yaml").write_text(RECIPE.replace("sound", "lame"))
    assert [done.phase for done in session.run(Phase.TEST)] == [Phase.RENDER, Phase.TEST]
    assert session.package == croot / "noarch/lame-1.0-0.conda"
    assert in_index(croot) == ["lame-1.0-0.conda"]
    assert not (croot / "broken").exists()


def test_single_tests_run_in_the_environment_that_is_there(recipe: Callable[..., Path], start: Start) -> None:
    session = start(recipe("lame", RECIPE))
    session.run_tests((1,))
    assert session.test_is_ready()
    left = session.layout.test_dir / "left-behind"
    left.touch()
    with pytest.raises(BuildError, match="grep sound"):
        session.run_tests((2,))
    assert left.exists()
    assert session.status()[Phase.TEST].state == "pending"
    session.rerun(Phase.PACKAGE)
    assert session.status()[Phase.PACKAGE].state == "done"
