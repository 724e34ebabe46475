"""Why a hash came out as it did, asked of the program: of recipes, of packages it built, of both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.cli import Cbw
from support.paths import EXAMPLES

HOST = ("--override-channels", "-c", "host")


def test_variants_of_the_example(cbw: Cbw) -> None:
    said = cbw("variants", EXAMPLES / "matrix").out
    assert said.startswith("2 variants (2 flavour+greeting (zipped)) build 2 packages")
    assert "conda_build_config.yaml:1:1, zipped with greeting" in said


def test_inspect_without_more_lists_what_there_is(cbw: Cbw) -> None:
    assert "inspect hash-inputs" in cbw("inspect", status=2).err
    assert "cbw inspect hash-inputs" in cbw("inspect", "--help").out


def test_json_of_a_fault_is_an_object(cbw: Cbw) -> None:
    told = cbw("inspect", "hash-inputs", "--json", "nothing-here", status=2).json()
    assert told["error"]["exit_status"] == 2


@pytest.mark.slow
def test_a_built_package_against_its_recipe_before_and_after_a_change(
    cbw: Cbw, tmp_path: Path, world: Mapping[str, str]
) -> None:
    recipe = tmp_path / "clib"
    shutil.copytree(EXAMPLES / "clib", recipe)
    cbw("build", "--no-test", *HOST, recipe)
    package = next(Path(world["CBW_CROOT"]).glob("linux-64/pytally-*.conda"))

    same = cbw("inspect", "hash-inputs", *HOST, recipe, package).out
    assert same.splitlines()[0].endswith("and so is the name")

    told = cbw("inspect", "hash-inputs", "--json", package).json()
    recorded = json.loads(told["canonical"])
    assert recorded == {"c_compiler": "gcc", "target_platform": "linux-64"}
    uses = {v["name"]: [u["place"] and u["place"]["line"] for u in v["uses"]] for v in told["variables"]}
    lines = (recipe / "meta.yaml").read_text().splitlines()
    at = lines.index("  - name: pytally")
    compiler = next(n for n, line in enumerate(lines, 1) if n > at and "compiler('c')" in line)
    assert uses["c_compiler"] == [compiler]

    text = (recipe / "meta.yaml").read_text().replace("- setuptools\n", "- setuptools\n        - zlib\n")
    (recipe / "meta.yaml").write_text(text)
    (recipe / "conda_build_config.yaml").write_text("zlib:\n  - 1.3\n")
    changed = cbw("inspect", "hash-inputs", "--no-finalize", recipe, package).out
    assert "because of zlib" in changed.splitlines()[0]
    assert "conda_build_config.yaml:2:5" in changed

    explained = cbw("render", "--explain", "--json", *HOST, EXAMPLES / "clib").json()
    pytally = next(e for e in explained["explained"] if e["inputs"]["name"] == "pytally")
    run = {d["spec"].split()[0]: d["origins"][0] for d in pytally["dependencies"]["run"]}
    assert (run["libgcc"]["how"], run["libgcc"]["kind"], run["libgcc"]["env"]) == ("run_exports", "strong", "build")
    assert run["libtally"]["how"] == "pin_subpackage"
    assert run["python"]["pin"]["how"] == "pin_run_as_build"
