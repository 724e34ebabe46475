from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from cbw_core.errors import RecipeError
from core.render.hostile import CANARY, CASES, Case
from core.render.rendering_help import render

# seconds of computing, not of waiting for a busy machine
ENOUGH = 10


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    """Fails a test that would never end."""

    def hung(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"still computing after {ENOUGH} seconds")

    before = signal.signal(signal.SIGVTALRM, hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, ENOUGH)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_hostile_recipe_is_refused_at_its_place(case: Case, tmp_path: Path) -> None:
    recipe = case.write(tmp_path / "recipe")
    with pytest.raises(RecipeError) as caught:
        render(recipe)
    error = caught.value
    place = error.place
    assert (error.kind, place.line if place else None) == (case.kind, case.line), error.message
    assert error.hint, error.message
    if case.file:
        assert place and place.file == str(recipe / case.file)
    assert len(error.message) < 1000
    assert not (tmp_path / CANARY).exists()
