"""The C library, whose build fails in its third of five commands behind a slow one: fixed and gone on with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.cli import Cbw
from support.paths import EXAMPLES

BUILD = """\
set -ex
make -j"${CPU_COUNT}" DESTINATION="${PREFIX}" libtally.so.1.2.0; sleep 1; echo ran >> "${RECIPE_DIR}/../slow"
make chekc
make -n install-lib DESTINATION="${PREFIX}"
echo ready
"""


@pytest.mark.slow
def test_fix_the_line_that_fails_behind_a_slow_one_and_go_on(cbw: Cbw, tmp_path: Path) -> None:
    recipe = Path(shutil.copytree(EXAMPLES / "clib", tmp_path / "clib"))
    (recipe / "build.sh").write_text(BUILD)
    script = tmp_path / "fix.cbw"
    script.write_text(
        f"""set -e
debug {recipe} --output-id TOPLEVEL
fails run build
assert error build
assert output chekc
assert build failed
!sed -i s/chekc/check/ "$RECIPE_DIR/build.sh"
reload
assert output +make check
continue
assert output clean run is owed
assert build done
"""
    )
    cbw("repl", "--script", script, "-O", "-c", "host")
    assert (tmp_path / "slow").read_text() == "ran\n"
    single = tmp_path / "one"
    single.mkdir()
    (single / "meta.yaml").write_text(
        "package:\n  name: tally-one\n  version: '1'\nsource:\n  path: ../clib/src\n"
        "requirements:\n  build:\n    - {{ compiler('c') }}\n    - make\n"
        "test:\n  commands:\n    - test -f $PREFIX/lib/libtally.so.1\n"
    )
    (single / "build.sh").write_text(BUILD.replace("make -n install", "make install"))
    script.write_text(
        f"""set -e
debug {single}
fails run build
assert output chekc
!sed -i s/chekc/check/ "$RECIPE_DIR/build.sh"
reload
continue
run package
assert file lib/libtally.so* in package
run test
assert test done
"""
    )
    cbw("repl", "--script", script, "-O", "-c", "host")
    assert (tmp_path / "slow").read_text() == "ran\nran\n"
