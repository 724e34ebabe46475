"""Edits on the way of a build: taken from the work folder or the recipe, owed, kept, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., tuple[int, str]]

BUILD = "mkdir -p $PREFIX/share\necho ran >> $RECIPE_DIR/../slow\ncp missing $PREFIX/share/x\necho last\n"
META = """\
{% set name = "x" %}
package:
  name: {{ name }}
  version: "1.0"
build:
  number: 0
  script:
    - mkdir -p $PREFIX/share  # [unix]
    - echo ran >> $RECIPE_DIR/../slow
    - 'cp missing $PREFIX/share/{{ name }}'   # a comment
    - echo last
test:
  commands:
    - test -f $PREFIX/share/x
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "recipe"
    folder.mkdir()
    head, _, rest = META.partition("  script:")
    (folder / "meta.yaml").write_text(f"{head}test:{rest.partition('test:')[2]}")
    (folder / "build.sh").write_text(BUILD)
    return folder


def test_an_edit_in_the_work_folder_goes_on_is_owed_and_is_kept(script: Script, recipe: Path, tmp_path: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
fails run build
!sed -i s/missing/conda_build.sh/ conda_build.sh
reload
assert output -cp missing
assert output the recipe does not have this edit
continue
assert output /clean run is owed.*only the work folder/
assert build done
status
assert output only the work folder has them
run package
assert output the build that is packaged ran with edits
run test
assert test done
keep --try
assert output would be kept
keep
assert output +cp conda_build.sh
assert build done
status
assert output a clean run is owed
assert not output only the work folder
fails keep
assert output nothing to keep
rerun build
assert build done
status
assert not output is owed
run package
assert not output ran with edits
"""
    )
    assert status == 0, out
    assert (recipe / "build.sh").read_text() == BUILD.replace("missing", "conda_build.sh")
    assert (tmp_path / "slow").read_text() == "ran\nran\n"
    assert "your version of it" not in out  # no version of conda_build.sh was put aside


def test_lines_of_meta_yaml_are_edited_gone_on_with_and_packaged_without_building_again(
    script: Script, recipe: Path, tmp_path: Path
) -> None:
    (recipe / "build.sh").unlink()
    (recipe / "meta.yaml").write_text(META)
    status, out = script(
        f"""set -e
debug {recipe} -O
fails run build
where
assert output meta.yaml:10
!sed -i s/missing/conda_build.sh/ $RECIPE_DIR/meta.yaml
reload
assert output +cp conda_build.sh
continue
assert output the recipe has the edits
run test
assert build done
assert test done
"""
    )
    assert status == 0, out
    assert (tmp_path / "slow").read_text() == "ran\n"


def test_an_edit_in_the_work_folder_is_kept_in_lines_of_meta_yaml(script: Script, recipe: Path, tmp_path: Path) -> None:
    (recipe / "build.sh").unlink()
    (recipe / "meta.yaml").write_text(META)
    status, out = script(
        f"""set -e
debug {recipe} -O
fails run build
!sed -i "s/missing/conda_build.sh/; /last/i echo new" conda_build.sh
keep
assert output /[+] +- echo new/
assert output /kept.*meta.yaml/
reload
assert output +echo new
continue
assert output the recipe has the edits
run test
assert build done
assert test done
"""
    )
    assert status == 0, out
    expected = META.replace("missing", "conda_build.sh").replace("    - echo last", "    - echo new\n    - echo last")
    assert (recipe / "meta.yaml").read_text() == expected
    assert (tmp_path / "slow").read_text() == "ran\n"


def test_keep_refuses_what_a_template_makes_and_a_recipe_that_changed(script: Script, recipe: Path) -> None:
    (recipe / "build.sh").unlink()
    (recipe / "meta.yaml").write_text(META)
    status, out = script(
        f"""set -e
debug {recipe} -O
!sed -i "s,share/x,share/y," $RECIPE_DIR/../*/work/conda_build.sh || true
shell -c "sed -i s,share/x,share/y, conda_build.sh"
fails keep
assert output /meta.yaml:10/
assert output template
"""
    )
    assert status == 0, out
    assert (recipe / "meta.yaml").read_text() == META
    (recipe / "build.sh").write_text(BUILD)
    (recipe / "meta.yaml").write_text(META.partition("  script:")[0])
    status, out = script(
        f"""set -e
debug {recipe} -O
shell -c "sed -i s/last/end/ conda_build.sh"
!echo more >> {recipe}/build.sh
fails keep
assert output build.sh has changed since
assert output +more
"""
    )
    assert status == 0, out
    assert (recipe / "build.sh").read_text() == BUILD + "more\n"


def test_both_edited_is_asked_and_the_script_stands(script: Script, recipe: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
fails run build
!sed -i s/missing/one/ conda_build.sh; sed -i s/missing/two/ $RECIPE_DIR/build.sh; echo >one; echo >two
fails reload
assert output both edited
where
reload --from work
assert output +cp one
reload --from recipe
assert output +cp two
continue
assert build done
"""
    )
    assert status == 0, out


def test_test_commands_are_edited_in_the_recipe_and_gone_on_with(script: Script, recipe: Path) -> None:
    (recipe / "build.sh").write_text(BUILD.replace("missing", "conda_build.sh"))
    (recipe / "run_test.sh").write_text("echo own script\n")
    meta = recipe / "meta.yaml"
    meta.write_text(meta.read_text().replace("share/x", "share/y"))
    status, out = script(
        f"""set -e
debug {recipe} -O
fails run test
assert output /share.y/
fails keep
assert output edits of a test script are not written
!sed -i s,share/y,share/x, {meta}
reload
assert output /[+]test -f .*share.x/
continue
assert output /a clean run is owed.*rerun test.*the recipe has the edits/
assert test done
status
assert output rerun test
rerun test
status
assert not output is owed
break run_test.sh:1
rerun test
!sed -i "s/own script/own edit/" {recipe}/run_test.sh; echo "echo second" >> run_test.sh
fails reload
assert output both edited
reload --from work
continue
assert output only test_tmp has the edits
"""
    )
    assert status == 0, out
