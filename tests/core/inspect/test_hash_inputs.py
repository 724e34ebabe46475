"""Hash inputs of recipes whose answer is known: every use, every source, the canonical text, the string's parts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from core.inspect.inspecting_help import at, explained
from core.render.rendering_help import ENVIRON, write

RECIPE = """\
{% set major = libfoo.split(".")[0] %}
package:
  name: pkg
  version: 1.0
build:
  number: 3
  script_env:
    - MODE
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - python
    - zlib            # [mpi == "no"]
    - {{ pin_compatible('numpy') }}
  run:
    - python
    - boost
test:
  commands:
    - echo 1   # [blas != "mkl"]
"""
CONFIG = """\
python:
  - 3.10
  - 3.11
libfoo: 2.4
zlib:
  - 1.2
  - 1.3
blas:
  - mkl
mpi:
  - no
boost:
  - 1.8
MODE:
  - fast
jpeg:
  - 9
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, CONFIG, "conda_build_config.yaml")
    (tmp_path / "build.sh").write_text('# builds\nif [ "${jpeg}" ]; then true; fi\n')
    return tmp_path


def test_every_use_has_its_line_and_its_kind(folder: Path) -> None:
    inputs = explained(folder, RECIPE)[0].inputs
    uses = {v.name: [(u.how, u.section, at(u.place)) for u in v.uses] for v in inputs.variables}
    assert uses == {
        "libfoo": [("set", "", "meta.yaml:1:16")],
        "MODE": [("item", "build/script_env", "meta.yaml:8:7")],
        "c_compiler": [("compiler", "requirements/build", "meta.yaml:11:10")],
        "python": [("requirement", "requirements/host", "meta.yaml:13:7"),
                   ("requirement", "requirements/run", "meta.yaml:17:7")],
        "zlib": [("requirement", "requirements/host", "meta.yaml:14:7")],
        "mpi": [("selector", "requirements/host", "meta.yaml:14:26")],
        "numpy": [("pin_compatible", "requirements/host", "meta.yaml:15:26")],
        "blas": [("selector", "test/commands", "meta.yaml:21:19")],
        "jpeg": [("script", "", "build.sh:2:9")],
        "target_platform": [("always", "", "")],
    }  # fmt: skip


def test_the_canonical_text_is_what_is_hashed(folder: Path) -> None:
    inputs = explained(folder, RECIPE)[0].inputs
    contents = {
        "MODE": "fast", "blas": "mkl", "c_compiler": "gcc", "jpeg": "9", "libfoo": "2.4", "mpi": "no",
        "numpy": "1.23", "target_platform": "linux-64", "zlib": "1.2",
    }  # fmt: skip
    assert json.loads(inputs.canonical) == contents
    assert inputs.sha1 == hashlib.sha1(json.dumps(contents, sort_keys=True).encode()).hexdigest()
    assert inputs.hash == f"h{inputs.sha1[:7]}"
    assert inputs.build_string == f"py310{inputs.hash}_3"


def test_the_build_string_is_taken_apart(folder: Path) -> None:
    parts = explained(folder, RECIPE)[0].inputs.parts
    assert [(p.text, p.kind, at(p.place)) for p in parts][0::2] == [
        ("py310", "version", "meta.yaml:13:7"),
        ("_3", "number", "meta.yaml:6:3"),
    ]
    assert "python 3.10" in parts[0].why


def test_python_is_not_hashed_but_shown(folder: Path) -> None:
    python = explained(folder, RECIPE)[0].inputs.variable("python")
    assert python is not None
    assert (python.hashed, python.shown) == (False, "py310")
    assert "never hashes" in python.not_hashed


def test_a_variable_that_is_not_used_says_why(folder: Path) -> None:
    inputs = explained(folder, RECIPE)[0].inputs
    boost = inputs.why_unused("boost")
    assert boost is not None
    assert (boost.why, at(boost.place)) == ("run only", "meta.yaml:18:7")
    assert inputs.why_unused("perl").why == "not named"  # type: ignore[union-attr]
    assert inputs.why_unused("zip_keys") is None
    assert inputs.why_unused("pin_run_as_build").why == "setting"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "script", "why", "place"),
    [
        ("    - vtk 9.1", "", "own version", "meta.yaml:6:7"),
        ("    - vtk    # [win]", "", "selected out", "meta.yaml:6:7"),
        ("    - other", "echo $PREFIX $vtk\n", "unseen in script", "build.sh:1:15"),
        ("    - other   # vtk is not used", "", "not named", ""),
        ("    - vtk-data", "", "not named", ""),
        ("    - libs[vtk]", "", "mentioned", "meta.yaml:6:12"),
    ],
)
def test_near_misses_are_told_apart(tmp_path: Path, line: str, script: str, why: str, place: str) -> None:
    write(tmp_path, "vtk:\n  - 9\n", "conda_build_config.yaml")
    if script:
        (tmp_path / "build.sh").write_text(script)
    text = f"package:\n  name: p\n  version: 1\nrequirements:\n  host:\n{line}\n"
    if why == "mentioned":
        text = text.replace("requirements:\n  host:", "about:\n  keywords:").replace("libs[vtk]", "about vtk")
        place = "meta.yaml:6:13"
    unused = explained(tmp_path, text)[0].inputs.why_unused("vtk")
    assert unused is not None
    assert (unused.why, at(unused.place)) == (why, place)


def test_forced_and_ignored_keys_name_their_lines(tmp_path: Path) -> None:
    write(tmp_path, "vtk:\n  - 9\nzlib:\n  - 1\n", "conda_build_config.yaml")
    text = """\
package: {name: p, version: 1}
build:
  force_use_keys:
    - vtk
  force_ignore_keys:
    - zlib
requirements:
  host:
    - zlib
"""
    inputs = explained(tmp_path, text)[0].inputs
    (vtk,) = [v for v in inputs.variables if v.name == "vtk"]
    assert [(u.how, at(u.place)) for u in vtk.uses] == [("forced", "meta.yaml:4:7")]
    zlib = inputs.why_unused("zlib")
    assert zlib is not None
    assert (zlib.why, at(zlib.place)) == ("ignored", "meta.yaml:6:7")


def test_build_only_python_does_not_count(tmp_path: Path) -> None:
    text = "package: {name: p, version: 1}\nrequirements:\n  build:\n    - python\n  host:\n    - zlib\n"
    unused = explained(tmp_path, text)[0].inputs.why_unused("python")
    assert unused is not None
    assert (unused.why, at(unused.place)) == ("build only", "meta.yaml:4:7")


def test_sysroot_comes_with_the_compiler(tmp_path: Path) -> None:
    write(tmp_path, "CONDA_BUILD_SYSROOT:\n  - /sdk\n", "conda_build_config.yaml")
    text = "package: {name: p, version: 1}\nrequirements:\n  build:\n    - {{ compiler('c') }}\n"
    sysroot = explained(tmp_path, text)[0].inputs.variable("CONDA_BUILD_SYSROOT")
    assert sysroot is not None
    assert [(u.how, u.by, at(u.place)) for u in sysroot.uses] == [("implied", "c_compiler", "meta.yaml:4:10")]


def test_compiler_has_its_version_and_stdlib(tmp_path: Path) -> None:
    write(tmp_path, "c_compiler_version:\n  - 13\nc_stdlib:\n  - sysroot\nc_stdlib_version:\n  - 2.17\n",
          "conda_build_config.yaml")  # fmt: skip
    text = """\
package: {name: p, version: 1}
requirements:
  build:
    - {{ compiler("c") }}
    - {{ stdlib("c") }}
"""
    inputs = explained(tmp_path, text)[0].inputs
    found = {v.name: [(u.how, at(u.place)) for u in v.uses] for v in inputs.variables}
    assert found["c_compiler"] == found["c_compiler_version"] == [("compiler", "meta.yaml:4:10")]
    assert found["c_stdlib"] == found["c_stdlib_version"] == [("stdlib", "meta.yaml:5:10")]


# --- what surprises is said first


def test_python_missing_from_hash_and_string_is_remarked(tmp_path: Path) -> None:
    text = "package: {name: p, version: 1}\nrequirements:\n  host:\n    - python\n"
    inputs = explained(tmp_path, text)[0].inputs
    assert inputs.build_string == "0"
    assert any("python is used, but neither hashed nor shown" in r for r in inputs.remarks)


def test_a_key_that_begins_like_python_is_remarked(tmp_path: Path) -> None:
    write(tmp_path, "python_impl:\n  - cpython\n", "conda_build_config.yaml")
    text = "package: {name: p, version: 1}\nabout:\n  summary: for {{ python_impl }}\n"
    inputs = explained(tmp_path, text)[0].inputs
    assert "python_impl" not in inputs.canonical
    assert inputs.variable("python_impl").not_hashed == (  # type: ignore[union-attr]
        "conda-build leaves out every key that begins with 'python'"
    )
    assert any("python_impl is used, but its name keeps it out" in r for r in inputs.remarks)


def test_ignore_version_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, "zlib:\n  - 1\nignore_version:\n  - zlib\n", "conda_build_config.yaml")
    text = "package: {name: p, version: 1}\nrequirements:\n  host:\n    - zlib\n    - {{ compiler('c') }}\n"
    zlib = explained(tmp_path, text)[0].inputs.variable("zlib")
    assert zlib is not None
    assert not zlib.hashed
    assert "ignore_version lists 'zlib'" in zlib.not_hashed
    assert "conda_build_config.yaml:4:5" in zlib.not_hashed


def test_an_own_build_string_without_hash_is_remarked(tmp_path: Path) -> None:
    text = (
        "package: {name: p, version: 1}\nbuild:\n  string: mine_0\nrequirements:\n  build:\n    - {{ compiler('c') }}\n"
    )
    inputs = explained(tmp_path, text)[0].inputs
    assert [(p.text, p.kind, at(p.place)) for p in inputs.parts] == [("mine_0", "recipe", "meta.yaml:3:3")]
    assert any("holds no hash" in r for r in inputs.remarks)


def test_pkg_hash_in_an_own_string_is_found(tmp_path: Path) -> None:
    text = """\
package: {name: p, version: 1}
build:
  number: 2
  string: cuda_h{{ PKG_HASH }}_{{ PKG_BUILDNUM }}
requirements:
  build:
    - {{ compiler('c') }}
"""
    inputs = explained(tmp_path, text)[0].inputs
    assert [p.kind for p in inputs.parts] == ["recipe", "hash", "recipe"]
    assert "".join(p.text for p in inputs.parts) == inputs.build_string
    assert inputs.parts[1].text == inputs.hash


def test_run_on_a_virtual_package_is_hashed_whole(tmp_path: Path) -> None:
    text = "package: {name: p, version: 1}\nrequirements:\n  run:\n    - __glibc >=2.17\n"
    inputs = explained(tmp_path, text)[0].inputs
    assert [(v.name, v.spec, at(v.place)) for v in inputs.virtual] == [("__glibc", "__glibc >=2.17", "meta.yaml:4:7")]
    assert json.loads(inputs.canonical)["__glibc"] == "__glibc >=2.17"


def test_features_and_numpy_in_the_string(tmp_path: Path) -> None:
    text = """\
package: {name: p, version: 1}
build:
  features:
    - mkl
requirements:
  host:
    - python
    - numpy x.x
  run:
    - python
    - numpy x.x
"""
    inputs = explained(tmp_path, text)[0].inputs
    kinds = [(p.text, p.kind) for p in inputs.parts if p.kind != "hash"]
    assert kinds == [("np123", "version"), ("py311", "version"), ("_mkl", "features"), ("_0", "number")]


# --- where values come from


@pytest.mark.parametrize(
    ("options", "environ", "kind", "label", "overridden"),
    [
        ({}, {}, "file", "", ["default"]),
        ({"python": ("3.12",)}, {}, "command line", "--python", ["default", "file"]),
        ({}, {"CONDA_PY": "312"}, "environment", "CONDA_PY", ["default", "file"]),
        ({"variants": {"python": "3.12"}}, {}, "command line", "--variants", ["default", "file"]),
        ({"python": ("3.12",)}, {"CONDA_PY": "39"}, "command line", "--python", ["default", "file"]),
    ],
)
def test_the_source_of_a_value(
    folder: Path, options: dict[str, object], environ: dict[str, str], kind: str, label: str, overridden: list[str]
) -> None:
    inputs = explained(folder, RECIPE, environ={**ENVIRON, **environ}, **options)[0].inputs
    python = inputs.variable("python")
    assert python is not None
    assert python.by is not None
    assert (python.by.kind, python.by.label) == (kind, label)
    assert [g.kind for g in python.overridden] == overridden
    assert python.value == ("3.10" if kind == "file" else "3.12")
    if kind == "file":
        assert at(python.by.place) == "conda_build_config.yaml:2:5"
        assert python.by.values == ("3.10", "3.11")


def test_each_output_points_at_its_own_value(folder: Path) -> None:
    places = [at(e.inputs.variable("zlib").by.place) for e in explained(folder, RECIPE)]  # type: ignore[union-attr]
    assert places == ["conda_build_config.yaml:6:5", "conda_build_config.yaml:7:5"] * 2


def test_defaults_are_told_as_such(folder: Path) -> None:
    compiler = explained(folder, RECIPE)[0].inputs.variable("c_compiler")
    assert compiler is not None
    assert compiler.by is not None
    assert (compiler.by.kind, compiler.by.place) == ("default", None)


def test_m_file_overrides_the_recipes_own(folder: Path, tmp_path: Path) -> None:
    more = tmp_path / "more" / "ci.yaml"
    write(more.parent, "# ours\nzlib:       # [win]\n  - 7         # [win]\nzlib:\n  - 1.4\n", "ci.yaml")
    zlib = explained(folder, RECIPE, variant_config_files=(str(more),))[0].inputs.variable("zlib")
    assert zlib is not None
    assert zlib.by is not None
    assert (zlib.by.label, at(zlib.by.place), zlib.value) == ("-m", "ci.yaml:5:5", "1.4")
    assert [at(g.place) for g in zlib.overridden] == ["conda_build_config.yaml:5:1"]
