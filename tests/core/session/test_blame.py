from pathlib import Path

import pytest

from cbw_core.errors import EnvironmentFailure, Place
from cbw_core.session import blame

META = """\
requirements:
  build: [cmake, ninja]
  host:
    - python
    - python-dateutil
    - zlib 1.2   # old
    - {{ pin_subpackage('libone', exact=True) }}
  run:
    - zlib >=9
"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("no package zlib >=9 is in the channels", 9),
        ("no package zlib 1.2.* is in the channels", 6),
        ("no package python-dateutil", 5),
        ("no package python", 4),
        ("no package libone", 7),
        ("no package ninja", 2),
    ],
)
def test_the_line_of_the_requirement_that_a_failure_names(tmp_path: Path, message: str, line: int) -> None:
    file = tmp_path / "meta.yaml"
    file.write_text(META)
    specs = ["cmake", "ninja", "python", "python-dateutil", "zlib 1.2", "libone 1.0 0", "zlib >=9"]
    with pytest.raises(EnvironmentFailure) as error, blame.requirement_lines(str(file), specs):
        raise EnvironmentFailure(message, kind="solve")
    assert error.value.place is not None and error.value.place.line == line


def test_a_place_that_is_known_stays(tmp_path: Path) -> None:
    place = Place("other.yaml", 3)
    with pytest.raises(EnvironmentFailure) as error, blame.requirement_lines(str(tmp_path / "meta.yaml"), ["zlib"]):
        raise EnvironmentFailure("no zlib", kind="solve", place=place)
    assert error.value.place is place
