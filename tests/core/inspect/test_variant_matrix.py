"""The matrix: zipped keys, what each row builds, rows that collapse, keys that do not count, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.inspect.inspecting_help import at, matrix
from core.render.rendering_help import write

RECIPE = """\
package: {name: p, version: 1.0}
build:
  skip: true   # [blas == "mkl"]
requirements:
  host:
    - python
  run:
    - python
"""
ZIPPED = """\
python:
  - 3.10
  - 3.11
vc:
  - 9
  - 14
zip_keys:
  -
    - python
    - vc
"""


def test_zipped_keys_are_one_axis(tmp_path: Path) -> None:
    write(tmp_path, ZIPPED + "blas:\n  - mkl\n  - open\n", "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE)
    assert dict(found.axes) == {("python", "vc"): 2, ("blas",): 2}
    values = [(r.values["python"], r.values["vc"], r.values["blas"]) for r in found.rows]
    assert sorted(values) == [
        ("3.10", "9", "mkl"),
        ("3.10", "9", "open"),
        ("3.11", "14", "mkl"),
        ("3.11", "14", "open"),
    ]


def test_each_row_names_what_it_builds_or_why_not(tmp_path: Path) -> None:
    write(tmp_path, ZIPPED + "blas:\n  - mkl\n  - open\n", "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE)
    assert len(found.outputs) == 2
    for row in found.rows:
        if row.values["blas"] == "mkl":
            assert not row.builds
            assert "build/skip is true" in row.skipped[0]
        else:
            tag = "py310" if row.values["python"] == "3.10" else "py311"
            (dist,) = row.builds
            assert tag in dist


def test_rows_that_differ_in_unused_keys_collapse_and_say_so(tmp_path: Path) -> None:
    write(tmp_path, ZIPPED + "boost:\n  - 1.7\n  - 1.8\n", "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE)
    assert [r.like for r in found.rows].count(None) == 2
    (remark,) = found.remarks
    assert remark.startswith("2 of 4 variants build what an earlier one builds")
    assert "they differ in boost only" in remark


def test_zipped_rows_with_equal_used_values_collapse(tmp_path: Path) -> None:
    """Three pairs were written; two of them have the same python, and vc is used by nothing."""
    config = ZIPPED.replace("  - 3.11\n", "  - 3.11\n  - 3.11\n").replace("  - 14\n", "  - 14\n  - 15\n")
    write(tmp_path, config, "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE)
    assert dict(found.axes) == {("python", "vc"): 3}
    assert len(found.outputs) == 2
    assert [r.like for r in found.rows] == [None, None, 2]
    assert "1 of 3 variants" in found.remarks[0]
    assert "differ in vc only" in found.remarks[0]


def test_a_flag_on_a_zipped_key_narrows_the_group(tmp_path: Path) -> None:
    write(tmp_path, ZIPPED, "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE, python=("3.11",))
    python = next(k for k in found.keys if k.name == "python")
    assert python.values == ("3.10", "3.11")
    assert [(g.kind, g.label) for g in python.narrowed] == [("command line", "--python")]
    assert found.remarks == ("--python keeps 1 of 2 values of python, and with it of vc, which is zipped with it",)


def test_a_list_in_brackets_is_lost_to_a_selector(tmp_path: Path) -> None:
    write(tmp_path, "python: [3.10, 3.11]\n", "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE)
    assert len(found.rows) == 1
    (remark,) = found.remarks
    assert "conda_build_config.yaml:1:9: the list in `python: [3.10, 3.11]` is lost" in remark


def test_builds_of_the_same_name_are_remarked(tmp_path: Path) -> None:
    """python is used, but neither hashed nor shown: conda-build overwrites one with the other."""
    write(tmp_path, "python:\n  - 3.10\n  - 3.11\n", "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE.replace("  run:\n    - python\n", ""))
    assert found.outputs == ("p-1.0-0", "p-1.0-0")
    assert [r.like for r in found.rows] == [None, None]
    assert found.remarks == (
        "2 builds have the same name, p-1.0-0 (they differ in python): each overwrites the one before",
    )


def test_noarch_takes_the_newest_python(tmp_path: Path) -> None:
    write(tmp_path, "python:\n  - 3.10\n  - 3.11\n", "conda_build_config.yaml")
    found = matrix(tmp_path, RECIPE.replace("build:", "build:\n  noarch: python"))
    assert [bool(r.builds) for r in found.rows] == [False, True]
    assert "newest python" in found.rows[0].nothing


@pytest.mark.parametrize(
    ("key", "why", "place"),
    [
        ("boost", "run only", "meta.yaml:8:7"),
        ("vtk", "not named", ""),
        ("qt", "own version", "meta.yaml:5:7"),
        ("metis", "selected out", "meta.yaml:6:7"),
    ],
)
def test_keys_that_nothing_uses_say_why(tmp_path: Path, key: str, why: str, place: str) -> None:
    keys = "".join(f"{name}:\n  - 1\n  - 2\n" for name in ("boost", "vtk", "qt", "metis"))
    write(tmp_path, keys, "conda_build_config.yaml")
    text = """\
package: {name: p, version: 1}
requirements:
  host:
    - zlib
    - qt >=5
    - metis    # [win]
  run:
    - boost
"""
    (found,) = (k for k in matrix(tmp_path, text).keys if k.name == key)
    assert not found.used
    assert found.unused is not None
    assert (found.unused.why, at(found.unused.place)) == (why, place)


def test_several_outputs_use_keys_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "zlib:\n  - 1\n  - 2\nicu:\n  - 3\n  - 4\n", "conda_build_config.yaml")
    text = """\
package: {name: top, version: 1}
outputs:
  - name: one
    requirements:
      host:
        - zlib
  - name: two
    requirements:
      host:
        - icu
"""
    found = matrix(tmp_path, text)
    used = {k.name: k.used_by for k in found.keys if k.name in ("zlib", "icu")}
    assert used == {"zlib": ("one",), "icu": ("two",)}
    for row in found.rows:
        assert [dist.split("-")[0] for dist in row.builds] == ["one", "two"]
    assert len(found.rows) == 4
    assert len(found.outputs) == 4
