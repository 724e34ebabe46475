"""Hash inputs of package files, and what two sides differ in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import UsageError
from cbw_core.inspect import HashInputs, compare, hash_inputs_of_package, nearest
from core.inspect.inspecting_help import at, explained
from core.render.rendering_help import write
from support.packages import make_package

RECIPE = """\
package:
  name: pkg
  version: 1.0
build:
  number: 2
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - zlib
    - python
  run:
    - python
"""
VARIANT = """\
c_compiler: gcc
ignore_build_only_deps:
- python
- numpy
pin_run_as_build:
  python:
    max_pin: x.x
python: '3.11'
target_platform: linux-64
zlib: '1.2'
"""
CONTENTS = {"c_compiler": "gcc", "target_platform": "linux-64", "zlib": "1.2"}


def built(
    folder: Path,
    contents: Mapping[str, Any] | None = CONTENTS,
    *,
    files: Mapping[str, str] | None = None,
    build: str | None = None,
    tar_bz2: bool = False,
) -> Path:
    digest = hashlib.sha1(json.dumps(dict(contents or {}), sort_keys=True).encode()).hexdigest()[:7]
    recipe = {"meta.yaml": RECIPE, "meta.yaml.template": RECIPE, "conda_build_config.yaml": VARIANT}
    listed = {f"info/recipe/{name}": text for name, text in {**recipe, **(files or {})}.items() if text}
    if contents is not None:
        listed["info/hash_input.json"] = json.dumps(contents)
    return make_package(
        folder, "pkg", "1.0", build or f"py311h{digest}_2", files=listed, index={"build_number": 2}, tar_bz2=tar_bz2,
        subdir="linux-64",
    )  # fmt: skip


def recipe_side(folder: Path, text: str = RECIPE, config: str = "zlib:\n  - 1.2\n", **options: Any) -> HashInputs:
    write(folder, config, "conda_build_config.yaml")
    return explained(folder, text, **options)[0].inputs


@pytest.mark.parametrize("tar_bz2", [False, True])
def test_a_package_says_what_was_hashed_and_where_it_is_used(tmp_path: Path, tar_bz2: bool) -> None:
    inputs = hash_inputs_of_package(built(tmp_path, tar_bz2=tar_bz2))
    assert json.loads(inputs.canonical) == CONTENTS
    assert inputs.hash in inputs.build_string
    assert not inputs.remarks
    found = {v.name: (v.value, v.hashed, [(u.how, at(u.place)) for u in v.uses]) for v in inputs.variables}
    assert found == {
        "c_compiler": ("gcc", True, [("compiler", "meta.yaml.template:8:10")]),
        "python": ("3.11", False, [("requirement", f"meta.yaml.template:{line}:7") for line in (11, 13)]),
        "target_platform": ("linux-64", True, [("always", "")]),
        "zlib": ("1.2", True, [("requirement", "meta.yaml.template:10:7")]),
    }  # fmt: skip
    zlib = inputs.variable("zlib")
    assert zlib is not None
    assert zlib.by is not None
    assert at(zlib.by.place) == "conda_build_config.yaml:10:1"
    assert [(p.text, p.kind) for p in inputs.parts] == [
        ("py311", "version"), (inputs.hash, "hash"), ("_2", "number")
    ]  # fmt: skip


def test_places_are_named_by_package_and_path(tmp_path: Path) -> None:
    package = built(tmp_path)
    zlib = hash_inputs_of_package(package).variable("zlib")
    assert zlib is not None
    assert zlib.uses[0].place is not None
    assert zlib.uses[0].place.file == f"{package.name}:info/recipe/meta.yaml.template"


def test_a_name_that_its_hash_inputs_do_not_make_is_remarked(tmp_path: Path) -> None:
    inputs = hash_inputs_of_package(built(tmp_path, build="py311h0000000_2"))
    assert "the name has h0000000" in inputs.remarks[0]
    assert inputs.hash in inputs.remarks[0]


def test_a_package_of_another_tool_has_no_hash_inputs(tmp_path: Path) -> None:
    files = {"meta.yaml": "", "meta.yaml.template": "", "conda_build_config.yaml": ""}
    inputs = hash_inputs_of_package(built(tmp_path, None, build="py311_2", files=files))
    assert (inputs.canonical, inputs.hash) == ("", "")
    assert "no info/hash_input.json" in inputs.remarks[0]
    assert any("holds no recipe" in r for r in inputs.remarks)


def test_a_recipe_that_cannot_be_rendered_again_leaves_the_rest(tmp_path: Path) -> None:
    broken = RECIPE.replace("{{ compiler('c') }}", "{{ nothing.like(this) }}")
    inputs = hash_inputs_of_package(built(tmp_path, files={"meta.yaml.template": broken}))
    assert json.loads(inputs.canonical) == CONTENTS
    assert inputs.variable("zlib").uses == ()  # type: ignore[union-attr]
    assert any("cannot be rendered again" in r for r in inputs.remarks)


def test_a_recipe_that_uses_other_variables_than_were_hashed_is_remarked(tmp_path: Path) -> None:
    inputs = hash_inputs_of_package(built(tmp_path, {**CONTENTS, "icu": "73"}))
    assert any("uses other variables (icu)" in r for r in inputs.remarks)


def test_an_outputs_recipe_lies_in_parent(tmp_path: Path) -> None:
    parent = (
        RECIPE.replace("name: pkg", "name: top")
        + "outputs:\n  - name: pkg\n    requirements:\n      host:\n        - zlib\n"
    )
    files = {
        "meta.yaml.template": "",
        "parent/meta.yaml": parent,
        "parent/conda_build_config.yaml": "zlib:\n  - 1\n  - 2\n",
    }
    inputs = hash_inputs_of_package(built(tmp_path, {"target_platform": "linux-64", "zlib": "1.2"}, files=files))
    zlib = inputs.variable("zlib")
    assert zlib is not None
    assert [str(u.place).partition(":")[2] for u in zlib.uses] == ["info/recipe/parent/meta.yaml:18:11"]


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.conda").write_text("no")
    with pytest.raises(UsageError, match="not a conda package"):
        hash_inputs_of_package(tmp_path / "x.conda")


# --- two against each other


def test_a_recipe_and_its_package_agree(tmp_path: Path) -> None:
    found = compare(recipe_side(tmp_path / "r"), hash_inputs_of_package(built(tmp_path)))
    assert found.same_hash
    assert found.differences == ()
    assert found.verdict.endswith("and so is the name")


def test_a_changed_value_points_at_both_lines(tmp_path: Path) -> None:
    found = compare(recipe_side(tmp_path / "r", config="zlib:\n  - 1.3\n"), hash_inputs_of_package(built(tmp_path)))
    assert "because of zlib" in found.verdict
    (only,) = found.differences
    assert (only.name, only.left, only.right, only.hashed) == ("zlib", "1.3", "1.2", True)
    assert [at(p) for _, p in only.left_why] == ["conda_build_config.yaml:2:5"]
    assert [at(p) for _, p in only.right_why] == ["conda_build_config.yaml:10:1"]


def test_a_variable_no_longer_used_names_its_use_and_the_reason(tmp_path: Path) -> None:
    text = RECIPE.replace("    - zlib", "    - zlib >=1.2")
    found = compare(recipe_side(tmp_path / "r", text), hash_inputs_of_package(built(tmp_path)))
    (only,) = found.differences
    assert (only.left, only.right) == (None, "1.2")
    assert [(words, at(p)) for words, p in only.left_why] == [
        ("not used: the requirement says its version itself", "meta.yaml:10:7")
    ]
    assert ("a requirement without a version", "meta.yaml.template:10:7") in [(w, at(p)) for w, p in only.right_why]


def test_a_variable_that_one_side_does_not_have(tmp_path: Path) -> None:
    text = RECIPE.replace("    - zlib", "    - zlib\n    - icu")
    left = recipe_side(tmp_path / "r", text, "zlib:\n  - 1.2\nicu:\n  - 73\n")
    (only,) = compare(left, hash_inputs_of_package(built(tmp_path))).differences
    assert [at(p) for _, p in only.left_why] == ["meta.yaml:11:7", "conda_build_config.yaml:4:5"]
    assert only.right_why == (("its variants have no icu", None),)


def test_python_and_number_change_the_name_only(tmp_path: Path) -> None:
    left = recipe_side(tmp_path / "r", RECIPE.replace("number: 2", "number: 3"), python=("3.12",))
    found = compare(left, hash_inputs_of_package(built(tmp_path)))
    assert found.same_hash
    assert [(d.what, d.name, d.left, d.right, d.hashed) for d in found.differences] == [
        ("variable", "python", "3.12", "3.11", False),
        ("build number", "", 3, 2, False),
    ]
    assert [at(p) for _, p in found.differences[1].left_why] == ["meta.yaml:5:3"]


def test_two_packages_differ_in_the_variables_that_made_them(tmp_path: Path) -> None:
    other = built(tmp_path / "other", {**CONTENTS, "zlib": "1.3"}, files={
        "conda_build_config.yaml": VARIANT.replace("'1.2'", "'1.3'")
    })  # fmt: skip
    found = compare(hash_inputs_of_package(built(tmp_path)), hash_inputs_of_package(other))
    assert [(d.name, d.left, d.right) for d in found.differences] == [("zlib", "1.2", "1.3")]


def test_the_nearest_variant_is_the_one_compared(tmp_path: Path) -> None:
    write(tmp_path / "r", "zlib:\n  - 1.1\n  - 1.2\npython:\n  - 3.10\n  - 3.11\n", "conda_build_config.yaml")
    sides = [e.inputs for e in explained(tmp_path / "r", RECIPE)]
    assert len(sides) == 4
    chosen = nearest(hash_inputs_of_package(built(tmp_path)), sides)
    assert chosen is not None
    assert [chosen.variable(n).value for n in ("zlib", "python")] == ["1.2", "3.11"]  # type: ignore[union-attr]
