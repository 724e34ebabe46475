"""A scripted REPL session over the C library, all outputs through all phases; and that it fails when a phase does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.cli import Cbw
from support.paths import EXAMPLES

SCRIPT = """\
set -e
debug {recipe} --output-id 'pytally-*'
assert env done
assert build pending
assert file lib/libtally.so.1 in host
step
assert build done
assert file lib/python3*/site-packages/pytally*.so in host
step
assert post done
step
assert package done
assert file info/index.json in package
step
assert test done
rewind build
assert build pending
run test
assert test done
debug {recipe} --output-id 'tally-tools-*'
run test
assert test done
"""


@pytest.fixture
def clib(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "clib", tmp_path / "clib"))


@pytest.mark.slow
def test_a_script_steps_the_c_library_through_all_phases(cbw: Cbw, clib: Path, tmp_path: Path) -> None:
    script = tmp_path / "clib.cbw"
    script.write_text(SCRIPT.format(recipe=clib))
    ran = cbw("repl", "--script", script, "-O", "-c", "host")
    assert "assert test done" in ran.text


@pytest.mark.slow
def test_the_script_fails_when_a_phase_fails(cbw: Cbw, clib: Path, tmp_path: Path) -> None:
    (clib / "install-python.sh").write_text("false\n")
    script = tmp_path / "clib.cbw"
    script.write_text(SCRIPT.format(recipe=clib))
    ran = cbw("repl", "--script", script, "-O", "-c", "host", status=1)
    assert "install-python.sh" in ran.text
    assert "assert build done" not in ran.out.splitlines()[-1]
