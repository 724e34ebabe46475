"""The way a newcomer goes: debug an example, paste the line into bash, build there; look, change, go on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from support.cli import Cbw, bash
from support.paths import EXAMPLES

HOST = ("-O", "-c", "host")


@pytest.fixture
def bsdiff4(tmp_path: Path) -> Path:
    sources = tmp_path / "examples" / ".sources"
    sources.mkdir(parents=True)
    (archive,) = (EXAMPLES / ".sources").glob("bsdiff4-1.1.4*")
    shutil.copy2(archive, sources)
    return Path(shutil.copytree(EXAMPLES / "bsdiff4", tmp_path / "examples" / "bsdiff4"))


def test_the_activation_line_pasted_into_bash_gives_a_shell_where_the_build_runs(cbw: Cbw, bsdiff4: Path) -> None:
    out = cbw("debug", *HOST, "--plain", bsdiff4).out
    (line,) = re.findall(r"^cd .* && source .*$", out, re.MULTILINE)
    text = bash(f"{line} && bash conda_build.sh && ls $SP_DIR/bsdiff4")
    assert re.search(r"core\.cpython-\d+-x86_64-linux-gnu\.so", text)


def test_sourcing_the_environment_twice_doubles_nothing(cbw: Cbw, bsdiff4: Path) -> None:
    (line,) = cbw("debug", *HOST, "-a", bsdiff4).out.splitlines()
    once = bash(f"{line} && env | grep -v ^OLDPWD= | sort")
    twice = bash(f"{line} && {line} && env | grep -v ^OLDPWD= | sort")
    assert once == twice


def test_an_edit_of_the_tests_runs_render_and_test_only(cbw: Cbw, bsdiff4: Path) -> None:
    cbw("debug", *HOST, "--plain", bsdiff4)
    cbw("run", "test")
    before = {row["phase"]: row for row in cbw("status", "--json").json()["phases"]}
    meta = bsdiff4 / "meta.yaml"
    meta.write_text(re.sub(r"(\n  commands:\n)", r"\1    - bsdiff4 --help\n", meta.read_text()))
    ran = cbw("run", "test")
    after = {row["phase"]: row for row in cbw("status", "--json").json()["phases"]}
    again = {name for name in after if after[name]["started"] != before[name]["started"]}
    assert again <= {"render", "test"} and "test" in again
    assert re.findall(r"^== (\w+):", ran.text, re.MULTILINE) == ["render", "test"]


def test_a_command_in_the_shell_has_the_compiler_and_keeps_its_status(cbw: Cbw, bsdiff4: Path) -> None:
    cbw("debug", *HOST, "--plain", bsdiff4)
    assert "gcc" in cbw("shell", "-c", "$CC --version | head -1; echo $PREFIX").out.lower()
    cbw("shell", "-c", "exit 7", status=7)
    cbw("run", "test")
    assert "bsdiff4" in cbw("shell", "--phase", "test", "-c", "python -c 'import bsdiff4; print(bsdiff4.__file__)'").out


def test_a_package_is_tested_by_itself(cbw: Cbw, tmp_path: Path, bsdiff4: Path) -> None:
    cbw("build", *HOST, "--no-test", bsdiff4)
    (package,) = (tmp_path / "croot").glob("linux-64/bsdiff4-*.conda")
    cbw("test", *HOST, package)
