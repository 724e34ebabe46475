"""Scripts of commands as a user runs them: a cbw of their own, a build that stops, what `!` and failures do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BUILD = """\
mkdir -p $PREFIX/share
echo slow >> $RECIPE_DIR/../slow
mine=here
cp missing $PREFIX/share/seven
echo end
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "seven"
    folder.mkdir()
    (folder / "meta.yaml").write_text(
        'package:\n  name: seven\n  version: "1.0"\ntest:\n  commands:\n    - test -f $PREFIX/share/seven\n'
    )
    (folder / "build.sh").write_text(BUILD)
    return folder


def _cbw(world: dict[str, str], cwd: Path, *words: str, stdin: str = "") -> tuple[int, str]:
    program = str(Path(sys.executable).with_name("cbw"))
    done = subprocess.run(
        [program, *words], cwd=cwd, env=world, input=stdin, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def test_a_script_that_reaches_a_failed_phase_goes_on_with_its_next_command(
    world: dict[str, str], recipe: Path, tmp_path: Path
) -> None:
    steps = tmp_path / "steps.cbw"
    steps.write_text(
        "debug seven -O\n!echo in $PWD with $mine.\nrun build\nassert error build\nassert stop build.sh:4\n"
        "assert stop failure\nassert var mine=here\n!echo at the stop in $PWD with $mine, $-\n"
        "!cp $RECIPE_DIR/meta.yaml missing\ncontinue --ignore\nassert build done\nrerun build\n"
        "!sed -i s,missing,../seven/meta.yaml, $RECIPE_DIR/build.sh\n!cd $RECIPE_DIR\n!test $PWD = $RECIPE_DIR\n"
        "!cp meta.yaml $SRC_DIR/; sed -i 's,\\.\\./seven/,,' build.sh; cd $SRC_DIR\nreload\ncontinue\n"
        "!echo $PWD\nrun package\nassert package done\nrun test\nassert test done\n"
    )
    status, out = _cbw({**world, "mine": "the caller's"}, tmp_path, "repl", "--script", str(steps))
    assert status == 1, out  # `run build` and `rerun build` failed
    assert f"in {tmp_path} with the caller's." in out
    assert "with here, " in out
    assert "2 of 23 commands failed: line 3, 12" in out, out
    assert (tmp_path / "slow").read_text() == "slow\n" * 2


@pytest.mark.parametrize("how", ["--strict", "set -e"])
def test_strict_scripts_end_at_the_first_failure(how: str, world: dict[str, str], recipe: Path, tmp_path: Path) -> None:
    lines = "debug seven -O\nrun build\n!touch went-on\n"
    words = ["repl", "--script", "-", "--strict"] if how == "--strict" else ["repl", "--script", "-"]
    status, out = _cbw(world, tmp_path, *words, stdin=lines if how == "--strict" else f"set -e\n{lines}")
    assert status == 1, out
    assert "ends at its first failure" in out
    assert "the stopped build is over: it has failed" in out
    assert not list(tmp_path.rglob("went-on"))
    status, out = _cbw(world, tmp_path, "status")
    assert "cp missing" in out


def test_on_the_command_line_breakpoints_are_kept_and_it_is_said_who_stops_at_them(
    world: dict[str, str], recipe: Path, tmp_path: Path
) -> None:
    (recipe / "build.sh").write_text(BUILD.replace("cp missing", "touch"))
    assert _cbw(world, tmp_path, "debug", "seven", "-O", "--stop", "2", "--plain")[0] == 0
    status, out = _cbw(world, recipe, "break", "build.sh:5", "--if", "true")
    assert status == 0, out
    status, out = _cbw(world, tmp_path, "run", "build")
    assert status == 0, out
    assert "2 breakpoints" in out
    status, out = _cbw(world, tmp_path, "break", "--delete", "seven/build.sh:5", "--json")
    assert status == 0, out
    status, out = _cbw(world, tmp_path, "repl", "--script", "-", "--strict", stdin="rerun build\nassert stop 2\n")
    assert status == 0, out
