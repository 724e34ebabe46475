"""Lines of a script found in a meta.yaml as it is written, and edits of them put there."""
# ruff: noqa: E501 (a table of texts)

from __future__ import annotations

import pytest

from cbw_core.errors import RecipeError
from cbw_core.recipe.script_lines import edit_script, script_places

BUILD = ("build", "script")


def _edit(text: str, old: str, new: str, path: tuple[str | int, ...] = BUILD) -> str:
    return edit_script(text, path, old.split("|"), new.split("|"), file="meta.yaml").text


LIST = """\
{% set name = "x" %}
build:
  number: 1   # of the build
  script:
    - export A=1  # [unix]
    - set A=1  # [win]
    - 'echo "a: b"'   # quoted
    # a comment
    - ./configure --prefix=$PREFIX --with-{{ name }} --flag
    - make
    - make install
about:
  home: x
"""
OLD = 'export A=1|echo "a: b"|./configure --prefix=$PREFIX --with-x --flag|make|make install'


@pytest.mark.parametrize(
    ("new", "was", "becomes"),
    [
        (OLD.replace("A=1", "A=2"), "export A=1  #", "export A=2  #"),
        (OLD.replace("a: b", "it's: b"), "'echo \"a: b\"'   # quoted", "'echo \"it''s: b\"'   # quoted"),
        (OLD.replace("--flag", "--other"), "--flag", "--other"),
        (OLD.replace("--prefix", "--exec-prefix"), "--prefix", "--exec-prefix"),
        (OLD.replace("|make|", "|make -j2|"), "- make\n", "- make -j2\n"),
        (OLD.replace("|make|", "|make: all|"), "- make\n", "- 'make: all'\n"),
        (OLD.replace("|make|", "|make|make check|"), "- make\n", "- make\n    - make check\n"),
        (OLD.replace("export", "first|export"), "    - export", "    - first\n    - export"),
        (OLD + "|strip", "make install\n", "make install\n    - strip\n"),
        (OLD.replace("|make|", "|"), "    - make\n", ""),
        (OLD.replace("export A=1|", ""), "    - export A=1  # [unix]\n", ""),
        (OLD.replace("|make|make install", "|ninja|ninja install|true"), "- make\n    - make install\n",
         "- ninja\n    - ninja install\n    - 'true'\n"),
        (OLD.replace("--with-x --flag|make|", "--with-x --on|sed -i s/a/b/ f|make -k|"), "--flag\n    - make\n",
         "--on\n    - sed -i s/a/b/ f\n    - make -k\n"),
    ],
)  # fmt: skip
def test_an_edit_of_a_list_changes_its_lines_alone(new: str, was: str, becomes: str) -> None:
    assert LIST.count(was) == 1
    assert _edit(LIST, OLD, new) == LIST.replace(was, becomes)


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("build:\n  script: make  # [unix]\n", "make", "make all", "build:\n  script: make all  # [unix]\n"),
        ("build:\n  script: make  # [unix]\n", "make", "make|make install",
         "build:\n  script:  # [unix]\n    - make  # [unix]\n    - make install  # [unix]\n"),
        ("build:\n  script: make\n", "make", "./configure|make -s", "build:\n  script:\n    - ./configure\n    - make -s\n"),
        ("build:\n  script: 'a b'", "a b", "first|a b", "build:\n  script:\n    - first\n    - 'a b'\n"),
        ('build:\n  script: "a"\n', "a", 'say "b"', 'build:\n  script: "say \\"b\\""\n'),
        ("build:\n  script: a\n  script: b  # [win]\n", "a", "c", "build:\n  script: c\n  script: b  # [win]\n"),
        ("build:\n  script: {{ PYTHON }} -m pip install . -vv\n", "py -m pip install . -vv", "py -m pip install . -v",
         "build:\n  script: {{ PYTHON }} -m pip install . -v\n"),
        ('build:\n  script: "{{ PYTHON }} -m pip install ."\n', "py -m pip install .", "py -m pip install . --no-deps",
         'build:\n  script: "{{ PYTHON }} -m pip install . --no-deps"\n'),
        ("build:\n  script: |\n    a\n    if b; then  # [unix]\n      c\n    fi\n  number: 1\n", "a|if b; then|  c|fi",
         "a|if b; then|  d|  e|fi|f",
         "build:\n  script: |\n    a\n    if b; then  # [unix]\n      d\n      e\n    fi\n    f\n  number: 1\n"),
        ("build:\n  script: |\n    a\n    b\n", "a|b", "b", "build:\n  script: |\n    b\n"),
        ("build:\n  script:\n    - |\n      a\n      b\n    - c\n", "a|b|c", "c", "build:\n  script:\n    - c\n"),
        ("build:\n  script:\n    - |\n      a {{ v }} x\n      b\n    - c\n", "a 1 x|b|c", "a 1 y|b|c",
         "build:\n  script:\n    - |\n      a {{ v }} y\n      b\n    - c\n"),
        ("build:\n  script:\n  - a\n  - ./configure --one\n    --two  # why\n  - b\n", "a|./configure --one --two|b",
         "a|./configure --one --three|b|c", "build:\n  script:\n  - a\n  - ./configure --one\n    --three  # why\n  - b\n  - c\n"),
        ("build:\r\n  script:\r\n    - a\r\n    - b\r\n", "a|b", "a|x|c",
         "build:\r\n  script:\r\n    - a\r\n    - x\r\n    - c\r\n"),
        ("build:\n  script:\n    - a\n    - b", "a|b", "a|b|c", "build:\n  script:\n    - a\n    - b\n    - c\n"),
        ("build:\n  script:\n    {% if x %}\n    - a\n    {% else %}\n    - b\n    {% endif %}\n    - c\n", "b|c", "d|c",
         "build:\n  script:\n    {% if x %}\n    - a\n    {% else %}\n    - d\n    {% endif %}\n    - c\n"),
        ("build:\n  script:\n    - make\n    - make\n    - make\n", "make|make|make", "make|make x|make",
         "build:\n  script:\n    - make\n    - make x\n    - make\n"),
        ("build:\n  script:\n    - a  # [unix]\n    - b  # [unix]\n", "a|b", "a|x|b",
         "build:\n  script:\n    - a  # [unix]\n    - x  # [unix]\n    - b  # [unix]\n"),
    ],
)  # fmt: skip
def test_every_form_keeps_its_layout(text: str, old: str, new: str, expected: str) -> None:
    assert _edit(text, old, new) == expected


def test_a_mapping_and_the_outputs_have_scripts_too() -> None:
    text = (
        "build:\n  script:\n    content:\n      - a\n    env:\n      X: a\noutputs:\n  - name: one\n    script:\n      - a\n"
        "  - name: two\n    build:\n      script: a\n"
    )
    first = _edit(text, "a", "b", ("build", "script", "content"))
    assert first == text.replace("content:\n      - a", "content:\n      - b")
    assert _edit(text, "a", "b", ("outputs", "one", "script")) == text.replace(
        "script:\n      - a", "script:\n      - b"
    )
    assert _edit(text, "a", "b", ("outputs", "two", "build", "script")) == text.replace("script: a", "script: b")


@pytest.mark.parametrize(
    ("text", "old", "new", "why"),
    [
        ("build:\n  script:\n    - a {{ x }} c\n", "a b c", "a y c", "template"),
        ("build:\n  script:\n    {% for x in y %}\n    - a {{ x }}\n    {% endfor %}\n", "a 1|a 2", "a 1|b 2", "template"),
        ("build:\n  script: {{ all }}\n", "a|b", "a|c", "template"),
        ("build:\n  script: [a, b]\n", "a|b", "a|c", "template"),
        ("build:\n  script: >\n    a\n    b\n", "a b", "a c", "folded"),
        ("build:\n  script: a\n", "a", "", "left"),
        ("build:\n  number: 1\n", "a", "b", "no build/script"),
        ("build:\n  script:\n    - \"a\\tb\"\n    - \"x{{ v }} c\"\n", "a\tb|x1 c", 'a\tb|x1 "c"', "quotes"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_with_its_line(text: str, old: str, new: str, why: str) -> None:
    with pytest.raises(RecipeError) as raised:
        edit_script(text, BUILD, old.split("|"), new.split("|") if new else [], file="meta.yaml")
    assert raised.value.kind == "edit"
    assert raised.value.place is not None
    assert why in (raised.value.why or "")


def test_lines_of_a_script_are_found_where_they_stand() -> None:
    assert script_places(LIST, BUILD, tuple(OLD.split("|"))) == (5, 7, 9, 10, 11)
    text = "build:\n  script: |\n    make\n    make install\n    make\n"
    assert script_places(text, BUILD, ("make", "make install", "make")) == (3, 4, 5)
    loop = "build:\n  script:\n    {% for x in y %}\n    - a {{ x }}\n    {% endfor %}\n    - b\n"
    assert script_places(loop, BUILD, ("a 1", "a 2", "b"))[2] == 6
    assert script_places("build: {}\n", BUILD, ("a",)) == (None,)
