from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.errors import RecipeError
from cbw_core.variants import Variants, explode
from cbw_core.variants.combine import combine, matrix, problems, trim_empty


def values(variants: list[dict[str, object]], *keys: str) -> list[tuple[object, ...]]:
    return [tuple(v[k] for k in keys) for v in variants]


def test_every_combination_with_zipped_keys_together() -> None:
    spec = {"a": ["1", "2"], "b": ["x", "y"], "c": ["p", "q"], "zip_keys": [["b", "c"]]}
    assert values(explode(spec), "a", "b", "c") == [
        ("1", "x", "p"),
        ("1", "y", "q"),
        ("2", "x", "p"),
        ("2", "y", "q"),
    ]


def test_extended_keys_are_not_multiplied() -> None:
    spec = combine({"d": {"pin_run_as_build": {"a": "x"}}, "e": {"pin_run_as_build": {"b": "x.x"}, "k": "1"}})
    assert spec["pin_run_as_build"] == {"a": "x", "b": "x.x"}
    assert len(explode(spec)) == 1
    own = combine({"d": {"extend_keys": ["mine"], "mine": ["a"]}, "e": {"mine": ["b"]}})
    assert own["mine"] == ["a", "b"] and len(explode(own)) == 1


def test_later_sources_win_and_select() -> None:
    sources: dict[str, Any] = {"d": {"a": ["1", "2", "3"]}, "e": {"a": ["2"]}}
    assert combine(sources)["a"] == ["2"]
    assert values(matrix(combine(sources), list(sources.values()))[0], "a") == [("2",)]


def test_one_key_of_a_group_selects_rows_of_it() -> None:
    sources: dict[str, Any] = {
        "d": {"py": ["1", "2"], "np": ["x", "y"], "zip_keys": [["py", "np"]]},
        "e": {"py": ["2"]},
    }
    assert values(matrix(combine(sources), list(sources.values()))[0], "py", "np") == [("2", "y")]


def test_a_value_the_group_does_not_have_needs_the_whole_group() -> None:
    sources: dict[str, Any] = {
        "d": {"py": ["1", "2"], "np": ["x", "y"], "zip_keys": [["py", "np"]]},
        "e": {"py": ["3"]},
    }
    with pytest.raises(RecipeError, match="np"):
        combine(sources)


def test_groups_of_unequal_length_are_told_with_their_lengths() -> None:
    spec = {"py": ["1", "2"], "np": ["x"], "zip_keys": [["py", "np"]]}
    assert problems(spec) == [("py", "zipped keys need the same number of values: py has 2, np has 1")]
    assert problems({"a-b": ["1"]})[0][0] == "a-b"
    assert "no value" in problems({"zip_keys": [["a", "b"]], "a": "1"})[0][1]
    assert "two groups" in problems({"zip_keys": [["a", "b"], ["a", "c"]], "a": "1", "b": "1", "c": "1"})[-1][1]


def test_empty_values_are_dropped() -> None:
    spec: dict[str, Any] = {"a": "", "b": [], "c": None, "d": {"e": ""}, "zip_keys": [[]], "f": ["1"]}
    trim_empty(spec)
    assert spec == {"f": ["1"]}


def test_a_list_of_variants_knows_what_loops_and_squashes_back() -> None:
    spec = {"a": ["1", "2"], "b": ["x", "y"], "c": ["p", "q"], "zip_keys": [["b", "c"]], "d": ["k"]}
    variants = Variants(explode(spec))
    assert variants.looping({"a", "b", "d", "missing"}) == {"a", "b"}
    some = variants.where("b", "y")
    assert [v["c"] for v in some] == ["q", "q"]
    assert some.where("a", "nothing") is some
    squashed = variants.squashed()
    assert (squashed["a"], squashed["b"], squashed["c"], squashed["d"]) == (["1", "2"], ["x", "y"], ["p", "q"], ["k"])
    assert len(explode(squashed)) == 4


@given(
    st.dictionaries(
        st.sampled_from("abcd"), st.lists(st.sampled_from("123"), min_size=1, max_size=3, unique=True), max_size=4
    )
)
def test_exploding_and_squashing_are_opposites(spec: dict[str, list[str]]) -> None:
    variants = explode(spec)
    count = 1
    for options in spec.values():
        count *= len(options)
    assert len(variants) == count
    squashed = Variants(variants).squashed()
    assert {k: squashed[k] for k in spec} == spec
    looped = frozenset(k for k, v in spec.items() if len(v) > 1)
    knowing = Variants(variants, looped=looped)
    assert knowing.squashed() == squashed
    assert knowing.differing() == Variants(variants).differing() == looped
    assert knowing.several() == tuple(k for k in spec if k in looped)
