"""Every broken example ends with an error that names the phase, what is to blame and the next step."""

from __future__ import annotations

import pytest

from support.cli import Cbw
from support.paths import EXAMPLES

HOST = ("--override-channels", "-c", "host")
# example -> (exit status, phase, kind, file to blame or None, line in it or None, a word of the message)
WANTED: dict[str, tuple[int, str, str, str | None, int | None, str]] = {
    "bad-yaml": (2, "render", "yaml", "meta.yaml", 10, "YAML"),
    "bad-selector": (2, "render", "selector", "meta.yaml", 9, "selector"),
    "undefined-jinja": (2, "render", "jinja", "meta.yaml", 7, "versoin"),
    "unsatisfiable-host": (3, "env", "solve", "meta.yaml", 15, "setuptools >=9000"),
    "bad-sha256": (2, "source", "hash", "meta.yaml", 10, "sha256"),
    "bad-patch": (2, "source", "patch", "0001-greet-politely.patch", 9, "hunk 2"),
    "missing-header": (1, "build", "build", "build.sh", 5, "missing-header"),
    "failing-script": (1, "build", "build", "build.sh", 9, "cp manual.md"),
    "missing-license": (1, "package", "license", "meta.yaml", 17, "LICENCE.txt"),
    "missing-output-file": (1, "test", "test", "meta.yaml", 17, "datas.txt"),
    "failing-test": (1, "test", "test", "run_test.py", 7, "run_test.py"),
    "failing-import": (1, "test", "test", "meta.yaml", 24, "shapes"),
    "unsatisfiable-test": (3, "test", "solve", "meta.yaml", 15, "pytest >=9000"),
}


def test_every_broken_example_is_held_here() -> None:
    assert set(WANTED) == {folder.name for folder in (EXAMPLES / "broken").iterdir() if folder.is_dir()}


@pytest.mark.parametrize("name", WANTED)
def test_a_broken_example_teaches(name: str, cbw: Cbw) -> None:
    status, phase, kind, file, line, word = WANTED[name]
    recipe = EXAMPLES / "broken" / name
    ran = cbw("build", *HOST, "--json", recipe, status=status)
    error = ran.json()["error"]
    assert (error["phase"], error["kind"]) == (phase, kind)
    assert word in error["message"]
    assert error["hint"]
    if file is not None:
        assert error["file"] is not None and error["file"].endswith(file)
    if line is not None:
        assert error["line"] == line
    shown = cbw("build", *HOST, recipe, status=status).err
    if name == "missing-output-file":  # the phase to blame has warned, as conda-build does
        assert "share/tool/datas.txt matches no file (meta.yaml:14)" in shown
    assert word in shown and error["hint"][:40] in " ".join(shown.split())
    if phase != "render":
        assert "session" in shown
        kept = cbw("status", "--json").json()
        assert {row["phase"]: row["state"] for row in kept["phases"]}[phase] == "failed"
