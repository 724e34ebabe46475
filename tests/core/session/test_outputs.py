"""Recipes with several outputs: the group of their sessions while the recipe is edited and phases run in any order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import CbwError
from cbw_core.session import Phase, Session, State, last_session, open_session, sessions
from support.sessions import Start, sha256, stale, states

META = """\
package: {name: family, version: "1.0"}
source: {path: src}
build: {number: 0}
outputs:
  - name: family-lib
    script: build-lib.sh
    test: {commands: ["test -f $PREFIX/lib/family.txt"]}
  - name: family-tool
    script: build-tool.sh
    requirements:
      host:
        - {{ pin_subpackage('family-lib', exact=True) }}
      run:
        - {{ pin_subpackage('family-lib', exact=True) }}
    test: {commands: ["test -f $PREFIX/lib/family.txt", "test -x $PREFIX/bin/tool"]}
"""
MORE = """\
  - name: family-more
    script: build-lib.sh
"""
FILES = {
    "src/data.txt": "data",
    "build-lib.sh": "mkdir -p $PREFIX/lib\ncp top.txt $PREFIX/lib/family.txt\n",
    "build-tool.sh": "test -f $PREFIX/lib/family.txt\nmkdir -p $PREFIX/bin\n"
    "printf '#!/bin/sh\\necho hi\\n' > $PREFIX/bin/tool\nchmod +x $PREFIX/bin/tool\n",
    "build.sh": "cp data.txt top.txt\necho once >> $RECIPE_DIR/../tops.txt\n",
}


@pytest.fixture
def family(recipe: Callable[..., Path]) -> Path:
    return recipe("family", META, **FILES)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def names(session: Session) -> list[str]:
    return [row.output.partition("-1.0-")[0] for row in session.group()]


def tops(folder: Path) -> int:
    return len((folder.parent / "tops.txt").read_text().splitlines())


def test_an_output_that_needs_a_sibling_has_it_built_first(family: Path, start: Start) -> None:
    session = start(family, "family-tool-*")
    session.run(Phase.TEST)
    group = session.group()
    assert [row.output.split("-1.0")[0] for row in group] == ["TOPLEVEL", "family-lib", "family-tool"]
    assert group[1][Phase.PACKAGE].state is State.DONE
    assert tops(family) == 1
    assert "bin/tool" in session.kept.made.files()


def test_a_sibling_that_is_built_on_the_way_does_not_become_the_last_session(
    family: Path, config: Config, start: Start
) -> None:
    session = start(family, "family-tool-*")
    session.run(Phase.ENV)
    assert last_session(config).root == session.root
    assert [info.root for info in sessions(config)] == [str(session.root)]


def test_what_the_top_level_build_wrote_names_the_outputs_own_prefix(family: Path, start: Start) -> None:
    edit(family / "build.sh", "cp data.txt", "echo top $PREFIX >")
    session = start(family, "family-lib-*")
    session.run(Phase.BUILD)
    assert (session.layout.work / "top.txt").read_text() == f"top {session.layout.host_prefix}\n"


def test_toplevel_can_be_debugged_by_its_name(family: Path, start: Start) -> None:
    session = start(family, "TOPLEVEL")
    session.run(Phase.TEST)
    assert states(session)["build"] == "done" and states(session)["package"] == "skipped"
    assert (session.layout.work / "top.txt").exists()


def test_looking_makes_no_session(family: Path, start: Start) -> None:
    session = start(family, "family-tool-*")
    session.status()
    session.group()
    assert not (session.root / "outputs").exists()


def test_a_changed_script_of_the_top_level_makes_outputs_stale(family: Path, start: Start) -> None:
    session = start(family, "family-lib-*")
    session.run(Phase.TEST)
    edit(family / "build.sh", "cp data.txt top.txt", "echo changed > top.txt")
    assert {"source", "build", "post", "package", "test"} <= stale(session)
    session.run(Phase.TEST)
    assert (session.layout.host_prefix / "lib/family.txt").read_text() == "changed\n" and tops(family) == 2


def test_changed_sources_reach_outputs_through_the_top_level(family: Path, start: Start) -> None:
    session = start(family, "family-lib-*")
    session.run(Phase.TEST)
    (family / "src/data.txt").write_text("other")
    session.run(Phase.TEST)
    assert (session.layout.host_prefix / "lib/family.txt").read_text() == "other"


def test_a_changed_sibling_makes_env_stale_and_is_built_again_with_it(family: Path, start: Start) -> None:
    session = start(family, "family-tool-*")
    session.run(Phase.TEST)
    edit(family / "build-lib.sh", "cp top.txt", "echo new >> top.txt; cp top.txt")
    assert "env" in stale(session)
    session.run(Phase.TEST)
    assert (session.layout.host_prefix / "lib/family.txt").read_text() == "datanew\n"
    assert set(states(session).values()) == {"done"}


def test_a_sibling_that_was_rewound_makes_env_stale(family: Path, start: Start) -> None:
    session = start(family, "family-tool-*")
    session.run(Phase.TEST)
    (sibling,) = (one for one in session.siblings() if one.output.name == "family-lib")
    sibling.rewind(Phase.BUILD)
    assert "env" in stale(session)
    first = sha256(session)
    session.run(Phase.TEST)
    assert sha256(session) == first


def test_an_output_added_to_the_recipe_joins_the_group(family: Path, start: Start) -> None:
    session = start(family, "family-lib-*")
    session.run(Phase.TEST)
    (family / "meta.yaml").write_text(META + MORE)
    session.run(Phase.TEST)
    assert "family-more" in names(session)
    more = next(output for output in session.rendering.outputs if output.name == "family-more")
    made = session.for_output(more)
    made.run(Phase.TEST)
    assert session.for_output(more).root == made.root
    assert all(row[Phase.TEST].state is State.DONE for row in session.group() if row.output == more.dist)


def test_an_output_removed_from_the_recipe_leaves_the_group(family: Path, start: Start) -> None:
    (family / "meta.yaml").write_text(META + MORE)
    session = start(family, "family-lib-*")
    gone = session.for_output(next(o for o in session.rendering.outputs if o.name == "family-more"))
    gone.run(Phase.BUILD)
    (family / "meta.yaml").write_text(META)
    session.run(Phase.TEST)
    assert "family-more" not in names(session)
    with pytest.raises(CbwError, match="no longer makes family-more") as error:
        gone.run(Phase.TEST)
    assert error.value.hint and states(gone)["render"] == "failed"
    (family / "meta.yaml").write_text(META + MORE)
    gone.run(Phase.TEST)
    assert set(states(gone).values()) == {"done"} and "family-more" in names(session)


def test_a_renamed_output_is_told_and_the_others_go_on(family: Path, start: Start) -> None:
    session = start(family, "family-tool-*")
    session.run(Phase.TEST)
    edit(family / "meta.yaml", "family-lib", "family-base")
    session.run(Phase.TEST)
    assert "family-base" in names(session) and "family-lib" not in names(session)
    assert set(states(session).values()) == {"done"}


def test_siblings_are_found_again_after_the_version_changed(family: Path, start: Start) -> None:
    session = start(family, "family-tool-*")
    session.run(Phase.TEST)
    before = {one.root for one in session.siblings()}
    edit(family / "meta.yaml", '"1.0"', '"2.0"')
    session.run(Phase.TEST)
    assert {one.root for one in session.siblings()} == before
    assert session.package.name.startswith("family-tool-2.0-")


def test_a_sibling_can_be_worked_on_by_its_own_folder(family: Path, start: Start) -> None:
    head = start(family, "family-tool-*")
    head.run(Phase.ENV)
    (sibling,) = (one for one in head.siblings() if one.output.name == "family-lib")
    own = open_session(sibling.root, environ=head.environ)
    own.rerun(Phase.BUILD)
    own.run(Phase.TEST)
    assert own.head.root == head.root
    assert [row.output for row in own.group()] == [row.output for row in head.group()]


def test_a_whole_group_can_be_moved(family: Path, start: Start, tmp_path: Path) -> None:
    head = start(family, "family-tool-*", path=tmp_path / "one")
    head.run(Phase.TEST)
    first = sha256(head)
    head.root.rename(tmp_path / "two")
    moved = open_session(tmp_path / "two", environ=head.environ)
    moved.run(Phase.TEST)
    assert sha256(moved) == first and not (tmp_path / "one").exists()
    assert {one.parent.root for one in moved.siblings() if one.parent} == {moved.root}


def test_a_removed_session_of_a_sibling_is_made_again_beside_the_others(family: Path, start: Start) -> None:
    import shutil

    head = start(family, "family-tool-*")
    head.run(Phase.TEST)
    shutil.rmtree(sorted((head.root / "outputs").iterdir())[0])
    head.run(Phase.TEST)
    assert set(states(head).values()) == {"done"}
    outputs = [one.output.name if not one.output.is_toplevel else "TOPLEVEL" for one in head.siblings()]
    assert sorted(outputs) == ["TOPLEVEL", "family-lib"]


def test_the_top_level_can_be_worked_on_after_its_outputs(family: Path, start: Start) -> None:
    head = start(family, "TOPLEVEL")
    head.run(Phase.TEST)
    lib = head.for_output(next(o for o in head.rendering.outputs if o.name == "family-lib"))
    lib.run(Phase.TEST)
    assert tops(family) == 1
    head.rerun(Phase.BUILD)
    assert "source" in stale(lib)
    first = sha256(lib)
    lib.run(Phase.TEST)
    assert sha256(lib) == first and tops(family) == 2


def test_the_edit_of_the_top_levels_work_reaches_its_outputs(family: Path, start: Start) -> None:
    head = start(family, "TOPLEVEL")
    head.run(Phase.BUILD)
    (head.layout.work / "data.txt").write_text("edited")
    head.rerun(Phase.BUILD)
    lib = head.for_output(next(o for o in head.rendering.outputs if o.name == "family-lib"))
    lib.run(Phase.BUILD)
    assert (lib.layout.host_prefix / "lib/family.txt").read_text() == "edited"


VARIANTS = """\
package: {name: many, version: "1"}
outputs:
  - name: many-{{ flavour }}
    script: out.sh
  - name: many-plain
    script: out.sh
    build: {script_env: [X=1]}
  - name: many-noarch
    build: {noarch: generic}
    script: out.sh
    requirements:
      run:
        - many-plain
"""


def test_outputs_of_several_variants_are_each_a_session(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("many", VARIANTS, **{"out.sh": "echo $PKG_NAME > $PREFIX/$PKG_NAME\n"})
    (folder / "conda_build_config.yaml").write_text("flavour:\n  - mild\n  - hot\n")
    head = start(folder, "many-hot-*")
    for output in head.rendering.outputs:
        head.for_output(output).run(Phase.TEST)
    assert len({row.root for row in head.group()}) == len(head.rendering.outputs) >= 4
    (folder / "conda_build_config.yaml").write_text("flavour:\n  - hot\n")
    head.run(Phase.TEST)
    assert not any("mild" in row.output for row in head.group())
    assert all(row[Phase.TEST].state in (State.DONE, State.STALE) for row in head.group())


def test_a_variant_that_went_is_told(recipe: Callable[..., Path], start: Start) -> None:
    from cbw_core.events import Recorder

    folder = recipe(
        "tastes",
        "package: {name: tastes, version: '1'}\nbuild: {script: 'echo {{ taste }} > $PREFIX/t'}\n",
        **{"conda_build_config.yaml": "taste:\n  - sweet\n  - sour\n"},
    )
    for name in ("sweet", "sour"):
        pattern = next(n for n in dists(folder, start) if start(folder, n).output.variant["taste"] == name)
        session, seen = start(folder, pattern), Recorder()
        (folder / "conda_build_config.yaml").write_text("taste:\n  - bitter\n")
        session.run(Phase.BUILD, sink=seen)
        assert any("taste" in note and name in note and "bitter" in note for note in seen.notes("warning"))
        (folder / "conda_build_config.yaml").write_text("taste:\n  - sweet\n  - sour\n")


def dists(folder: Path, start: Start) -> list[str]:
    with pytest.raises(CbwError) as error:
        start(folder)
    return (error.value.details or "").splitlines()


SAME_NAME = """\
package: {name: same, version: "1"}
build:
  script:
    - mkdir $PREFIX/share
    - touch $PREFIX/top-file.txt $PREFIX/share/a.txt
outputs:
  - name: same
    files:
      - top-file.txt
  - name: same-files
    files:
      - share/*.txt
  - name: same-script
    script: out.sh
"""


def test_top_level_scripts_feed_outputs_of_files_and_of_scripts(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("same", SAME_NAME, **{"out.sh": "test -f $PREFIX/share/a.txt\ntouch $PREFIX/own.txt\n"})
    head = start(folder, "same-1-*")
    packaged = {}
    for output in head.rendering.outputs:
        session = head.for_output(output)
        session.run(Phase.TEST)
        session.rerun(Phase.BUILD)
        session.run(Phase.TEST)
        session.rewind(Phase.POST)
        session.run(Phase.TEST)
        files = (session.layout.info / "files").read_text().split()
        packaged[output.name] = files
    assert packaged == {"same": ["top-file.txt"], "same-files": ["share/a.txt"], "same-script": ["own.txt"]}


def test_two_who_need_the_same_sibling_session_make_one(family: Path, start: Start) -> None:
    import threading

    head = start(family, "family-lib-*")
    tool = next(o for o in head.rendering.outputs if o.name == "family-tool")
    barrier, roots = threading.Barrier(4), []

    def make() -> None:
        mine = open_session(head.root, environ=head.environ)
        barrier.wait()
        roots.append(mine.for_output(tool).root)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(roots)) == 1 and len(list((head.root / "outputs").iterdir())) == 1


def test_rendering_an_output_again_renders_the_recipe_again(family: Path, start: Start) -> None:
    head = start(family, "family-lib-*")
    tool = head.for_output(next(o for o in head.rendering.outputs if o.name == "family-tool"))
    before = head.ledger[Phase.RENDER].serial
    tool.rerun(Phase.RENDER)
    assert head.ledger[Phase.RENDER].serial == before + 1
    edit(family / "meta.yaml", '"1.0"', '"2.0"')
    tool.run(Phase.RENDER)
    head.run(Phase.RENDER)
    assert head.ledger[Phase.RENDER].serial == before + 2 and tool.output.version == head.output.version == "2.0"
