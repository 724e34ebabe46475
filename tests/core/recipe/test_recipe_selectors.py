from __future__ import annotations

import pytest

from cbw_core.errors import RecipeError
from cbw_core.recipe import Namespace, select, selectors_of

TEXT = """\
package:
  name: a
# a comment [win]
build:
  skip: true  # [win]
  number: 1  # only here [linux]
  script: x  # see [the docs](https://example.org)
  list: [a, b]

  "quoted  # [linux]"
"""


def names(**values: object) -> Namespace:
    return Namespace({"linux": True, "win": False, **values})


def test_lines_with_a_selector_that_fails_go_and_the_others_keep_their_numbers() -> None:
    selected = select(TEXT, names())
    assert "skip" not in selected.text
    assert "  number: 1\n" in selected.text
    assert "https://example.org" in selected.text, "a Markdown link is no selector"
    assert '  "quoted"' in selected.text
    line = selected.text.split("\n").index("  number: 1") + 1
    assert selected.original(line) == 6


def test_comments_become_empty_lines() -> None:
    assert select("# [win]\na: 1  # word\n", names()).text == "\na: 1  # word\n"


def test_a_list_at_the_end_of_a_line_is_taken_for_a_selector_as_conda_build_does() -> None:
    with pytest.raises(RecipeError):
        select("a: b [c, *]\n", names())


def test_an_unknown_name_counts_as_false() -> None:
    assert select("a: 1  # [vc14]\nb: 2  # [not vc14]\n", names()).text == "b: 2\n"


def test_a_selector_is_evaluated_once_for_a_namespace() -> None:
    looked: list[str] = []

    class Counting(dict[str, object]):
        def __getitem__(self, key: str) -> object:
            looked.append(key)
            return super().__getitem__(key)

    space = Namespace(Counting(linux=True))
    for _ in range(5):
        select("a: 1  # [linux]\nb: 2  # [linux]\n", space)
    assert looked == ["linux"]


def test_a_bad_selector_is_told_with_its_place() -> None:
    with pytest.raises(RecipeError) as caught:
        select("a: 1\nb: 2  # [py >]\n", names(), "/r/meta.yaml")
    error = caught.value
    assert error.kind == "selector"
    assert error.place and (error.place.file, error.place.line) == ("/r/meta.yaml", 2)
    assert error.place.column and error.place.column >= 10
    assert "[py >]" in error.message


def test_code_in_a_selector_is_refused_not_run(tmp_path: object) -> None:
    with pytest.raises(RecipeError):
        select(f"a: 1  # [__import__('pathlib').Path('{tmp_path}/made').touch()]\n", names())
    with pytest.raises(RecipeError):
        select("a: 1  # [().__class__.__bases__]\n", names())


def test_selectors_are_listed_with_their_lines() -> None:
    assert selectors_of(TEXT)[0] == (5, "win")
