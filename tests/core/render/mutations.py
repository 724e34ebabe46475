# ruff: noqa: SIM905
"""Recipes made bad: the examples and some of conda-build's own tests, with bytes, tokens, lines, values, selectors and
templates changed, replaced and put in, at hypothesis's choice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from core.render.hostile import CASES, EXPRESSIONS, SELECTORS, TEMPLATES

ROOT = Path(__file__).parents[3]
Draw = Callable[..., Any]
Mutation = Callable[[str, Draw], str]

_NAMES = "python numpy np py linux win unix target_platform c_compiler version name environ os zlib x".split()
_FUNCTIONS = (
    "compiler stdlib cdt pin_compatible pin_subpackage resolved_packages load_setup_py_data load_file_regex "
    "load_file_data load_str_data load_npm ccache range dict namespace cycler joiner time.strftime os.getenv"
).split()
_FILTERS = "lower upper int float list join replace default length string first last sort map attr tojson round".split()
_WORDS = [
    *(
        "package:",
        "source:",
        "build:",
        "requirements:",
        "outputs:",
        "test:",
        "about:",
        "extra:",
        "- name: ",
        "- type: ",
    ),
    *(
        "host:",
        "run:",
        "- ",
        "? ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!int ",
        "<<: ",
        "|\n",
        ">-\n",
        "---\n",
        "...",
    ),
    *(
        "#",
        "# [",
        "'",
        '"',
        "\t",
        "\\",
        "\0",
        "\x85",
        "\u2028",
        "\ufeff",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "~",
        "null",
    ),
    *("yes", "0x1f", "1e9", "1_000", "2020-01-01", ".inf", "1:2:3", "=", ">=1.2,<2", "1.*", "x.x", "noarch: python"),
    *("skip: true", "path: ../..", "git_url: .", "run_exports:", "pin_run_as_build:", "zip_keys:", "script: x.sh"),
    *(
        "string: h{{ PKG_HASH }}_0",
        "{{ PKG_BUILDNUM }}",
        "number: ",
        "name: ",
        "version: ",
        "final: true",
        "type: wheel",
    ),
]
_VALUES = [
    "[]",
    "{}",
    "[a]",
    "[[a]]",
    "{a: b}",
    "null",
    "''",
    "yes",
    "-1",
    "3.10",
    "[{a: b}]",
    "{a: [b, {c: d}]}",
    "*a",
]
_CONFIGS = [
    "python:\n  - 3.11\n  - 3.12\n",
    "zip_keys:\n  -\n    - python\n    - numpy\npython:\n  - 3.11\n  - 3.12\nnumpy:\n  - 1.26\n  - 2.0\n",
    "c_compiler:\n  - gcc\nc_compiler_version:\n  - 13\nignore_version:\n  - python\n",
    "pin_run_as_build:\n  zlib: x.x\nextend_keys:\n  - foo\nfoo:\n  - 1\n  - 2\nx:\n  - a  # [linux]\n  - b  # [win]\n",
]


def _texts() -> list[str]:
    examples = [*ROOT.glob("recipes-examples/*/meta.yaml"), *ROOT.glob("recipes-examples/broken/*/meta.yaml")]
    compat = [p for p in ROOT.glob("tests/compat/data/recipes/*/*/meta.yaml") if p.stat().st_size < 4000]
    return [path.read_text() for path in sorted([*examples, *compat])]


TEXTS = _texts()
_HOSTILE = [c.files["meta.yaml"] for c in CASES.values() if isinstance(c.files.get("meta.yaml"), str)]


@dataclass(frozen=True)
class Mutated:
    """The files of a recipe's folder."""

    files: dict[str, bytes]

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder


def expressions() -> st.SearchStrategy[str]:
    """Expressions of templates, most of which nobody would write."""
    leaves = st.one_of(
        st.sampled_from(
            [*_NAMES, "1", "-1", "10**9", "'a'", "''", "none", "true", "[]", "{}", "self", "loop", "caller"]
        ),
        st.sampled_from(list(EXPRESSIONS.values())),
        st.integers(-(10**12), 10**12).map(str),
        st.text("ab{}%'\\\"#[] \n", max_size=6).map(repr),
    )

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pairs = st.tuples(inner, st.sampled_from("+ - * / // % ** ~ == != < in and or".split()), inner)
        return st.one_of(
            pairs.map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
            st.tuples(st.sampled_from(_FUNCTIONS), st.lists(inner, max_size=3)).map(
                lambda p: f"{p[0]}({', '.join(p[1])})"
            ),
            st.tuples(inner, st.sampled_from(_FILTERS)).map(lambda p: f"{p[0]}|{p[1]}"),
            st.tuples(inner, st.sampled_from(_FILTERS), inner).map(lambda p: f"{p[0]}|{p[1]}({p[2]})"),
            st.tuples(inner, st.sampled_from("__class__ split format center items append update strip x".split())).map(
                lambda p: f"{p[0]}.{p[1]}"
            ),
            st.tuples(inner, inner).map(lambda p: f"{p[0]}[{p[1]}]"),
            st.tuples(inner, inner, inner).map(lambda p: f"{p[0]}[{p[1]}:{p[2]}]"),
            st.lists(inner, max_size=3).map(lambda p: f"[{', '.join(p)}]"),
            st.tuples(inner, inner).map(lambda p: f"{{{p[0]}: {p[1]}}}"),
            st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
            inner.map(lambda e: f"{e}()"),
        )

    return st.recursive(leaves, grown, max_leaves=6)


def statements() -> st.SearchStrategy[str]:
    """Statements of templates, also wrongly nested ones."""
    expression = expressions()
    return st.one_of(
        expression.map(lambda e: f"{{{{ {e} }}}}"),
        st.tuples(st.sampled_from(_NAMES), expression).map(lambda p: f"{{% set {p[0]} = {p[1]} %}}"),
        expression.map(lambda e: f"{{% for x in {e} %}}{{{{ x }}}}{{% endfor %}}"),
        expression.map(lambda e: f"{{% for x in range(99) %}}{{% set x = {e} %}}\n{{% endfor %}}"),
        expression.map(lambda e: f"{{% if {e} %}}\n  - a\n{{% else %}}\n  - b\n{{% endif %}}"),
        expression.map(lambda e: f"{{% macro m(a) %}}{{{{ {e} }}}}{{{{ m(a) }}}}{{% endmacro %}}{{{{ m(1) }}}}"),
        expression.map(lambda e: f"{{% include {e} %}}"),
        st.sampled_from(list(TEMPLATES.values())),
        st.sampled_from(
            "{% endif %}|{% endfor %}|{% raw %}|{% block a %}|{%- else -%}|{#|{% extends 'meta.yaml' %}".split("|")
        ),
    )


def selectors() -> st.SearchStrategy[str]:
    leaves = st.one_of(
        st.sampled_from([*_NAMES, "1", "'a'", "None", "[]", "nothing", "max", "10**9"]),
        st.sampled_from(list(SELECTORS.values())).filter(lambda s: len(s) < 500),
        st.text("abpy1 ()[]'.:=<>!,{}", max_size=12),
    )

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pairs = st.tuples(inner, st.sampled_from("and or + - / % == != < >= in is".split()), inner)
        return st.one_of(
            pairs.map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
            inner.map(lambda e: f"not {e}"),
            st.tuples(inner, st.sampled_from("split join replace lower get environ".split()), inner).map(
                lambda p: f"{p[0]}.{p[1]}({p[2]})"
            ),
            st.tuples(st.sampled_from("int str len list dict tuple float".split()), inner).map(
                lambda p: f"{p[0]}({p[1]})"
            ),
        )

    return st.recursive(leaves, grown, max_leaves=5)


def _place(text: str, draw: Draw) -> int:
    place: int = draw(st.integers(0, len(text)))
    return place


def _bytes(text: str, draw: Draw) -> str:
    at = _place(text, draw)
    return text[:at] + draw(st.text(max_size=4)) + text[at + draw(st.integers(0, 4)) :]


def _word(text: str, draw: Draw) -> str:
    at = _place(text, draw)
    return text[:at] + draw(st.sampled_from(_WORDS)) + text[at:]


def _token(text: str, draw: Draw) -> str:
    """Another token, from the text or the list, in place of one."""
    tokens = re.findall(r"\w+|[^\w\s]+|\s+", text) or [""]
    index = draw(st.integers(0, len(tokens) - 1))
    tokens[index] = draw(st.one_of(st.sampled_from(tokens), st.sampled_from(_WORDS), st.just("")))
    return "".join(tokens)


def _lines(text: str, draw: Draw) -> str:
    """A stretch of lines moved, doubled or left out, perhaps with another indent."""
    lines = text.split("\n")
    start = draw(st.integers(0, len(lines)))
    stretch = lines[start : start + draw(st.integers(1, 6))]
    if draw(st.booleans()):
        del lines[start : start + len(stretch)]
    indent = " " * draw(st.sampled_from([0, 0, 1, 2, 4]))
    to = draw(st.integers(0, len(lines)))
    for _ in range(draw(st.integers(0, 3))):
        lines[to:to] = [indent + line for line in stretch]
    return "\n".join(lines)


def _value(text: str, draw: Draw) -> str:
    """A value of another kind for a key or an item."""
    places = list(re.finditer(r"(?m)^( *(?:- )?[\w-]+:|  +-) *.*$", text))
    if not places:
        return text
    place = draw(st.sampled_from(places))
    return f"{text[: place.start()]}{place[1]} {draw(st.sampled_from(_VALUES))}{text[place.end() :]}"


def _selector(text: str, draw: Draw) -> str:
    lines = text.split("\n")
    index = draw(st.integers(0, len(lines) - 1))
    lines[index] += f"  # [{draw(selectors())}]"
    return "\n".join(lines)


def _statement(text: str, draw: Draw) -> str:
    at = draw(st.sampled_from([0, *(m.end() for m in re.finditer(r": |- |\n", text))]))
    return text[:at] + draw(statements()) + draw(st.sampled_from(["", "\n"])) + text[at:]


def _expression(text: str, draw: Draw) -> str:
    """Another expression in place of one."""
    places = list(re.finditer(r"\{\{.*?\}\}", text))
    if not places:
        return _statement(text, draw)
    place = draw(st.sampled_from(places))
    return f"{text[: place.start()]}{{{{ {draw(expressions())} }}}}{text[place.end() :]}"


def _cut(text: str, draw: Draw) -> str:
    return text[: _place(text, draw)]


def _crossed(text: str, draw: Draw) -> str:
    """The beginning of one recipe and the end of another."""
    other = draw(st.sampled_from(TEXTS))
    return text[: _place(text, draw)] + other[_place(other, draw) :]


_MUTATIONS: tuple[Mutation, ...] = (
    *(_bytes, _word, _token, _token, _lines, _lines, _value, _value, _value),
    *(_selector, _statement, _statement, _expression, _cut, _crossed),
)


def _mutated(text: str, draw: Draw) -> bytes:
    for mutation in draw(st.lists(st.sampled_from(_MUTATIONS), min_size=1, max_size=5)):
        text = mutation(text, draw)
    data = text.encode(draw(st.sampled_from(["utf-8"] * 20 + ["utf-16", "cp1252"])), "replace")
    return data if draw(st.integers(0, 9)) else data[:50] + draw(st.binary(max_size=4)) + data[50:]


@st.composite
def mutated(draw: Draw) -> Mutated:
    """A recipe's folder with one to five mutations of its meta.yaml, sometimes of other files, too."""
    files = {
        "meta.yaml": _mutated(draw(st.sampled_from([*TEXTS, *TEXTS, *_HOSTILE])), draw),
        "build.sh": b"$python $x\n",
    }
    also = draw(st.integers(0, 9))
    if also in (0, 1, 2):
        files["conda_build_config.yaml"] = _mutated(draw(st.sampled_from(_CONFIGS)), draw)
    if also in (3, 4):
        name = draw(st.sampled_from(["recipe_append.yaml", "recipe_clobber.yaml"]))
        files[name] = _mutated("requirements:\n  run:\n    - a\nabout:\n  summary: b\n", draw)
    return Mutated(files)
