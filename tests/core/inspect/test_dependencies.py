"""What brought each run dependency: lines, run_exports, pins; and what was ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbw_core.inspect import Dependencies
from core.inspect.inspecting_help import at, explained
from core.render.rendering_help import TableResolver, write


def row(name: str, version: str = "1.0", build: str = "0", **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "build": build, "subdir": "linux-64", **more}


CHANNEL = TableResolver(
    [
        row("gcc_linux-64", "13.1", run_exports={"strong": ["libgcc >=13"], "weak": ["gccthing"]}),
        row("libgcc", "13.1"),
        row("cmake", "3.30", run_exports={"weak": ["cmake-runtime >=3"]}),
        row("python", "3.11.4", run_exports={"noarch": ["python"], "weak": ["python_abi 3.11.*"]}),
        row("zlib", "1.3.1", run_exports={"weak": ["libzlib >=1.3,<2"], "weak_constrains": ["zlib-ng <0"]}),
        row("openssl", "3.1", run_exports={"weak": ["openssl >=3.1,<4"]}),
        row("icu", "73.2", run_exports={"weak": ["icu >=73,<74"]}),
        row("numpy", "1.26.2"),
    ]
)
RECIPE = """\
package:
  name: pkg
  version: 1.0
build:
  ignore_run_exports:
    - openssl
  ignore_run_exports_from:
    - icu
requirements:
  build:
    - {{ compiler('c') }}
    - cmake
  host:
    - python
    - zlib
    - openssl
    - icu
    - numpy 1.26
  run:
    - python
    - {{ pin_compatible('numpy', max_pin='x.x') }}
    - libzlib
    - zlib
  run_constrained:
    - scipy >=1.10
"""


@pytest.fixture
def found(tmp_path: Path) -> Dependencies:
    write(tmp_path, "pin_run_as_build:\n  zlib:\n    max_pin: x.x\n", "conda_build_config.yaml")
    return explained(tmp_path, RECIPE, resolver=CHANNEL)[0].dependencies


def origins(found: Dependencies) -> dict[str, list[tuple[str, str]]]:
    listed = (*found.run, *found.run_constrained)
    return {d.spec: [(o.how, o.package or at(o.place)) for o in d.origins] for d in listed}


def test_every_dependency_has_what_brought_it(found: Dependencies) -> None:
    assert found.final
    assert origins(found) == {
        "libgcc >=13": [("run_exports", "gcc_linux-64-13.1-0")],
        "libzlib >=1.3,<2": [("recipe", "meta.yaml:22:7"), ("run_exports", "zlib-1.3.1-0")],
        "numpy >=1.26,<1.27.0a0": [("pin_compatible", "meta.yaml:21:7")],
        "python >=3.11,<3.12.0a0": [("recipe", "meta.yaml:20:7")],
        "python_abi 3.11.*": [("run_exports", "python-3.11.4-0")],
        "zlib >=1.3.1,<1.4.0a0": [("recipe", "meta.yaml:23:7")],
        "scipy >=1.10": [("recipe", "meta.yaml:25:7")],
        "zlib-ng <0": [("run_exports", "zlib-1.3.1-0")],
    }


def test_kind_and_environment_of_an_export(found: Dependencies) -> None:
    kinds = {o.spec: (o.kind, o.env) for d in (*found.run, *found.run_constrained) for o in d.origins if o.package}
    assert kinds == {
        "libgcc >=13": ("strong", "build"),
        "libzlib >=1.3,<2": ("weak", "host"),
        "python_abi 3.11.*": ("weak", "host"),
        "zlib-ng <0": ("weak_constrains", "host"),
    }


def test_pins_name_the_rule_and_the_version(found: Dependencies) -> None:
    pins = {d.spec.split()[0]: o.pin for d in found.run for o in d.origins if o.pin}
    assert set(pins) == {"python", "zlib", "numpy"}
    python, zlib = pins["python"], pins["zlib"]
    # max_pin='x.x' counts as numpy x.x, and that becomes a pin_run_as_build that no file has
    assert (pins["numpy"].how, pins["numpy"].version, pins["numpy"].by) == ("numpy x.x", "1.26.2", None)
    assert (python.how, python.version, python.by.kind) == ("pin_run_as_build", "3.11.4", "default")  # type: ignore[union-attr]
    assert (zlib.version, at(zlib.by.place)) == ("1.3.1", "conda_build_config.yaml:2:3")  # type: ignore[union-attr]


def test_ignored_exports_name_the_line_that_says_so(found: Dependencies) -> None:
    ignored = [(e.spec, e.package, e.ignored, at(e.place)) for e in found.ignored]
    assert ignored == [
        ("icu >=73,<74", "icu-73.2-0", "ignore_run_exports_from", "meta.yaml:8:7"),
        ("openssl >=3.1,<4", "openssl-3.1-0", "ignore_run_exports", "meta.yaml:6:7"),
    ]


def test_exports_that_do_not_reach_run(found: Dependencies) -> None:
    assert {(e.spec, e.env, e.kind) for e in found.unused} == {
        ("gccthing", "build", "weak"),
        ("cmake-runtime >=3", "build", "weak"),
        ("python", "host", "noarch"),
    }


def test_noarch_takes_the_noarch_exports_only(tmp_path: Path) -> None:
    text = """\
package: {name: p, version: 1}
build: {noarch: python}
requirements:
  host:
    - python
    - zlib
  run:
    - python
"""
    found = explained(tmp_path, text, resolver=CHANNEL)[0].dependencies
    assert origins(found) == {"python": [("recipe", "meta.yaml:8:7"), ("run_exports", "python-3.11.4-0")]}
    assert {e.spec for e in found.unused} == {"python_abi 3.11.*", "libzlib >=1.3,<2", "zlib-ng <0"}


def test_an_exact_pin_stands_for_the_looser_ones(tmp_path: Path) -> None:
    text = """\
package: {name: p, version: 1}
requirements:
  host:
    - zlib
  run:
    - libzlib 1.3.1 0
    - libzlib >=1
"""
    found = explained(tmp_path, text, resolver=CHANNEL)[0].dependencies
    assert origins(found)["libzlib 1.3.1 0"] == [
        ("recipe", "meta.yaml:6:7"),
        ("recipe", "meta.yaml:7:7"),
        ("run_exports", "zlib-1.3.1-0"),
    ]


def test_outputs_point_at_their_own_lines(tmp_path: Path) -> None:
    text = """\
{% set name = "lib" %}
package: {name: top, version: 1.0}
outputs:
  - name: {{ name }}a
    requirements:
      host:
        - zlib
      run:
        - zlib
  - name: {{ name }}b
    requirements:
      run:
        - icu     # [win]
        - zlib
        - {{ pin_subpackage(name ~ "a", exact=True) }}
"""
    first, second = explained(tmp_path, text, resolver=CHANNEL)
    assert ("recipe", "meta.yaml:9:11") in origins(first.dependencies)["zlib"]
    by_name = {spec.split()[0]: why for spec, why in origins(second.dependencies).items()}
    assert by_name == {"liba": [("pin_subpackage", "meta.yaml:15:11")], "zlib": [("recipe", "meta.yaml:14:11")]}


def test_loops_and_lists_of_templates(tmp_path: Path) -> None:
    text = """\
package: {name: p, version: 1}
requirements:
  run:
    {% for dep in ["zlib", "icu"] %}
    - {{ dep }}
    {% endfor %}
    - numpy
"""
    found = explained(tmp_path, text, resolver=CHANNEL)[0].dependencies
    assert origins(found) == {
        "zlib": [("recipe", "meta.yaml:5:7")],
        "icu": [("recipe", "meta.yaml:5:7")],
        "numpy": [("recipe", "meta.yaml:7:7")],
    }


def test_without_solving_only_lines_are_known(tmp_path: Path) -> None:
    found = explained(tmp_path, RECIPE, finalize=False)[0].dependencies
    assert not found.final
    assert {why[0] for listed in origins(found).values() for why in listed} <= {"recipe", "pin_compatible"}
    assert not found.ignored


def test_requirements_txt_is_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("icu>=70\n")
    text = "package: {name: p, version: 1}\nrequirements:\n  host:\n    - numpy\n"
    found = explained(tmp_path, text, resolver=CHANNEL)[0].dependencies
    assert origins(found) == {"icu >=70": [("requirements.txt", "")]}


def test_appended_requirements_name_their_file(tmp_path: Path) -> None:
    write(tmp_path, "requirements:\n  run:\n    - icu\n", "recipe_append.yaml")
    text = "package: {name: p, version: 1}\nrequirements:\n  run:\n    - zlib\n"
    found = explained(tmp_path, text, resolver=CHANNEL)[0].dependencies
    assert origins(found) == {"icu": [("recipe", "recipe_append.yaml")], "zlib": [("recipe", "meta.yaml:4:7")]}
