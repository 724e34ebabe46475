"""Parts of a recipe's text, told by their lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.recipe import sections
from cbw_core.recipe.sections import may_name_script


@pytest.mark.parametrize(
    "block",
    [
        "  - name: a\n    script: build-a.sh\n",
        "  - name: a\n    script: build-a.sh  # [unix]\n    script: build-a.bat  # [win]\n",
        "  - script: build-a.sh\n    name: a\n",
        '  -   name: a\n      "script": build-a.sh\n',
        "  - name: a\n    {% if true %}\n    script: {{ name }}.sh\n    {% endif %}\n",
        "  - name: a\n    <<: *common  # with its script\n",
        "  - name: a\n    other: {script: a.sh}\n",
    ],
)
def test_block_that_can_have_a_script_of_its_own(block: str) -> None:
    assert may_name_script(block)


@pytest.mark.parametrize(
    "block",
    [
        "  - name: a\n    build:\n      script: make {{ target }}\n",
        "  - name: a\n    build:\n      script:\n        - make\n    test:\n      commands:\n        - script --help\n",
        "  - name: description\n",
        "  - name: a\n    script_interpreter: perl\n",
    ],
)
def test_a_block_that_has_no_script_names_none(block: str) -> None:
    assert not may_name_script(block)


PIECES = (
    "source:", "  source:", "build:", "requirements:", "  requirements:", "outputs:", "test:", "  test:", "extra:",
    "  - name:", " -  type:", "- name", "\n", "\n", "\n\n", "  ", "\t", " \n", "x", "  host:\n", "    - python", "-",
)  # fmt: skip


@pytest.mark.parametrize(
    ("part", "least"),
    [
        (sections._OUTPUTS, 0),
        (sections._REQUIREMENTS_OF_TOP, 0),
        (sections._REQUIREMENTS_OF_OUTPUT, 0),
        (sections._PACKAGE_AND_BUILD, 0),
        (sections._ALL_REQUIREMENTS, 1),
    ],
)
@given(text=st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_a_part_is_what_one_pattern_finds(part: sections._Part, least: int, text: str) -> None:
    whole = rf"(?:{part.start.pattern}).{{{least},}}?(?=(?:{part.end.pattern})|\Z)"
    found = re.search(whole, text, re.M | re.S)
    assert part.of(text, least) == (found[0] if found else "")


@pytest.mark.parametrize(
    ("block", "script"),
    [
        ("  - name: a\n    script: build-a.sh\n", "build-a.sh"),
        ("  - script: sub/build-a.bat\n    name: {{ name }}-a\n", "sub/build-a.bat"),
        ("  - name: a\n    build:\n      script: make.sh\n    script: build-a.sh\n", "build-a.sh"),
        ("  - name: a\n    script: build-a.sh\n    script: build-b.sh\n", None),
        ("  - name: a\n    script: {{ name }}.sh\n", None),
        ("  - name: a\n    script: make\n", None),
        ("  - name: a\n    {% if true %}\n    script: build-a.sh\n    {% endif %}\n", None),
        ("  - name: a\n    build:\n      script: make.sh\n", None),
    ],
)
def test_a_script_written_in_full_is_known_without_rendering(block: str, script: str | None) -> None:
    assert sections.plain_script(block) == script
