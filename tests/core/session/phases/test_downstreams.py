"""Packages that need the one just built are tested with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import BuildError
from cbw_core.events import Recorder
from cbw_core.session import Phase, Session, build_recipe, last_session, plan

BASE = """\
package: {name: base, version: "%s"}
build: {noarch: generic, script: mkdir -p $PREFIX/share && echo %s > $PREFIX/share/base}
"""
USER = """\
package: {name: user, version: "1.0"}
build: {noarch: generic}
requirements: {run: [base]}
test: {commands: [grep two $PREFIX/share/base]}
"""
DOWNSTREAMS = "test: {downstreams: [user, nowhere]}\n"


@pytest.fixture
def build(config: Config, world: Mapping[str, str], recipe: Callable[..., Path]) -> Callable[..., Session]:
    def make(name: str, text: str, until: Phase = Phase.TEST, sink: Recorder | None = None) -> Session:
        own = replace(config, channels=(str(config.croot),))
        made = plan(recipe(name, text), own, environ=world)
        return build_recipe(made, own, until=until, environ=world, sink=sink or Recorder())[0]

    return make


def test_downstreams_are_tested_with_the_new_package(build: Callable[..., Session], config: Config) -> None:
    build("base", BASE % ("1.0", "one"))
    build("user", USER, until=Phase.PACKAGE)
    sink = Recorder()
    session = build("base", BASE % ("2.0", "two") + DOWNSTREAMS, sink=sink)
    assert session.status()[Phase.TEST].result["downstreams"] == ["user-1.0-0"]
    assert any("downstream nowhere is not tested" in text for text in sink.notes("warning"))
    assert last_session(config).root == session.root


def test_a_downstream_that_fails_is_the_packages_fault(build: Callable[..., Session], config: Config) -> None:
    build("base", BASE % ("1.0", "two"))
    build("user", USER, until=Phase.PACKAGE)
    with pytest.raises(BuildError, match=r"downstream user-1.0-0: .*grep two") as caught:
        build("base", BASE % ("2.0", "broken") + DOWNSTREAMS)
    assert "cbw test --only 1" in str(caught.value.hint)
    assert (config.croot / "broken/base-2.0-0.conda").is_file()
