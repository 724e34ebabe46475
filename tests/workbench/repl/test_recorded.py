"""What a build at the prompt took and made: `timeline`, `blame`, and what has changed at a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., tuple[int, str]]

BUILD = """\
mkdir -p $PREFIX/share
echo a > $PREFIX/share/a
rows=(one two)
sleep 0.03
cp missing $PREFIX/share/b
echo c > $PREFIX/share/c
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "six"
    folder.mkdir()
    (folder / "meta.yaml").write_text('package:\n  name: six\n  version: "1.0"\n')
    (folder / "build.sh").write_text(BUILD)
    return folder


def test_timeline_and_blame_at_a_stop_across_a_reload_and_after_the_end(script: Script, recipe: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
break 4
run build
assert output new: share/a
timeline
assert output so far
assert output /^ *2 .* echo a/
blame share/a
assert output /^ *2 .*PREFIX.share.a .*echo a/
fails continue
timeline
assert output so far
!echo b > missing
!sed -i "5i echo new > $PREFIX/share/new" "$RECIPE_DIR/build.sh"
reload 5
break 6
continue
assert output new: share/new
continue
assert build done
timeline
assert not output so far
assert output /^ *1 +5 .*cp missing/
assert output /^ *2 +6 .*cp missing/
blame share/c
assert output /^ *2 +7 .*echo c/
blame '$SRC_DIR/missing'
assert output while the script stood
inspect timeline
assert output /^ *2 +6 .*cp missing/
fails timeline --diff previous
assert error no-timeline
"""
    )
    assert status == 0, out


def test_two_runs_of_a_session_are_compared(script: Script, recipe: Path) -> None:
    (recipe / "build.sh").write_text(BUILD.replace("cp missing", "touch"))
    status, out = script(
        f"""set -e
debug {recipe} -O
run build
!sed -i "s/0.03/0.3/" {recipe}/build.sh
break 6
rerun build
timeline --diff previous
assert output /^ *4 +0[.]\\d+ +- .*sleep 0.03/
assert output /^ *4 +- +0[.]3\\d+ .*sleep 0.3/
continue
timeline --diff previous
assert output /^ *6 +.*echo c/
rewind build
fails timeline
assert error no-timeline
"""
    )
    assert status == 0, out


def test_a_failed_build_keeps_its_timeline_when_the_prompt_is_left(script: Script, recipe: Path) -> None:
    assert script(f"debug {recipe} -O\nrun build\n")[0] == 1
    status, out = script(f"set -e\nuse {recipe}\ntimeline\nassert output it failed with status 1\nblame share/a\n")
    assert status == 0, out


def test_changes_at_a_stop_are_told_as_text_and_as_json(script: Script, recipe: Path) -> None:
    status, out = script(
        f"debug {recipe} -O\nbreak 3\nrun build\nnext\nassert output changed: rows\nbreak 5\ncontinue --json\n"
        "continue\nwhere --json\n"
    )
    assert status == 1
    stops = [json.loads(line) for line in out.splitlines() if line.startswith('{"stop"')]
    assert stops[0]["changes"] == {"variables": [], "files": []}
    assert (stops[0]["stop"]["reason"], stops[0]["stop"]["breakpoint"]) == ("breakpoint", 2)
    frame = stops[0]["stop"]["frames"][0]
    assert (frame["id"], frame["name"], frame["line"]) == (0, "main", 5)
    assert frame["source"] == {"name": "build.sh", "path": str(recipe / "build.sh")}
    assert stops[1]["stop"]["reason"] == "failure"


def test_each_command_prints_one_object_as_json(script: Script, recipe: Path) -> None:
    wanted = {
        "break 4": "session", "run build": "stop", "next": "stop", "where --all": "stop", "list": "stop",
        "vars rows": "variables", "set a=1": "variables", "functions": "functions", "eval --json true": "status",
        "timeline": "recorded", "blame": "files", "blame share/a": "files", "snapshots": "when", "reload": "diff",
        "disable 1": "session", "continue": "error", "until": "stop", "finish": "session",
    }  # fmt: skip
    lines = [f"{line} --json" if "eval" not in line else line for line in wanted]
    _, out = script(f"debug {recipe} -O\n" + "\n".join(lines) + "\n")
    at = 0
    rows = out.splitlines()
    for line, key in wanted.items():
        echoed = next(n for n in range(at, len(rows)) if f"> {line}" in rows[n])
        at = echoed + 1
        printed = []
        while at < len(rows) and not rows[at].startswith("cbw ") and not rows[at].startswith("  at "):
            printed += [rows[at]] if rows[at].startswith(("{", "[")) else []
            at += 1
        if key:
            assert len(printed) == 1, (line, printed, out)
            assert key in json.loads(printed[0]), line
