"""Faults that `conda debug` (conda-build 26.7) has and cbw must not have, each with its test."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Cbw, bash

TWO = """\
package: {name: pair, version: "2.0"}
build: {number: 0}
outputs:
  - name: pair-one
    script: make-one.sh
    test: {commands: ["test -f $PREFIX/one"]}
  - name: pair-two
    script: make-two.sh
"""
FILES = {
    "make-one.sh": "echo one > $PREFIX/one\n",
    "make-two.sh": "echo two > $PREFIX/two\n",
    "build.sh": "echo top\n",
}
Write = Callable[..., Path]


@pytest.fixture
def pair(recipe: Write) -> Path:
    return recipe("pair", TWO, **FILES)


def activation(out: str) -> str:
    (line,) = re.findall(r"^cd .* && source .*$", out, re.MULTILINE)
    return str(line)


def test_output_id_sets_up_the_output_it_matched(cbw: Cbw, pair: Path) -> None:
    for name in ("pair-one", "pair-two"):
        line = activation(cbw("debug", "-O", pair, "-a", "--output-id", f"{name}-*").out)
        assert bash(f"{line} && echo $PKG_NAME").splitlines()[-1] == name


def test_toplevel_matches_the_top_level(cbw: Cbw, pair: Path) -> None:
    line = activation(cbw("debug", "-O", pair, "-a", "--output-id", "TOPLEVEL").out)
    assert bash(f"{line} && bash conda_build.sh").splitlines()[-1] == "top"


def test_an_outputs_script_is_in_conda_build_sh_and_runs(cbw: Cbw, pair: Path) -> None:
    line = activation(cbw("debug", "-O", pair, "-a", "-o", "pair-one-*").out)
    text = bash(f"{line} && cat conda_build.sh && bash conda_build.sh && cat $PREFIX/one")
    assert "echo one > $PREFIX/one" in text
    assert text.splitlines()[-1] == "one"


def test_a_packages_test_environment_has_prefix(cbw: Cbw, pair: Path, tmp_path: Path) -> None:
    cbw("build", "-O", pair)
    (package,) = (tmp_path / "croot").glob("*/pair-one-*.conda")
    out = cbw("debug", "-O", package, "--plain").out
    line = activation(out)
    assert bash(f"{line} && test -d $PREFIX && test -f $PREFIX/one && echo good").splitlines()[-1] == "good"
    assert "conda_test_runner.sh" in out
    bash(f"{line} && bash conda_test_runner.sh")


def test_every_file_that_is_named_is_there(cbw: Cbw, pair: Path, tmp_path: Path) -> None:
    out = cbw("debug", "-O", pair, "--plain", "-o", "pair-one-*").out
    work = Path(activation(out).split()[1])
    named = set(re.findall(r"/[\w./+-]+", out)) | {str(work / n) for n in re.findall(r"\b(conda_\w+\.sh)\b", out)}
    inside = {name for name in named if name.startswith(str(tmp_path))}
    assert inside and all(os.path.exists(name.rstrip(".")) for name in inside), inside  # noqa: PTH110


def test_a_skipped_recipe_is_told(cbw: Cbw, recipe: Write) -> None:
    folder = recipe("nope", "package: {name: nope, version: '1'}\nbuild: {skip: true}\n")
    ran = cbw("debug", "-O", folder, "--plain", status=None)
    assert ran.status in (0, 2)
    assert "skip" in ran.text


def test_the_names_that_are_listed_are_those_that_match(cbw: Cbw, pair: Path) -> None:
    text = cbw("debug", "-O", pair, "--plain", status=2).text
    names = re.findall(r"\bpair-\w+-2\.0-\w+\.conda\b", text)
    assert len(set(names)) == 2 and "TOPLEVEL" in text
    for name in set(names):
        line = activation(cbw("debug", "-O", pair, "-a", "--output-id", name).out)
        assert bash(f"{line} && echo $PKG_NAME").splitlines()[-1] == name.split("-2.0-")[0]


def test_a_folder_used_again_keeps_no_stray_files(cbw: Cbw, pair: Path, tmp_path: Path) -> None:
    path = tmp_path / "again"
    line = activation(cbw("debug", "-O", pair, "-a", "-o", "pair-one-*", "-p", path).out)
    bash(f"{line} && bash conda_build.sh && touch stray $PREFIX/stray")
    line = activation(cbw("debug", "-O", pair, "-a", "-o", "pair-two-*", "-p", path).out)
    assert line.split()[1] == str(path / "work")
    assert not list(path.rglob("stray")) and not list(path.rglob("one"))


def test_no_variable_holds_a_python_repr(cbw: Cbw, recipe: Write) -> None:
    meta = "package: {name: reprs, version: '1'}\nbuild: {script: 'true'}\n"
    config = "flavours:\n  - a\npin_run_as_build:\n  zlib: {max_pin: x.x}\nsettings:\n  - {k: v}\n"
    folder = recipe("reprs", meta, **{"conda_build_config.yaml": config})
    line = activation(cbw("debug", "-O", folder, "-a").out)
    text = bash(f"{line} && cat build_env_setup.sh")
    assert not re.search(r"=\W{0,2}[{\[(]['\"]", text), text
    assert "OrderedDict" not in text and "frozenset" not in text
