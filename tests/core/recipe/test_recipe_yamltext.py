from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.errors import RecipeError
from cbw_core.recipe import load, positions


@pytest.mark.parametrize(
    ("text", "recipe", "safe", "plain"),
    [
        ("1.10", "1.10", 1.1, "1.10"),
        ("010", "010", 8, "010"),
        ("1_000", "1_000", 1000, "1_000"),
        ("0x1f", "0x1f", 31, "0x1f"),
        ("1:30", "1:30", 90, "1:30"),
        ("1e5", "1e5", "1e5", "1e5"),
        ("1.5e+3", "1.5e+3", 1500.0, "1.5e+3"),
        ("yes", True, True, "yes"),
        ("Off", False, False, "Off"),
        ("y", "y", "y", "y"),
        ("~", None, None, "~"),
        ("", None, None, ""),
        ("'1'", "1", "1", "1"),
        ("!!str 1", "1", "1", "1"),
        ("2024-01-02", "2024-01-02", "2024-01-02", "2024-01-02"),
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05", "2024-01-02 03:04:05", "2024-01-02 03:04:05"),
        ("1.2.3", "1.2.3", "1.2.3", "1.2.3"),
        ("- 1\n- b", ["1", "b"], [1, "b"], ["1", "b"]),
    ],
)
def test_scalars_are_what_each_of_conda_builds_loaders_makes_of_them(
    text: str, recipe: object, safe: object, plain: object
) -> None:
    document = f"k:\n  {text}\n" if not text.startswith("-") else f"k:\n{text}\n"
    assert load(document, "recipe") == {"k": recipe}
    assert load(document, "safe") == {"k": safe}
    assert load(document, "plain") == {"k": plain}


def test_the_last_of_equal_keys_counts_and_merges_are_done() -> None:
    assert load("a: x\na: y\n") == {"a": "y"}
    assert load("base: &b {x: p, y: q}\nc:\n  <<: *b\n  y: r\n")["c"] == {"x": "p", "y": "r"}


def test_what_is_loaded_is_the_callers_own() -> None:
    first = load("a: [x]\n")
    first["a"].append("y")
    assert load("a: [x]\n") == {"a": ["x"]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\n c: d\n", 2),
        ("a: 'b\n", 2),
        ("a: {{ x }}\n", 1),
        ("a: [1, 2\nb: 3\n", 2),
        ("a: !!python/object/apply:os.system ['true']\n", 1),
        ("a: !!binary aGk=\n", 1),
        ("a: *nothing\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a:\n\t- b\n", 2),
        ("a: " + "[" * 100 + "]" * 100 + "\n", 1),
        ("a: \x07\n", 1),
    ],
)
def test_an_error_has_line_and_column(text: str, line: int) -> None:
    with pytest.raises(RecipeError) as caught:
        load(text, "recipe", "/r/meta.yaml")
    error = caught.value
    assert error.kind == "yaml"
    assert error.place and error.place.file == "/r/meta.yaml" and error.place.column
    assert error.place.line in (line, line + 1)


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(RecipeError):
        load("\n".join(lines))


def test_positions_lead_to_keys_and_items() -> None:
    found = positions(
        "package:\n  name: x\nsource:\n  - url: a\n    sha256: b\n  - {url: c}\n"
        "test:\n  commands:\n    - one\n    - two\n"
    )
    assert (found["package", "name"].line, found["package", "name"].column) == (2, 3)
    assert found["source", 0, "sha256"].line == 5
    assert found["source", 1, "url"].line == 6
    assert found["test", "commands", 1].line == 10


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t01", max_size=80))
def test_any_text_is_data_or_a_recipe_error(text: str) -> None:
    positions(text)
    for schema in ("recipe", "safe", "plain"):
        try:
            load(text, schema)
        except RecipeError as error:
            assert error.kind == "yaml" and error.place and error.place.line
