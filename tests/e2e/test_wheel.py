"""An output of type wheel: pip makes it, it lies beside the packages, and nothing of conda's is made of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from support.cli import Cbw

META = """\
package:
  name: demo
  version: "1.0"
source:
  path: src
outputs:
  - name: demo-wheel
    type: wheel
    requirements:
      build:
        - python
        - pip
        - setuptools
        - wheel
"""
PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "demo"
version = "1.0"
[tool.setuptools]
py-modules = ["demo"]
"""


@pytest.mark.slow
def test_a_wheel_is_made_and_put_beside_the_packages(cbw: Cbw, tmp_path: Path) -> None:
    recipe = tmp_path / "demo"
    (recipe / "src").mkdir(parents=True)
    (recipe / "meta.yaml").write_text(META)
    (recipe / "src/pyproject.toml").write_text(PROJECT)
    (recipe / "src/demo.py").write_text("ANSWER = 42\n")
    ran = cbw("build", "--json", "--isolate", "-O", "-c", "host", recipe)
    (made,) = ran.json()["packages"]
    assert Path(made).name == "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(made) as wheel:
        assert wheel.read("demo.py") == b"ANSWER = 42\n"
    phases = {phase["phase"]: phase["state"] for phase in cbw("status", "--json").json()["phases"]}
    assert (phases["package"], phases["post"], phases["test"]) == ("done", "skipped", "skipped")
    cbw("rewind", "package")
    assert not Path(made).exists()
    cbw("run", "package")
    assert Path(made).exists()
