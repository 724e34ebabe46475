"""Parts of a recipe's text, told by their lines."""

from __future__ import annotations

import pytest

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
def test_block_that_has_none(block: str) -> None:
    assert not may_name_script(block)
