from __future__ import annotations

import pytest

from cbw_core.variants import used_in_batch, used_in_shell, used_in_text

NAMES = ("c_compiler", "c_stdlib", "foo", "foo_bar", "numpy", "python", "cdt_name", "CONDA_BUILD_SYSROOT")


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("requirements:\n  host:\n    - python\n", {"python"}),
        ("    - python >=3.8\n", set()),
        ("    - python  # [linux]\n", {"python"}),
        ("    - foo-bar\n", {"foo_bar"}),
        ("    - {{ compiler('c') }}\n", {"c_compiler", "CONDA_BUILD_SYSROOT"}),
        ('    - {{ stdlib("c") }}\n', {"c_stdlib", "CONDA_BUILD_SYSROOT"}),
        ("    - {{ pin_compatible('numpy') }}\n", {"numpy"}),
        ("version: {{ foo }}\n", {"foo"}),
        ("version: {{ foo_bar }}\n", {"foo_bar"}),
        ("version: {{ foo.split('.')[0] }}\n", {"foo"}),
        ("{% if foo == '1' %}\n", {"foo"}),
        ("{% for x in foo %}\n", {"foo"}),
        ("{% set x = foo + 'a' %}\n", {"foo"}),
        ("{% set foo = 1 %}\n", set()),
        ("    - {{ cdt('x') }}\n", {"cdt_name"}),
        ("summary: uses foo\n", set()),
    ],
)
def test_variables_are_found_where_conda_build_finds_them(text: str, used: set[str]) -> None:
    assert used_in_text(NAMES, text) == used


def test_selectors_alone_are_searched_where_asked() -> None:
    text = "  skip: true  # [foo == 'a']\n  - python  # [win and numpy >1]\nx: {{ foo_bar }}\n"
    assert used_in_text(NAMES, text, selectors_only=True) == {"foo", "numpy"}


def test_variables_that_scripts_use_are_found() -> None:
    assert used_in_shell(NAMES, "echo ${foo} \n") == {"foo"}
    assert used_in_shell(NAMES, "echo $foo_bar | cat\n") == {"foo_bar"}
    assert used_in_batch(NAMES, "echo %foo%\n") == {"foo"}
