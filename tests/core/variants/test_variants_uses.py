"""Each match that makes a variable used: the same answer as `used`, with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.variants import matches_in_script, matches_in_text, used_in_batch, used_in_shell, used_in_text
from cbw_core.variants.used import finder, prepared

NAMES = (
    "c_compiler", "c_compiler_version", "m2w64_c_compiler", "c_stdlib", "cdt_name", "my_key", "_key", "numpy", "python",
    "py", "in", "a-b", "x.y", "é",
)  # fmt: skip
PIECES = (
    "{{ compiler('c') }}", "{{compiler('m2w64_c')}}", "{ stdlib(\"c\")", "compiler('", "m2w64-c-compiler", "c-compiler",
    "{{ cdt('x11') }}", "my_key", "my-key", "_key", "-key", "numpy", "python", "py", "a-b", "a_b", "x.y", "é",
    "  - ", "{{ ", "{{", " }}", "}}", "{", "}", "# [", " [", "#[", " ", "]", "{% if ", "{%elif ", "{% set x = ",
    "{% set ", " %}", "%}", "%", "{% for i in ", " in ", "in", "pin_compatible('", "pin_x( \"", "pin_", "(", "'", "\"",
    "')", "\n", "\n    - ", "\n  -\t", "\u2028", "==", "=", "<", "!", "#", "x.x", "-", "_", ">=1",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.booleans())
def test_names_are_those_that_are_used(text: str, selectors_only: bool) -> None:
    found = {m.name for m in matches_in_text(NAMES, text, selectors_only)}
    implied = used_in_text((*NAMES, "CONDA_BUILD_SYSROOT"), text, selectors_only) - {"CONDA_BUILD_SYSROOT"}
    assert found == used_in_text(NAMES, text, selectors_only) == implied


@given(st.text("pyxin_-{}%[]#=()'\" \tforset1", max_size=60), st.booleans())
def test_short_names_are_found_as_their_patterns_find_them(text: str, selectors_only: bool) -> None:
    names = ("p", "py", "x", "in", "i", "x_compiler", "_", "1")
    found = {name for name in names if finder(name, selectors_only).found_in(prepared(text))}
    assert used_in_text(names, text, selectors_only) == found


@given(st.lists(st.sampled_from(["$my_key", "${numpy}", "%python%", " ", "\n", "echo ", "$", '"']), max_size=20))
def test_names_in_scripts_are_those_that_are_used(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert {m.name for m in matches_in_script(NAMES, text)} == used_in_shell(NAMES, text)
    assert {m.name for m in matches_in_script(NAMES, text, batch=True)} == used_in_batch(NAMES, text)


@pytest.mark.parametrize(
    ("text", "name", "how", "word"),
    [
        ("    - {{ compiler('c') }}", "c_compiler", "compiler", "compiler("),
        ("    - {{ compiler('c') }}", "c_compiler_version", "compiler", "compiler("),
        ("    - {{ cdt('x11') }}", "cdt_name", "cdt", "cdt("),
        ("    - my-key", "my_key", "item", "my-key"),
        ("    - {{ pin_compatible('numpy') }}", "numpy", "expression", "numpy"),
        ("{% if numpy == 1 %}", "numpy", "if", "numpy"),
        ("{% for numpy_x in numpy %}", "numpy", "for", "numpy %"),
        ("{% set numpy_x = numpy %}", "numpy", "set", "numpy %"),
    ],
)
def test_a_match_points_at_the_word(text: str, name: str, how: str, word: str) -> None:
    (match,) = [m for m in matches_in_text((name,), "first: line\n" + text) if m.how == how]
    assert ("first: line\n" + text)[match.offset :].startswith(word)


def test_each_line_that_uses_a_name_is_found() -> None:
    text = "a: 1  # [my_key == 'x']\nb: 2\nc: 3  # [not my_key]\n"
    assert [m.offset for m in matches_in_text(("my_key",), text, True)] == [9, 42]
