"""Breakpoints at the prompt, from an editor's side, and in scripts of meta.yaml."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.session.changes.breakpoints import merge
from cbw_core.trace import Breakpoint

Script = Callable[..., tuple[int, str]]

BUILD = "i=0\nwhile ((i < 5)); do\n  ((++i))\ndone\n\necho five\necho six\necho seven\n"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "loop"
    folder.mkdir()
    (folder / "meta.yaml").write_text('package:\n  name: loop\n  version: "1.0"\n')
    (folder / "build.sh").write_text(BUILD)
    return folder


def _points(*rows: tuple[int, str]) -> tuple[Breakpoint, ...]:
    return tuple(Breakpoint(number, "function", name) for number, name in rows)


def test_what_two_processes_did_to_breakpoints_comes_together() -> None:
    known = _points((1, "a"), (2, "b"))
    assert merge(known, _points((1, "a")), _points((1, "a"), (2, "b"), (3, "c"))) == _points((1, "a"), (3, "c"))
    assert merge(known, known, ()) == ()
    assert merge((), _points((1, "a")), _points((1, "b"))) == _points((1, "b"), (2, "a"))
    assert merge(known, _points((1, "x"), (2, "b")), _points((1, "y"), (2, "b"))) == _points((1, "x"), (2, "b"))


def test_conditions_ignore_and_disabled_breakpoints(script: Script, recipe: Path) -> None:
    status, out = script(
        f"""set -e
debug {recipe} -O
break 3
ignore 1 2
run build
assert output /^>. +3/
eval echo i is $i
assert output i is 2
ignore 1 1
continue
eval echo i is $i
assert output i is 4
delete 1
tbreak 6
break build.sh:7
break build.sh:7
disable 3
break
assert output /3  build.sh:7 .disabled/
continue
assert output /^>. +6/
break
assert not output build.sh:6
condition 3 '[[ $i = 7 ]]'
enable 3
continue
assert build done
rerun build
condition 3
run build
assert build done
"""
    )
    assert status == 0, out


def test_breakpoints_of_an_editor_are_taken_over_at_a_stop(script: Script, recipe: Path) -> None:
    home = recipe.parent  # of the user, whom the script's own shell does not know
    program = Path(sys.executable).with_name("cbw")
    cbw = f"env HOME={home}/home CBW_CROOT={home}/croot XDG_STATE_HOME={home}/state {program}"
    status, out = script(
        f"""set -e
debug {recipe} -O
tbreak 1
run build
!{cbw} break {recipe}/build.sh:5 --json
assert output /verified.: false/
break
assert output build.sh:6
next
!cd {recipe} && {cbw} break build.sh:7
!{cbw} break --delete {recipe}/build.sh:5
continue
assert output /^>● +7/
assert output removed elsewhere: build.sh:6
!{cbw} break --json
assert output /verified.: true/
!{cbw} break
assert output build.sh:7
!{cbw} break nowhere.sh:12 debug_1 || true
assert output debug_1
"""
    )
    assert status == 0, out
    assert "breakpoint 1 was set elsewhere: build.sh:6" in out


def test_lines_of_meta_yaml_are_those_of_the_file(script: Script, tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "meta.yaml").write_text(
        'package:\n  name: inside\n  version: "1.0"\nbuild:\n  script:\n    - echo one\n'
        "    - echo two\n    - echo three\n"
    )
    status, out = script(
        f"""set -e
debug {folder} -O
break {folder}/meta.yaml:7
run build
assert output meta.yaml:7: echo two
break meta.yaml:8
break
assert output /2  meta.yaml:8/
continue
assert output echo three
"""
    )
    assert status == 0, out


def test_breakpoints_as_json_have_their_source_once_they_are_verified(script: Script, recipe: Path) -> None:
    status, out = script(f"debug {recipe} -O\nbreak 5 --json\nrun build\nbreak --json\n")
    assert status == 0
    before, after = (json.loads(line) for line in out.splitlines() if line.startswith('{"session"'))
    assert (before["breakpoints"][0]["verified"], before["breakpoints"][0]["source"]) == (False, None)
    point = after["breakpoints"][0]
    assert (point["id"], point["line"], point["verified"]) == (1, 6, True)
    assert point["source"] == {"name": "build.sh", "path": str(recipe / "build.sh")}


def test_outputs_of_a_recipe_share_their_breakpoints(script: Script, tmp_path: Path) -> None:
    folder = tmp_path / "outs"
    folder.mkdir()
    (folder / "meta.yaml").write_text(
        'package:\n  name: outs\n  version: "1.0"\noutputs:\n  - name: one\n    script: one.sh\n  - name: two\n'
        "    script: two.sh\n    requirements:\n      host:\n        - one\n"
    )
    (folder / "one.sh").write_text("echo 1 one\necho 2 one\n")
    (folder / "two.sh").write_text("echo 1 two\necho 2 two\n")
    status, out = script(
        f"""set -e
debug {folder} -O --output-id 'two*'
break {folder}/two.sh:2
run build
assert stop two.sh:2
break {folder}/one.sh:2
"""
    )
    assert status == 0, out
    (other,) = (tmp_path / "croot").glob("*/outputs/*")
    status, out = script(f"set -e\nuse {other}\nbreak\nassert output two.sh:2\nrerun build\nassert stop one.sh:2\n")
    assert status == 0, out
