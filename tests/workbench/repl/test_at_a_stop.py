"""What gdb's and pudb's users do at a stop, and what scripts check there."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cbw_workbench.commands import Context
from cbw_workbench.repl.completion import candidates
from cbw_workbench.repl.engine import Engine
from cbw_workbench.repl.loop import repeated
from cbw_workbench.repl.screen import Screen

Script = Callable[..., tuple[int, str]]

BUILD = """\
say() {
  echo "say $1"
  local inner=$1
  true
}
rows=(one "two words")
declare -A named=([a]=1 [b]=2)
for i in 1 2 3; do
  x=$i
  say $i
done
export DONE=yes
sleep 60 &
kill $!
last=1
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "habits"
    folder.mkdir()
    (folder / "meta.yaml").write_text('package:\n  name: habits\n  version: "1.0"\n')
    (folder / "build.sh").write_text(BUILD)
    return folder


def test_steps_are_counted_and_until_leaves_a_loop(script: Script, recipe: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
assert not stop
b 8
run build
assert stop build.sh:8
assert stop 8
assert stop breakpoint
delete
next 2
assert stop build.sh:10
assert var x=1
step
assert stop say
step 3
assert stop build.sh:4
finish
assert stop 8
n 2
assert stop build.sh:10
until
assert stop build.sh:12
assert var x=3
assert not var inner
until 15
assert stop 15
break
assert output no breakpoints
step 99
assert build done
"""
    )
    assert status == 0, out


def test_variables_and_functions_are_looked_up_by_name(script: Script, recipe: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
break 14
run build
p rows
assert output /rows=.one 'two words'./
p $named
assert output /named=.*a.=1/
assert var rows=one two words
vars --exported
assert output DONE=yes
assert output PKG_NAME=habits
fails p NOTHING
assert error variable
next
vars --changed
assert not output rows
functions
assert output /say .*build.sh:1/
functions s*
assert output local inner
where --all
assert output errexit
"""
    )
    assert status == 0, out


def test_list_goes_on_where_it_ended(script: Script, tmp_path: Path, recipe: Path) -> None:
    (recipe / "build.sh").write_text("".join(f"echo {n}\n" for n in range(1, 61)))
    status, out = script(
        f"""set -e
debug {recipe} -O
break 5
run build
list
assert output /^ +15  echo 15/
assert not output /echo 16/
l
assert output /^ +16  echo 16/
assert output /^ +36  echo 36/
next
list
assert output /^> +6  echo 6/
list 60
assert output /^ +60  echo 60/
fails list
"""
    )
    assert status == 0, out


def test_an_empty_line_repeats_steps_and_listings_only() -> None:
    assert [repeated(line) for line in ("n", "step 2", "l 40", "continue", "", "where")] == [
        "n", "step 2", "list", "", "", ""
    ]  # fmt: skip


def test_words_of_a_standing_script_are_completed(context: Context, recipe: Path) -> None:
    engine = Engine(context, Screen(io.StringIO()))

    def words(text: str) -> list[str]:
        return [word for word, _ in candidates(engine.context, text)]

    with closing(engine):
        assert words("p ") == []
        engine.run(f"debug {recipe} -O")
        assert "build.sh:" in words("break b")
        engine.run("snapshots commands")
        engine.run("break 14")
        engine.run("run build")
        assert words("p na") == ["named"]
        assert words("functions ") == ["say"]
        assert words("delete ") == words("disable ") == words("break --delete ") == ["1"]
        assert {"cmd", "var", "say", "10"} <= set(words("break "))
        assert "12" in words("until 1")
        assert "3" not in words("back ")
        assert {"6", "8", "12"} <= set(words("back "))
        assert words("blame ") == []
