"""Going back to where a top-level command began: shell, work folder and prefix are as they were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cbw_core.errors import UsageError
from support.traced import Traced

TWELVE = """\
set -eu -o pipefail
x=1; list=(a "b c")
f() { echo "f $x" >> log; }
mkdir -p $PREFIX/lib
f
echo $x > $PREFIX/lib/one
x=2
export y=new
for i in 1 2; do echo $i >> loop; done
cd sub 2>/dev/null || { mkdir sub; cd sub; }
f; cat ../log ../loop 2>/dev/null > $PREFIX/lib/all || echo "$x $y ${list[1]}" > $PREFIX/lib/all
echo "${list[*]} $i $x $y" > $PREFIX/lib/end
"""


def _tree(one: Traced) -> dict[str, str]:
    found = {}
    for top in (one.prefix, one.work):
        files = (p for p in sorted(top.rglob("*")) if p.is_file() and p.name != "conda_build.sh")
        found.update({f"{top.name}/{p.relative_to(top)}": p.read_text() for p in files})
    return found


@pytest.mark.parametrize("line", range(1, 13))
def test_back_to_each_command_and_on_again_ends_as_a_straight_run(line: int, traced: Callable[..., Traced]) -> None:
    straight = traced(TWELVE)
    assert straight.end() == 0
    one = traced(TWELVE + "exit 1\n", snapshots="commands")
    stop = one.stop()
    assert stop.reason == "exit"
    one.debugger.back(line)
    assert one.at()[0] == (4 if line == 3 else line)  # a definition is there with the command behind it
    one.edit("exit 1\n", "")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0, one.lines
    assert _tree(one) == _tree(straight)


def test_without_a_snapshot_nobody_goes_back(traced: Callable[..., Traced]) -> None:
    one = traced("echo a\nfalse\n")
    one.stop()
    with pytest.raises(UsageError, match="no snapshots are kept"):
        one.debugger.back(1)
