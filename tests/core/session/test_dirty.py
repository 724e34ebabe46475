"""Builds that go on in the work folder as it was left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cbw_core.config import Config
from cbw_core.events import Recorder
from cbw_core.session import Phase, build_recipe, plan
from support.sessions import Start

META = "package: {name: thing, version: '1'}\nsource: {path: src}\nbuild: {number: 0, noarch: generic}\n"
BUILD = """\
mkdir -p $PREFIX/share
echo run >> count.txt
cp count.txt a.txt $PREFIX/share/
"""


def test_a_dirty_run_finds_what_the_last_one_left(recipe: Callable[..., Path], start: Start) -> None:
    session = start(recipe("thing", META, **{"build.sh": BUILD, "src/a.txt": "a"}))
    session.run(Phase.PACKAGE)
    session.dirty = True
    session.rerun(Phase.BUILD)
    assert (session.layout.host_prefix / "share/count.txt").read_text() == "run\nrun\n"
    session.rerun(Phase.POST)
    session.rerun(Phase.PACKAGE)
    session.dirty = False
    session.rerun(Phase.BUILD)
    assert (session.layout.host_prefix / "share/count.txt").read_text() == "run\n"


def test_a_recipe_built_dirty_goes_on_in_its_last_session_and_keeps_its_sources(
    recipe: Callable[..., Path], config: Config, world: Mapping[str, str]
) -> None:
    folder = recipe("thing", META, **{"build.sh": BUILD, "src/a.txt": "a"})
    sink = Recorder()

    def build(dirty: bool) -> Path:
        made = plan(folder, config, environ=world)
        (session,) = build_recipe(made, config, until=Phase.PACKAGE, environ=world, dirty=dirty, sink=sink)
        return session.root

    first = build(dirty=True)
    assert any("no earlier session" in note for note in sink.notes())
    (folder / "src/a.txt").write_text("changed")  # not taken: nothing is fetched again
    assert build(dirty=True) == first
    share = next(first.glob("_h_env*")) / "share"
    assert ((share / "count.txt").read_text(), (share / "a.txt").read_text()) == ("run\nrun\n", "a")
    assert build(dirty=False) != first
