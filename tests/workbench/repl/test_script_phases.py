"""A script steps through all phases; it fails when a phase fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Recipe = Callable[..., Path]
Script = Callable[..., tuple[int, str]]

META = """
package:
  name: tiny
  version: "1.0"
build:
  noarch: generic
test:
  commands:
    - test -f $PREFIX/share/tiny.txt
"""
BUILD = 'mkdir -p "$PREFIX/share"\necho "made by build.sh" | tee "$PREFIX/share/tiny.txt"\n'
STEPS = """
debug recipes/tiny
assert render done
assert env done
assert build pending
step
assert build done
assert output made by build.sh
assert file share/tiny.txt in host
assert file conda_build.sh in work
assert file logs/build.log in session
step
assert post done
step
assert package done
assert file share/tiny.txt in package
assert file info/index.json in package
assert not file share/other.txt in package
step
assert test done
assert file share/*.txt in test
shell -c 'cat $PREFIX/share/tiny.txt'
assert output /^made by/
rewind build
assert build pending
assert not file share/tiny.txt in host
"""


def test_script_steps_through_all_phases(script: Script, recipe: Recipe) -> None:
    recipe("tiny", META, **{"build.sh": BUILD})
    status, out = script(STEPS, strict=True)
    assert status == 0, out
    assert "> step\n== build: tiny-1.0-0\n" in out


def test_script_fails_when_a_phase_fails(script: Script, recipe: Recipe) -> None:
    recipe("tiny", META, **{"build.sh": BUILD.replace("tee", "no-such-command")})
    status, out = script(STEPS, strict=True)
    assert status == 1
    assert "error[build] in build" in out
    status, out = script(STEPS)
    assert status == 1
    assert "assert build done: does not hold" in out
    assert "build is failed" in out


def test_failing_test_is_a_test_too(script: Script, recipe: Recipe) -> None:
    recipe("tiny", META.replace("test -f", "test -d"), **{"build.sh": BUILD})
    text = "fails build recipes/tiny\nassert error test\nassert test failed\nassert package done\nassert status 1\n"
    status, out = script(text, strict=True)
    assert status == 0, out


def test_assert_in_package_tells_what_is_there(script: Script, recipe: Recipe) -> None:
    recipe("tiny", META, **{"build.sh": BUILD})
    text = "debug recipes/tiny\nassert file x in package\nbuild --no-test recipes/tiny\nassert file x in package\n"
    status, out = script(text)
    assert status == 1
    assert "there is no package yet" in out
    assert "tiny-1.0-0.conda has info/about.json" in out


def test_both_formats_can_be_looked_into(script: Script, recipe: Recipe) -> None:
    recipe("tiny", META, **{"build.sh": BUILD})
    text = "build --no-test --package-format 1 recipes/tiny\nassert file share/tiny.txt in package\n"
    text += "assert file info/index.json in package\n"
    status, out = script(text, strict=True)
    assert status == 0, out
    assert "tiny-1.0-0.tar.bz2" in out
