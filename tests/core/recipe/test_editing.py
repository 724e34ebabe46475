"""Text is put into a recipe at its place; every other byte stays."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.errors import RecipeError
from cbw_core.recipe import editing, exact, load

RECIPE = """\
{% set version = "1.0" %}

package:
  name: thing   # the name
  version: {{ version }}

source:
  - url: http://example.invalid/a-{{ version }}.tar.gz  # [linux]
    url: http://example.invalid/b.tar.gz  # [win]
    # applied in order
    patches:
      - one.patch
{% if version == "1.0" %}
      - two.patch  # [linux]
{% endif %}
  # the data
  - git_url: ../data
    folder: data

requirements:
  build:
    - {{ compiler('c') }}
  run:
    - zlib

outputs:
  - name: libthing
    requirements:
      host:
        - zlib
  - name: {{ "py" }}-thing
    script: build-py.sh

about:
  home: http://example.invalid
"""


def added(text: str, *path: str | int, item: str) -> list[str]:
    """The lines that the likeliest edit puts in; nothing else may differ."""
    first = editing.add_item(text, path, item)[0]
    diff = list(difflib.ndiff(text.splitlines(keepends=True), first.text.splitlines(keepends=True)))
    assert not [line for line in diff if line.startswith("- ")]
    assert first.text.splitlines()[first.line - 1].strip().startswith("- ")
    return [line[2:] for line in diff if line.startswith("+ ")]


def test_an_item_goes_behind_the_template_block_the_last_one_stands_in() -> None:
    edited = editing.add_item(RECIPE, ("source", 0, "patches"), "three.patch")[0]
    assert "{% endif %}\n      - three.patch\n  # the data\n" in edited.text
    assert edited.text.splitlines()[edited.line - 1] == "      - three.patch"
    assert added(RECIPE, "source", 0, "patches", item="three.patch") == ["      - three.patch\n"]


def test_a_missing_list_is_made_in_its_section() -> None:
    assert added(RECIPE, "source", 1, "patches", item="a.patch") == ["    patches:\n", "      - a.patch\n"]
    assert "    folder: data\n    patches:\n      - a.patch\n\nrequirements" in (
        editing.add_item(RECIPE, ("source", 1, "patches"), "a.patch")[0].text
    )


def test_host_goes_between_build_and_run() -> None:
    text = editing.add_item(RECIPE, ("requirements", "host"), "libpng >=1.6")[0].text
    assert "compiler('c') }}\n    host:\n      - libpng >=1.6\n" not in text  # as deep as its neighbours
    assert "compiler('c') }}\n  host:\n    - libpng >=1.6\n  run:\n" in text


def test_an_output_is_told_by_its_name_or_number() -> None:
    for which in ("libthing", 0):
        text = editing.add_item(RECIPE, ("outputs", which, "requirements", "host"), "bzip2")[0].text
        assert "        - zlib\n        - bzip2\n  - name: {{" in text
    text = editing.add_item(RECIPE, ("outputs", "py-thing", "requirements", "host"), "python")[0].text
    assert "    script: build-py.sh\n    requirements:\n      host:\n        - python\n" in text


def test_a_section_that_is_missing_is_put_in_order() -> None:
    text = editing.add_item("package:\n  name: a\n\n# about it\nabout:\n  home: x\n", ("requirements", "run"), "b")[
        0
    ].text
    assert text == "package:\n  name: a\n\nrequirements:\n  run:\n    - b\n\n# about it\nabout:\n  home: x\n"


def test_a_single_value_becomes_a_list_and_keeps_its_selector() -> None:
    text = "source:\n  url: x\n  patches: one.patch  # [linux]\n  sha256: 0\n"
    assert editing.add_item(text, ("source", 0, "patches"), "two.patch")[0].text == (
        "source:\n  url: x\n  patches:\n    - one.patch  # [linux]\n    - two.patch\n  sha256: 0\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[]", "[x]"),
        ("[a]  # why", "[a, x]  # why"),
        ("[a, b,]", "[a, b, x]"),
        ('["a#]", b]', '["a#]", b, x]'),
        ("[\n      a,\n      b,\n    ]", "[\n      a,\n      b,\n      x,\n    ]"),
        ("[\n      a,\n      b\n    ]", "[\n      a,\n      b,\n      x\n    ]"),
        ("[a,\n    b]", "[a,\n    b, x]"),
    ],
)
def test_a_list_in_brackets_stays_one(before: str, after: str) -> None:
    text = f"requirements:\n  host: {before}\n  run: [y]\n"
    made = editing.add_item(text, ("requirements", "host"), "x")[0].text
    assert made == f"requirements:\n  host: {after}\n  run: [y]\n"


def test_line_ends_indents_and_a_missing_last_line_end_are_kept() -> None:
    crlf = "source:\r\n- url: x\r\n  patches:\r\n  -   one.patch\r\n"
    assert editing.add_item(crlf, ("source", 0, "patches"), "two.patch")[0].text == crlf + "  -   two.patch\r\n"
    assert editing.add_item("source:\n  url: x", ("source", 0, "patches"), "a.patch")[0].text == (
        "source:\n  url: x\n  patches:\n    - a.patch\n"
    )


@pytest.mark.parametrize("item", ["a: b", "# x", "yes", "1.10", "- y", "{{ pin }}", "*", "[x]", "'q'", "a #b", "null"])
def test_what_yaml_would_read_otherwise_is_quoted(item: str) -> None:
    text = editing.add_item("requirements:\n  host: []\n", ("requirements", "run"), item)[0].text
    value: Any = yaml.safe_load(text)
    assert value["requirements"]["run"] == [item]


def test_template_calls_and_selectors_are_put_in_as_they_are() -> None:
    for item in ("{{ compiler('c') }}", "zlib {{ zlib }}", "zlib  # [linux]"):
        text = editing.add_item("requirements:\n  host:\n    - a\n", ("requirements", "host"), item)[0].text
        if item.startswith("{{"):
            assert f"    - '{item.replace(chr(39), chr(39) * 2)}'\n" in text or f"    - {item}\n" in text
        else:
            assert f"    - {item}\n" in text


def test_two_sections_with_selectors_give_two_edits() -> None:
    text = "requirements:  # [linux]\n  host:  # [linux]\n    - a\nrequirements:  # [win]\n  host:  # [win]\n    - b\n"
    lines = [edit.line for edit in editing.add_item(text, ("requirements", "host"), "c")]
    assert lines == [4, 7]


def test_block_scalars_are_stepped_over() -> None:
    text = "build:\n  script: |\n    run:\n      - x\n    host: [a\nrequirements:\n  run:\n    - y\n"
    assert editing.add_item(text, ("requirements", "run"), "z")[0].text == text + "    - z\n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("source: {url: x}\n", ("source", 0, "patches")),
        ("requirements:\n  host: |\n    a\n", ("requirements", "host")),
        ("requirements:\n  host: *deps\n", ("requirements", "host")),
        ("outputs:\n", ("outputs", "a", "requirements", "host")),
        ("build:\n  script:\n    a: b\n", ("build", "script")),
    ],
)
def test_what_cannot_be_placed_is_told(text: str, path: tuple[str | int, ...]) -> None:
    with pytest.raises(RecipeError) as caught:
        editing.add_item(text, path, "x", file="/r/meta.yaml")
    assert caught.value.kind == "edit" and caught.value.place and caught.value.place.file == "/r/meta.yaml"
    assert caught.value.hint


def test_a_name_with_a_line_end_is_refused() -> None:
    with pytest.raises(RecipeError, match="cannot be one item"):
        editing.add_item("a:\n", ("a",), "x\ny: z")


def test_adds_only_tells_what_else_changed() -> None:
    before = {"source": [{"url": "a", "patches": ["1"]}], "n": 1}
    path = ("source", 0, "patches")
    assert editing.adds_only(before, {"source": [{"url": "a", "patches": ["1", "2"]}], "n": 1}, path, "2")
    assert editing.adds_only({"source": {"url": "a"}}, {"source": {"url": "a", "patches": "2"}}, path, "2")
    assert not editing.adds_only(before, {"source": [{"url": "b", "patches": ["1", "2"]}], "n": 1}, path, "2")
    assert not editing.adds_only(before, {"source": [{"url": "a", "patches": ["2"]}], "n": 1}, path, "2")
    assert not editing.adds_only(before, before, path, "2")


_WORD = st.text("abcxyz", min_size=1, max_size=4)
_DEPS = st.lists(_WORD, max_size=3)
_DATA = st.fixed_dictionaries(
    {"package": st.fixed_dictionaries({"name": _WORD})},
    optional={
        "source": st.lists(st.fixed_dictionaries({"url": _WORD}, optional={"patches": _DEPS}), min_size=1, max_size=3),
        "requirements": st.fixed_dictionaries({}, optional={"build": _DEPS, "host": _DEPS, "run": _DEPS}),
    },
)


@given(
    _DATA, st.sampled_from([("source", 0, "patches"), ("requirements", "host"), ("requirements", "run")]), st.booleans()
)
def test_in_any_plain_recipe_just_the_item_is_added(
    data: dict[str, Any], path: tuple[str | int, ...], flow: bool
) -> None:
    text = yaml.safe_dump(data, default_flow_style=None if flow else False)
    before: Any = load(text)
    try:
        edits = editing.add_item(text, path, "new")
    except RecipeError as error:
        assert "{" in text or path[0] not in data  # refused by name
        assert error.kind == "edit"
        return
    assert "{" in text or any(editing.adds_only(before, load(edit.text), path, "new") for edit in edits)


def test_bytes_that_are_not_utf8_and_modes_survive(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    file.write_bytes(b"# caf\xe9\r\nsource:\r\n  url: x\r\n")
    file.chmod(0o640)
    exact.write_exactly(file, editing.add_item(exact.read_exactly(file), ("source", 0, "patches"), "a")[0].text)
    assert file.read_bytes() == b"# caf\xe9\r\nsource:\r\n  url: x\r\n  patches:\r\n    - a\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["meta.yaml"]
