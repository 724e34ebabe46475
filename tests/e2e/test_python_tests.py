"""A Python test that fails stands where the exception was raised; scripts for other interpreters are told to be one
command."""

from __future__ import annotations

from pathlib import Path

from support.cli import Cbw

META = """\
package:
  name: counter
  version: "1.0"
source:
  path: src
build:
  noarch: python
  script: cp counter.py "$PREFIX/site-packages/" 2>/dev/null || install -D counter.py "$SP_DIR/counter.py"
requirements:
  host:
    - python
  run:
    - python
test:
  imports:
    - counter
"""

MODULE = """\
LIMIT = {"max": 3}


def check(value):
    over = value - LIMIT["max"]
    if over > 0:
        raise ValueError(f"{over} too many")
    return over
"""


def test_an_exception_in_run_test_py_is_looked_into(cbw: Cbw, tmp_path: Path) -> None:
    recipe = tmp_path / "counter"
    (recipe / "src").mkdir(parents=True)
    (recipe / "src" / "counter.py").write_text(MODULE)
    (recipe / "meta.yaml").write_text(META)
    (recipe / "run_test.py").write_text('import counter\nlast = "x"\ncounter.check(2)\ncounter.check(7)\n')
    script = tmp_path / "look.cbw"
    script.write_text(
        f"""set -e
debug {recipe}
break run_test.py:3
run package
fails run test
assert error test
assert output /ValueError: 4 too many.*in check/
assert test failed
where
assert output /#0 check .*counter.py:7/
assert output /#1 <module> .*run_test.py:/
vars
assert output over=4
assert output value=7
eval 'LIMIT["max"] + over'
assert output 7
list
assert output /^>. +7  .*raise ValueError/
frame 1
assert output /^>. .*counter.check.7./
vars last
assert output /last='x'/
fails next
assert error not-here
fails continue
assert error test
assert output too many
"""
    )
    ran = cbw("repl", "--script", script, "-O", "-c", "host")
    assert "run_test.py is not stepped" in ran.text


OUTPUTS = """\
package:
  name: several
  version: "1.0"
outputs:
  - name: by-python
    script: install.py
    requirements:
      build:
        - python
"""


def test_an_output_script_for_python_is_one_command_that_stops_when_it_fails(cbw: Cbw, tmp_path: Path) -> None:
    recipe = tmp_path / "several"
    recipe.mkdir()
    (recipe / "meta.yaml").write_text(OUTPUTS)
    (recipe / "install.py").write_text("import os\nprint('in python')\nraise SystemExit(os.environ.get('ENDS', 5))\n")
    script = tmp_path / "look.cbw"
    script.write_text(
        f"""set -e
debug {recipe} --output-id 'by-python*'
fails run build
assert error build
assert output install.py
set ENDS=7
fails reload
continue
"""
    )
    ran = cbw("repl", "--script", script, "-O", "-c", "host", status=1)
    assert "install.py is run by python: it is one command, which is not stepped" in ran.text
    assert "in python" in ran.text
