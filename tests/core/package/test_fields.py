"""The lists of fields that phases declare as their inputs are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cbw_core import package, post

_READ = (r'build_field\(\w+(?:\.\w+)?, "([\w-]+)"', r'section\("build"\)\.get\("([\w-]+)"', r'\bbuild\.get\("([\w-]+)"')


@pytest.mark.parametrize("room", [post, package])
def test_every_field_that_is_read_is_declared(room: object) -> None:
    folder = Path(str(room.__file__)).parent  # type: ignore[attr-defined]
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    read = {name for pattern in _READ for name in re.findall(pattern, text)}
    assert len(read) > 5
    assert read <= set(room.BUILD_FIELDS)  # type: ignore[attr-defined]
