from __future__ import annotations

import time
from pathlib import Path

import pytest

from cbw_core.errors import RecipeError
from cbw_core.recipe import Namespace, Template, UndefinedNames, line_map, render, select

SPACE = Namespace({"linux": True, "win": False})


def template(text: str, file: str = "meta.yaml") -> Template:
    return Template(select(text, SPACE, file), file)


def strict(text: str, **names: object) -> str:
    return render(template(text), names, strict=True, namespace=SPACE).text


def lenient(text: str, **names: object) -> tuple[str, tuple[str, ...]]:
    result = render(template(text), names, strict=False, namespace=SPACE)
    return result.text, result.undefined


def test_templates_see_names_and_may_change_what_they_got() -> None:
    assert strict("{% set _ = deps.append('b') %}{{ deps | join(',') }}", deps=["a"]) == "a,b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ x }}", ""),
        ("{{ x[:7] }}", ""),
        ("{{ x | int }}", "0"),
        ("{{ x + 1 }}", ""),
        ("{{ x.attribute }}", "None"),
        ("{{ x('call') }}", ""),
        ("{% if x %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_an_undefined_name_is_empty_and_noted_in_a_lenient_rendering(text: str, shown: str) -> None:
    result, undefined = lenient(text)
    assert result == shown
    assert undefined == (("x",) if "{{" in text else ())


def test_a_strict_rendering_tells_all_undefined_names_with_their_places() -> None:
    with pytest.raises(UndefinedNames) as caught:
        strict("a: 1\nb: {{ one }}\nw: x  # [win]\nc: {{ two[:3] }}\n")
    assert caught.value.names == ("one", "two")
    assert [(p.line, p.column) for p in caught.value.places] == [(2, 7), (4, 7)]


def test_a_syntax_error_is_told_at_its_line() -> None:
    with pytest.raises(RecipeError) as caught:
        strict("a: 1\nw: x  # [win]\nb: {% if %}\n")
    assert caught.value.kind == "jinja"
    assert caught.value.place and caught.value.place.line == 3


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% set x = 1 %}{{ x.__class__ }}",
        "{{ (1).__class__ }}",
        "{% for i in range(10**9) %}a{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'a' * 10**10 }}",
        "{{ [1] * 10**10 }}",
        "{{ 9 ** 99999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ 'a'.center(10**10) }}",
        "{% set ns = namespace(x='aa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='aa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set l = [1, 2] %}{% for i in range(99) %}{% set _ = l.extend(l) %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include '../../../../etc/passwd' %}",
        "{% include '/etc/passwd' %}",
        "{{ 1 / 0 }}",
    ],
)
def test_hostile_templates_end_in_an_error(text: str) -> None:
    started = time.monotonic()
    for rendering in (strict, lenient):
        with pytest.raises(RecipeError) as caught:
            rendering(text)
        assert caught.value.kind == "jinja"
    assert time.monotonic() - started < 20


def test_an_included_file_comes_from_the_recipes_folder_with_its_selectors(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("a: 1  # [linux]\nb: 2  # [win]\n")
    read: list[Path] = []
    made = template("{% include 'part.yaml' %}", str(tmp_path / "meta.yaml"))
    result = render(made, {}, strict=True, namespace=SPACE, on_read=read.append)
    assert result.text.strip() == "a: 1"
    assert read == [tmp_path / "part.yaml"]


def test_rendered_lines_lead_back_to_lines_of_the_recipe() -> None:
    text = "{% set n = 2 %}\nw: x  # [win]\nlist:\n{% for i in range(n) %}\n  - a{{ i }}\n{% endfor %}\nend: 1\n"
    rendered, numbers = line_map(template(text), {}, namespace=SPACE)
    lines = rendered.split("\n")
    assert rendered == strict(text)
    assert [numbers[lines.index(t)] for t in ("list:", "  - a0", "  - a1", "end: 1")] == [3, 5, 5, 7]
