"""Environments of a session: explained, changed by hand, written into the recipe, locked and made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import explicit_text, packages_of, read_lock
from cbw_core.errors import EnvironmentFailure, RecipeError, UsageError
from cbw_core.events import Recorder
from cbw_core.inspect import Environment, difference, why
from cbw_core.session import (
    Change,
    Phase,
    Session,
    change_environment,
    check_saving,
    choose,
    create,
    environment_of,
    plan,
    reset_environments,
    save_change,
)
from support.packages import make_package
from support.sessions import states

META = """\
{% set name = "tool" %}  # comments stay
package: {name: {{ name }}, version: "1.0"}
build: {number: 0, script: ["ls $PREFIX/lib > $PREFIX/seen.txt"]}
requirements:
  build:
    - make   # [unix]
  host:
    - libpng  # with zlib
    - zlib
  run:
    - zlib
test:
  requires:
    - make
  commands:
    - test -f $PREFIX/seen.txt
"""


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    folder = tmp_path / "channel"
    for version in ("1.2", "1.3"):
        make_package(folder, "zlib", version, files={"lib/libz.txt": version})
    exports = {"weak": ["libpng >=1.6"], "strong": ["libpng-rt"]}
    make_package(folder, "libpng", "1.6", depends=["zlib"], files={"lib/png.txt": "p"}, run_exports=exports)
    make_package(folder, "libpng-rt", "1.6")
    make_package(folder, "make", "4.3", files={"bin/make": "#!/bin/sh\n"})
    make_package(folder, "cmake", "3.20", depends=["make"])
    make_package(folder, "old", "1.0", depends=["zlib <1.3"])
    index(folder)
    return folder


@pytest.fixture
def tool(recipe: Callable[..., Path], channel: Path, config: Config, world: Mapping[str, str]) -> Session:
    from dataclasses import replace

    folder = recipe("tool", META)
    mine = replace(config, channels=(str(channel),))
    made = plan(folder, mine, environ=world)
    return create(made, choose(made, None), mine, environ=world)


def names(session: Session, env: str) -> list[str]:
    return [f"{p.name} {p.version}" for p in environment_of(session, env).packages]


def add(session: Session, *specs: str, env: str = "host") -> None:
    change_environment(session, Change(env, "add", specs))


def remove(session: Session, *named: str, env: str = "host") -> None:
    change_environment(session, Change(env, "remove", named))


def text(session: Session) -> str:
    return (session.recipe / "meta.yaml").read_text()


def test_an_environment_tells_what_asked_for_each_package(tool: Session) -> None:
    host = environment_of(tool, "host")
    assert (host.state, host.name) == ("solved", "host")
    zlib = host.package("zlib")
    assert [(a.spec, a.place.line, a.place.text) for a in zlib.asked if a.place] == [("zlib", 9, "- zlib")]
    assert [(n.dist, n.spec) for n in zlib.needed_by] == [("libpng-1.6-0", "zlib")]
    assert zlib.channel.endswith("/channel") and zlib.sha256 and zlib.size
    tool.run(Phase.ENV)
    assert environment_of(tool, "host").state == "installed"
    assert names(tool, "host") == ["libpng 1.6", "zlib 1.3"]


def test_the_chain_leads_from_a_line_of_the_recipe_to_the_package(tool: Session) -> None:
    chains = why(environment_of(tool, "host"), "zlib").chains
    assert [(c.asked.spec, [s.dist for s in c.steps]) for c in chains] == [
        ("zlib", ["zlib-1.3-0"]),
        ("libpng", ["libpng-1.6-0", "zlib-1.3-0"]),
    ]
    with pytest.raises(UsageError, match="no zlip in the host") as caught:
        why(environment_of(tool, "host"), "zlip")
    assert "zlib" in (caught.value.hint or "")


def test_run_is_what_the_package_will_be_installed_with(tool: Session) -> None:
    run = environment_of(tool, "run")
    assert [p.name for p in run.packages] == ["libpng", "libpng-rt", "zlib"]
    (asked,) = run.package("libpng").asked
    assert (asked.how, asked.by, asked.place.line if asked.place else 0) == ("run_exports", "libpng-1.6-0", 8)
    assert [a.spec for a in environment_of(tool, "test").package("make").asked] == ["make"]
    assert environment_of(tool, "test").package("tool").asked[0].how == "tested"


def test_an_edited_file_of_a_dependency_is_told(tool: Session) -> None:
    tool.run(Phase.ENV)
    (tool.layout.host_prefix / "lib/libz.txt").write_text("edited")
    (row,) = environment_of(tool, "host").package("zlib").edited
    assert (row.path, row.what) == ("lib/libz.txt", "changed")


def test_environments_of_two_sessions_are_compared(tool: Session) -> None:
    before = environment_of(tool, "host")
    add(tool, "zlib 1.2", "cmake")
    found = difference(before, environment_of(tool, "host"), names=("a", "b"))
    assert [(c.name, c.what) for c in found.changes] == [("cmake", "added"), ("make", "added"), ("zlib", "version")]
    assert found.alike == 1


def test_an_added_package_stays_through_rerun_and_shows_in_status(tool: Session) -> None:
    tool.run(Phase.ENV)
    add(tool, "cmake")
    assert names(tool, "host") == ["cmake 3.20", "libpng 1.6", "make 4.3", "zlib 1.3"]
    assert tool.status().env_changes == ("host: added cmake",)
    tool.rerun(Phase.ENV)
    assert "cmake 3.20" in names(tool, "host")
    assert [a.how for a in environment_of(tool, "host").package("cmake").asked] == ["env add"]
    assert set(states(tool).values()) <= {"done", "pending"}


def test_a_change_made_before_env_runs_goes_into_it(tool: Session) -> None:
    add(tool, "zlib 1.2")
    assert states(tool)["env"] == "pending"
    tool.run(Phase.ENV)
    assert (tool.layout.host_prefix / "lib/libz.txt").read_text() == "1.2"


def test_what_is_installed_is_pinned_unless_it_is_named(tool: Session) -> None:
    tool.run(Phase.ENV)
    with pytest.raises(EnvironmentFailure) as caught:
        add(tool, "old")
    assert caught.value.kind == "solve" and "cbw env add 'old' NAME" in (caught.value.hint or "")
    assert tool.status().env_changes == () and names(tool, "host") == ["libpng 1.6", "zlib 1.3"]
    add(tool, "old", "zlib")
    assert names(tool, "host") == ["libpng 1.6", "old 1.0", "zlib 1.2"]


def test_a_removed_package_takes_along_what_needs_it(tool: Session) -> None:
    seen = Recorder()
    tool.run(Phase.ENV)
    change_environment(tool, Change("host", "remove", ("zlib",)), sink=seen)
    assert names(tool, "host") == []
    assert any("libpng" in note for note in seen.notes())
    with pytest.raises(UsageError, match="no nothing in the host"):
        remove(tool, "nothing")


def test_removing_what_was_added_and_reset_take_changes_back(tool: Session) -> None:
    add(tool, "cmake")
    remove(tool, "cmake")
    assert tool.status().env_changes == ()
    add(tool, "libpng")
    remove(tool, "libpng")  # the recipe asks for it: it must go all the same
    assert names(tool, "host") == ["zlib 1.3"]
    add(tool, "libpng")
    assert names(tool, "host") == ["libpng 1.6", "zlib 1.3"]
    reset_environments(tool, ("host",))
    add(tool, "cmake")
    add(tool, "zlib", env="test")
    reset_environments(tool, ("host",))
    assert tool.status().env_changes == ("test: added zlib",)


def test_the_build_begins_with_the_changed_environment_and_env_is_not_stale(tool: Session) -> None:
    tool.run(Phase.TEST)
    add(tool, "cmake")
    assert states(tool)["build"] == "stale"
    tool.run(Phase.TEST)
    assert set(states(tool).values()) == {"done"}


def test_the_test_environment_is_changed_too(tool: Session) -> None:
    tool.run(Phase.TEST)
    add(tool, "cmake", env="test")
    assert "cmake 3.20" in names(tool, "test")
    assert states(tool)["test"] == "stale"
    tool.run(Phase.TEST)
    assert {"cmake 3.20", "tool 1.0"} <= set(names(tool, "test"))


def test_saved_changes_go_into_their_lists_and_every_other_byte_stays(tool: Session) -> None:
    before = text(tool)
    for env, spec in (("host", "cmake >=3"), ("build", "old"), ("test", "cmake")):
        change = Change(env, "add", (spec,))
        change_environment(tool, change)
        (place,) = save_change(tool, change)
        assert text(tool).splitlines()[(place.line or 0) - 1].strip() == f"- {spec}"
    lines = text(tool).splitlines(keepends=True)
    added = ["    - cmake >=3\n", "    - old\n", "    - cmake\n"]
    assert "".join(line for line in lines if line not in added) == before
    assert tool.status().env_changes == ()
    tool.run(Phase.TEST)
    assert "cmake 3.20" in names(tool, "host")


def test_a_saved_removal_takes_its_line_out(tool: Session) -> None:
    before = text(tool)
    change = Change("host", "remove", ("libpng",))
    change_environment(tool, change)
    (place,) = save_change(tool, change)
    assert place.line == 8
    assert text(tool) == before.replace("    - libpng  # with zlib\n", "")


def test_what_no_line_of_the_recipe_asks_for_cannot_be_saved(tool: Session) -> None:
    before = text(tool)
    with pytest.raises(RecipeError, match="cannot be taken out") as caught:
        check_saving(tool, Change("build", "remove", ("zlib",)))
    assert caught.value.kind == "edit" and caught.value.place
    with pytest.raises(UsageError, match="no words"):
        check_saving(tool, Change("host", "use"))
    assert text(tool) == before


def test_a_lock_makes_the_same_environment_again(tool: Session, tmp_path: Path) -> None:
    def key(env: Environment) -> list[tuple[str | None, ...]]:
        return [(p.name, p.version, p.build, p.url, p.sha256) for p in env.packages]

    add(tool, "cmake", "zlib 1.2")
    tool.run(Phase.ENV)
    locked = environment_of(tool, "host")
    file = tmp_path / "host.txt"
    file.write_text(explicit_text(packages_of(tool.layout.host_prefix), title="t", platform="linux-64"))
    reset_environments(tool, ("host",))
    assert key(environment_of(tool, "host")) != key(locked)
    packages = read_lock(file, config=tool.config, environ=tool.environ)
    change_environment(tool, Change("host", "use", file=str(file), packages=packages))
    again = environment_of(tool, "host")
    assert key(again) == key(locked)
    assert {a.how for a in again.package("cmake").asked} == {"lock"}
    assert again.package("zlib").needed_by  # what each package says of itself is known


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("file:///c/noarch/a-1-0.conda\n", "@EXPLICIT"),
        ("@EXPLICIT\nzlib=1.2\n", "no address"),
        ("@EXPLICIT\nfile:///nowhere/noarch/a-1-0.conda#" + "0" * 64 + "\n", "a-1-0.conda cannot be read"),
    ],
)
def test_a_file_that_is_no_lock_is_told_with_its_line(
    content: str, told: str, config: Config, world: Mapping[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "lock.txt"
    file.write_text(content)
    with pytest.raises((UsageError, EnvironmentFailure), match=told):
        read_lock(file, config=config, environ=world)


OUTPUTS = """\
package: {name: top, version: "1"}
outputs:
  - name: lib
    requirements:
      host:
        - zlib
  - name: app
    requirements:
      host:
        - zlib
        {% if True %}
        - libpng
        {% endif %}
"""


def test_an_output_s_own_section_is_written_to(
    recipe: Callable[..., Path], channel: Path, config: Config, world: Mapping[str, str]
) -> None:
    from dataclasses import replace

    folder = recipe("top", OUTPUTS)
    mine = replace(config, channels=(str(channel),))
    made = plan(folder, mine, environ=world)
    app = create(made, choose(made, "app-*"), mine, environ=world)
    assert [a.place.line for a in environment_of(app, "host").package("libpng").asked if a.place] == [12]
    tuple(save_change(app, Change("host", "add", ("make",))))
    assert text(app) == OUTPUTS.replace("        {% endif %}\n", "        {% endif %}\n        - make\n")
    lib = create(made, choose(made, "lib-*"), mine, environ=world)
    tuple(save_change(lib, Change("host", "add", ("make",))))
    assert "        - zlib\n        - make\n  - name: app" in text(lib)
    tuple(save_change(lib, Change("host", "remove", ("zlib",))))
    assert "    host:\n        - make\n  - name: app".replace("    host", "      host") in text(lib)
