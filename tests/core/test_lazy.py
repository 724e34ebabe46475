"""The faces of the rooms: every name is there, and no file of the room can hide it."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import cbw_core
from cbw_core.lazy import lazily

ROOMS = sorted(
    module.name
    for module in pkgutil.walk_packages(cbw_core.__path__, "cbw_core.")
    if module.ispkg and hasattr(import_module(module.name), "__all__")
)


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_face_can_be_had(room: str) -> None:
    face = import_module(room)
    missing = [name for name in face.__all__ if not hasattr(face, name)]
    assert missing == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_of_a_face_is_that_of_a_file(room: str) -> None:
    face = import_module(room)
    assert face.__file__ is not None
    files = {file.stem for file in Path(face.__file__).parent.iterdir()}
    assert files.isdisjoint(face.__all__)


def test_a_name_that_a_room_has_not_is_an_attribute_error() -> None:
    find = lazily("cbw_core.archive", {"entry": ("Entry",)})
    assert find("Entry").__name__ == "Entry"
    with pytest.raises(AttributeError, match=r"cbw_core\.archive"):
        find("nothing")
