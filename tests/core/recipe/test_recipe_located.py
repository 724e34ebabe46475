"""Texts that know where they came from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cbw_core.recipe import Located, Namespace, place_in

TEXTS = st.text(alphabet="ab-: \n#", max_size=60)


def true_at(text: str, located: Located) -> None:
    """Every character of `located` stands in `text` where it says."""
    lines = text.splitlines(keepends=True)
    for offset, character in enumerate(located.text):
        position = located.position(offset)
        assert position is not None
        line, column = position
        if character != "\n":
            assert lines[line - 1][column - 1] == character


@given(TEXTS, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_cuts_and_sums_keep_their_places(text: str, first: int, second: int, third: int) -> None:
    whole = Located.of(text)
    low, high = sorted((min(first, len(text)), min(second, len(text))))
    assert whole.cut(low, high).text == text[low:high]
    assert whole.without(low, high).text == text[:low] + text[high:]
    assert whole.rstrip().text == text.rstrip()
    joined = whole.without(low, high) + whole.cut(min(third, len(text)), len(text))
    true_at(text, joined)


@given(TEXTS)
def test_selection_keeps_the_lines(text: str) -> None:
    true_at(text, Located.of(text).selected(Namespace({}), "meta.yaml"))


def test_a_dropped_line_moves_nothing() -> None:
    text = "a: 1  # [win]\nb: 2\n"
    selected = Located.of(text).selected(Namespace({"win": False}), "meta.yaml")
    assert selected.text == "b: 2\n"
    assert selected.position(0) == (2, 1)


def test_what_stands_nowhere_has_no_place() -> None:
    joined = Located.nowhere("x") + Located.of("y")
    assert joined.position(0) is None
    assert joined.position(1) == (1, 1)
    assert place_in("f", "y", None).line is None
    assert str(place_in("f", "  y", (1, 3))) == "f:1:3"
    assert Located(()).position(0) is None
