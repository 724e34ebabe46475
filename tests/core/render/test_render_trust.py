"""What rendering does not let a recipe do, and what it takes from outside: each hole that was found."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.errors import RecipeError
from cbw_core.recipe.patterns import any_of
from cbw_core.recipe.selectors import selector_in
from cbw_core.render.matching import search
from cbw_core.variants import used
from core.render.hostile import PACKAGE
from core.render.rendering_help import ENVIRON, TableResolver, render, write

_SEL_PAT = re.compile(r"(.+?)\s*(#.*)?\[([^\[\]]+)\](?(2)[^\(\)]*)$")


@given(st.text("a #[]()\"\t'", min_size=1, max_size=16))
def test_a_selector_is_what_conda_builds_pattern_finds(text: str) -> None:
    line = text.rstrip()
    if line and not line.lstrip().startswith("#"):
        match = _SEL_PAT.match(line)
        assert selector_in(line) == ((match[1], match[3]) if match else None)


_PARTS = ["{%", "%}", "{{", "}}", "{", "}", "%", " ", "if", "for", "in", "set", "=", "py", "x", "_", "pin_x('", "')"]


@given(st.lists(st.sampled_from(_PARTS), max_size=12).map("".join))
def test_a_long_line_uses_what_a_short_one_does(text: str) -> None:
    long = text + " " * 300
    for how, pattern in used.finder("py", False).patterns:
        assert used._holds("py", how, pattern, long) == bool(re.search(pattern, long)), how


def test_a_repository_that_lacks_objects_runs_no_program(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "up")
    git("-C", "up", "commit", "-q", "--allow-empty", "-m", "x")
    git("clone", "-q", "up", "evil")
    for key, value in (
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", f"touch {tmp_path}/canary; git-upload-pack"),
    ):
        git("-C", "evil", "config", key, value)
    for path in (tmp_path / "evil/.git/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    text = "package: {name: a, version: '1{{ GIT_DESCRIBE_TAG }}'}\nsource: {path: ../evil}\n"
    render(tmp_path / "recipe", text)
    assert not (tmp_path / "canary").exists()


def test_a_name_that_would_run_away_as_a_pattern_is_taken_as_it_is() -> None:
    assert any_of(["(a+)+b"], "^", "$").match("(a+)+b")
    assert not any_of(["a+a+a+a+a+b"], "^", "$").match("a" * 3000)
    assert any_of(["libstdc++"], "^", r"(\s|$)").match("libstdc")  # as conda-build has it


def test_a_search_gives_what_templates_ask_of_a_match() -> None:
    text = "version = 1.2, x"
    found, real = search(r"(?P<v>\d)\.(\d)(z)?", text), re.search(r"(?P<v>\d)\.(\d)(z)?", text)
    assert found and real
    assert (found.group(), found.group(1, "v"), found["v"], found.groups()) == (
        real.group(),
        real.group(1, "v"),
        real["v"],
        real.groups(),
    )
    assert (found.groupdict(), found.span(2), found.start(), found.lastindex, str(found)) == (
        real.groupdict(),
        real.span(2),
        real.start(),
        real.lastindex,
        str(real),
    )
    assert search("nothing", text) is None


def test_bootstrap_adds_the_packages_of_an_environment_to_build(tmp_path: Path) -> None:
    meta = tmp_path / "env/conda-meta"
    meta.mkdir(parents=True)
    for name, version, build in (("zlib", "1.2.13", "h1_0"), ("numpy", "1.26.0", "py311_0")):
        (meta / f"{name}.json").write_text(json.dumps({"name": name, "version": version, "build": build}))
    text = PACKAGE + "requirements:\n  build:\n    - make\n  run:\n    - zlib\n"
    rendered = render(tmp_path / "recipe", text, bootstrap=str(tmp_path / "env"))
    # conda-build's own answer
    assert rendered.outputs[0].requirements.build == ("make", "numpy 1.26.0 py311_0", "zlib 1.2.13 h1_0")


def test_a_file_of_the_active_environment_can_be_included(tmp_path: Path) -> None:
    write(tmp_path / "env", "about:\n  summary: shared\n", "part.yaml")
    environ = {**ENVIRON, "CONDA_DEFAULT_ENV": str(tmp_path / "env")}
    text = PACKAGE + "{% include '$CONDA_DEFAULT_ENV/part.yaml' %}\n"
    assert render(tmp_path / "recipe", text, environ=environ).outputs[0].meta["about"] == {"summary": "shared"}


def test_zipped_keys_of_unequal_length_are_told_with_key_length_and_file(tmp_path: Path) -> None:
    config = "zip_keys:\n  -\n    - a\n    - b\na:\n  - 1\nb:\n  - 1\n  - 2\n"
    write(tmp_path / "recipe", PACKAGE, conda_build_config__yaml=config)
    with pytest.raises(RecipeError, match=r"conda_build_config.yaml.*a has 1, b has 2") as caught:
        render(tmp_path / "recipe")
    assert caught.value.place and caught.value.place.line == 5


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("outputs:\n  - name: b\n    build: text\n", "outputs/0/build should be a mapping, not text", 6),
        ("outputs:\n  - name: b\n  -\n", "outputs: item 2 is empty", 6),
        ("outputs:\n  - name: b\n  - name: null\n", "an output has no name", 4),
        ("pin_run_as_build: x\n", "pin_run_as_build must be a mapping", 1),
        ("ignore_version:\n  - {a: b}\n", "ignore_version must be a list of names", 1),
        ("python:\n  a: b\n", "python must be a text", 1),
        ("x:\n  - {}\n  - 1\n", "x has a mapping or a list among its values", 1),
        ("extend_keys:\n  - f\nf:\n  - {}\n  - 2\nx:\n  - 1\n  - 2\n", "f has a mapping or a list among its values", 3),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_at_its_place(text: str, message: str, line: int, tmp_path: Path) -> None:
    recipe = text if text.startswith("outputs") else ""
    write(tmp_path / "recipe", PACKAGE + recipe, conda_build_config__yaml="" if recipe else text)
    with pytest.raises(RecipeError) as caught:
        render(tmp_path / "recipe")
    assert message in caught.value.message
    assert caught.value.place and caught.value.place.line == line


def test_a_source_path_that_yaml_reads_as_a_truth_value_is_told_at_its_line(tmp_path: Path) -> None:
    write(tmp_path / "recipe", PACKAGE + "source:\n  path: yes\n")
    with pytest.raises(RecipeError, match="source/path should be text, not a boolean") as caught:
        render(tmp_path / "recipe", resolver=TableResolver([]))
    assert caught.value.place and caught.value.place.line == 5


@pytest.mark.parametrize("depth", range(0, 40, 3))
def test_endless_recursion_in_a_template_is_told_at_its_line_wherever_the_stack_ends(
    depth: int, tmp_path: Path
) -> None:
    write(tmp_path / "recipe", "{% macro m(a) %}{{ caller }}{{ m(a) }}{% endmacro %}{{ m(1) }}\n" + PACKAGE)

    def deeper(levels: int) -> None:
        deeper(levels - 1) if levels else render(tmp_path / "recipe")

    with pytest.raises(RecipeError, match="calls itself without end") as caught:
        deeper(depth)
    assert caught.value.place and caught.value.place.line == 1
