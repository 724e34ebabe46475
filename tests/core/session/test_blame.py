from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.errors import CbwError, Place, RecipeError, Unsatisfiable
from cbw_core.render.output import Output, Requirements
from cbw_core.session import blame

META = """\
package: {name: one, version: 1}
build:
  script:
    - zlib --version
requirements:
  build: [cmake, ninja]
  host:
    - python
    - python-dateutil
    - zlib 1.2   # old
    - {{ pin_subpackage('libone', exact=True) }}
    - {{ compiler('c') }}
    - sysroot_{{ cross_target_platform }}
  run_constrained:
    - {{ mpi }}
  run:
    - zlib >=9
    - Some_Name
test:
  requires: [pytest]
outputs:
  - name: two
    requirements:
      host:
        - zlib
"""


def output(file: Path, name: str = "one", **changes: object) -> Output:
    plain = {"recipe_dir": str(file.parent), "recipe_file": str(file), "version": "1", "build_string": "0"}
    variant = {"c_compiler": "gcc", "python": "3.99", "mpi": "openmpi"}
    of_outputs = name != "one"
    return Output(name=name, is_output=of_outputs, host_subdir="linux-64", variant=variant, **(plain | changes))  # type: ignore[arg-type]


def blamed(file: Path, section: str, *specs: str, name: str = "one") -> CbwError:
    file.write_text(META)
    with pytest.raises(Unsatisfiable) as caught, blame.requirement_lines(output(file, name), section):
        raise Unsatisfiable("no", requirements=[(section, spec) for spec in specs], why="because.")
    return caught.value


@pytest.mark.parametrize(
    ("section", "spec", "line"),
    [
        ("run", "zlib >=9", 17),
        ("host", "zlib 1.2.*", 10),
        ("host", "python-dateutil", 9),
        ("host", "python", 8),
        ("host", "libone 1.0 0", 11),
        ("host", "gcc_linux-64 13.*", 12),
        ("host", "sysroot_linux-32", 13),
        ("run_constrained", "openmpi >=4", 15),
        ("build", "ninja", 6),
        ("run", "some-name", 18),
        ("test", "pytest >=8", 20),
        ("test", "zlib >=9", 17),
    ],
)
def test_the_line_of_the_requirement_to_blame(tmp_path: Path, section: str, spec: str, line: int) -> None:
    place = blamed(tmp_path / "meta.yaml", section, spec).place
    assert place is not None and place.line == line


def test_the_line_of_an_output_is_its_own(tmp_path: Path) -> None:
    place = blamed(tmp_path / "meta.yaml", "host", "zlib", name="two").place
    assert place is not None and (place.line, place.column) == (25, 11)


def test_of_two_requirements_both_lines_are_told(tmp_path: Path) -> None:
    error = blamed(tmp_path / "meta.yaml", "host", "zlib 1.2", "python-dateutil")
    assert error.place is not None and error.place.line == 10
    assert error.why == "because. python-dateutil is asked for at line 9."


def test_a_version_of_the_variants_is_told_as_such(tmp_path: Path) -> None:
    config = tmp_path / "conda_build_config.yaml"
    config.write_text("numpy: [1]\npython:\n  - 3.99\n")
    file = tmp_path / "meta.yaml"
    file.write_text(META)
    made = output(file, variant_files=(str(config),))
    with pytest.raises(Unsatisfiable) as caught, blame.requirement_lines(made, "host"):
        raise Unsatisfiable("no", requirements=[("host", "python 3.99.*")])
    assert "3.99.* is the variant's, set in conda_build_config.yaml:2" in str(caught.value.why)


def test_a_place_that_is_known_stays(tmp_path: Path) -> None:
    place = Place("other.yaml", 3)
    made = output(tmp_path / "meta.yaml", requirements=Requirements(host=("zlib",)))
    with pytest.raises(RecipeError) as error, blame.requirement_lines(made, "host"):
        raise RecipeError("no zlib", kind="spec", place=place)
    assert error.value.place is place


def test_a_requirement_that_cannot_be_read_is_found_by_its_text(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    file.write_text("requirements:\n  host:\n    - foo\n    - zlib >=1 <2\n")
    made = output(file, requirements=Requirements(host=("foo", "zlib >=1 <2")))
    with pytest.raises(RecipeError) as error, blame.requirement_lines(made, "host"):
        raise RecipeError("the requirement 'zlib >=1 <2' cannot be read", kind="spec")
    assert error.value.place is not None and error.value.place.line == 4
