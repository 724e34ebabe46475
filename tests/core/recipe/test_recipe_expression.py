from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.recipe.expression import ExpressionError, UnknownName, evaluate

NAMES = {"linux": True, "win": False, "py": 311, "np": 126, "environ": {"A": "x"}, "target_platform": "linux-64"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("linux and not win", True),
        ("py >= 310 and py < 312", True),
        ("300 < py < 311", False),
        ("target_platform == 'linux-64'", True),
        ("target_platform.startswith('linux-')", True),
        ("py in (310, 311)", True),
        ("environ.get('A', '') == 'x'", True),
        ("environ['A']", "x"),
        ("'yes' if linux else 'no'", "yes"),
        ("int('3') + len('ab') - 1", 4),
        ("-py", -311),
        ("py % 100", 11),
        ("(py or np) is not None", True),
        ("{'a': 1}['a']", 1),
        ("[1, 2][1]", 2),
        ("  linux", True),
    ],
)
def test_expressions_of_the_language_have_pythons_values(text: str, value: object) -> None:
    assert evaluate(text, NAMES) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__",
        "linux.__class__.__mro__",
        "open('/etc/passwd')",
        "[x for x in (1, 2)]",
        "lambda: 1",
        "2 ** 100",
        "py * 2",
        "py[0:1]",
        "'{0.__class__}'.format(py)",
        "(linux)()",
        "str(object=py)",
        "f'{py}'",
        "(a := 1)",
        "linux if",
        "",
        "'%99999d' % 1",
        "'a'.replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaa')" + ".replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaa')" * 6,
        "1 / 0",
        "py['a']",
        "not " * 3000 + "py",
    ],
)
def test_what_the_language_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, NAMES)


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(UnknownName) as caught:
        evaluate("linux and vc14", NAMES)
    assert caught.value.name == "vc14"


def test_the_name_of_a_python_builtin_is_true_and_cannot_be_called() -> None:
    assert evaluate("license", NAMES)
    with pytest.raises(ExpressionError):
        evaluate("eval('1')", NAMES)


@given(st.text(alphabet="abcpy0123456789 ()[]{}.,'\"<>=!+-*/%:_\\\n", max_size=60))
def test_any_text_is_a_value_or_an_expression_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        evaluate(text, {"a": 1, "b": "x", "py": 311})
