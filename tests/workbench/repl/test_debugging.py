"""Scripts of commands that stop a build, look, edit and go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., tuple[int, str]]

BUILD = """\
set -ex
mkdir -p $PREFIX/share
echo ran >> $RECIPE_DIR/../slow
cp missing $PREFIX/share/five
echo last
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "five"
    folder.mkdir()
    (folder / "meta.yaml").write_text(
        'package:\n  name: five\n  version: "1.0"\n'
        "test:\n  commands:\n    - test -f $PREFIX/share/five\n    - test -d $PREFIX\n"
    )
    (folder / "build.sh").write_text(BUILD)
    return folder


def test_fix_the_failing_line_and_go_on_to_a_tested_package(script: Script, recipe: Path, tmp_path: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
fails run build
assert error build
assert output /cp missing.*status 1/
assert build failed
where
assert output build.sh:4
vars PKG_NAME
assert output PKG_NAME=five
set CPU_COUNT=7
eval echo "$CPU_COUNT cpus"
assert output 7 cpus
!echo text > present
!sed -i s/missing/present/ "$RECIPE_DIR/build.sh"
reload
assert output +cp present
break 5
continue
assert output breakpoint 1
step
assert output clean run is owed
assert build done
run package
assert file share/five in package
run test
assert test done
rerun build
"""
    )
    assert "assert file share/five in package" in out, out
    assert status == 1  # the clean run: `present` was made by hand
    assert (tmp_path / "slow").read_text() == "ran\nran\n", out


def test_breakpoints_step_the_build_and_the_test_script(script: Script, recipe: Path) -> None:
    (recipe / "build.sh").write_text(BUILD.replace("cp missing", "touch"))
    status, out = script(
        f"""set -e
debug {recipe} -O
break build.sh:3
break run_test.sh:8
run test
assert output /^>. +3  echo ran/
next
assert output /^>. +4  touch/
break --delete 1
break
assert not output build.sh:3
continue
assert output /^>. +8  test -d/
assert test running
continue
assert test done
"""
    )
    assert status == 0, out


def test_a_stopped_build_that_is_left_has_failed_or_was_interrupted(script: Script, recipe: Path) -> None:
    status, out = script(f"debug {recipe} -O\nfails run build\nrewind build\nassert build pending\n")
    assert status == 0, out
    status, out = script(f"debug {recipe} -O\nrun build\nuse {recipe}\nquit\n")
    assert status == 1
    assert "the stopped build is over: it has failed" in out
    status, out = script(f"use {recipe}\nassert build failed\nbreak 2\nrerun build\n")
    assert status == 0
    assert "it was interrupted" in out
    assert "ended from outside" not in out
    assert script(f"use {recipe}\nassert build interrupted\n")[0] == 0


def test_what_needs_a_stop_is_refused_without_one(script: Script) -> None:
    for line in ("next", "where", "vars", "eval true", "reload", "continue", "set A=1"):
        status, out = script(f"{line}\n")
        assert status == 2
        assert "no script stands at a stop" in out


def test_back_to_a_command_and_on_again(script: Script, recipe: Path, tmp_path: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
snapshots commands
fails run build
back 2
assert output /^> +2  mkdir/
!test ! -e $PREFIX/share
!sed -i "s,missing,$RECIPE_DIR/build.sh," "$RECIPE_DIR/build.sh"
snapshots
assert output /^2 +mkdir -p/
assert output in all
reload
continue
assert build done
run package
assert file share/five in package
"""
    )
    assert status == 0, out
    assert (tmp_path / "slow").read_text() == "ran\nran\n"  # outside of work folder and prefix nothing is put back


def test_a_script_that_the_script_starts_is_followed(script: Script, recipe: Path) -> None:
    (recipe / "helper.sh").write_text("#!/bin/bash\nx=$1\necho helped $x\n")
    (recipe / "build.sh").write_text('bash "$RECIPE_DIR/helper.sh" me\necho last\n')
    status, out = script(
        f"""set -e
debug {recipe} -O
follow
assert output single commands
follow on
break helper.sh:3
run build
assert output /^>. +3  echo helped/
where
assert output /#0 main .*helper.sh:3/
assert output /#1 main .*build.sh:1/
vars x
assert output x=me
finish
assert output /^>. +2  echo last/
continue
assert build done
"""
    )
    assert status == 0, out
