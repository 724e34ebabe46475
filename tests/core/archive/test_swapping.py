"""One text for another, in bytes that stream by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.archive.swapping import swapped

# few letters, so that the text is found, also half, also across chunks
BYTES = st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=60).map(b"".join)


@given(data=BYTES, old=st.sampled_from([b"a", b"ab", b"aba", b"abab"]), size=st.integers(1, 9))
def test_any_cut_gives_what_replacing_the_whole_gives(data: bytes, old: bytes, size: int) -> None:
    new = b"aab="[: len(old)]
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(swapped(chunks, old, new)) == data.replace(old, new)


def test_texts_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes"):
        list(swapped([b"x"], b"old", b"newer"))
