"""`render --explain`, `inspect hash-inputs` and `variants`, as commands: results, drawings and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cbw_core.errors import UsageError
from cbw_core.inspect import VariantMatrix
from cbw_workbench.commands import Context, Result
from cbw_workbench.commands.results import HashReport, RenderReport
from cbw_workbench.commands.run import execute
from cbw_workbench.views import draw
from cbw_workbench.views.json_form import json_lines
from support.packages import make_package

META = """\
package:
  name: pkg
  version: 1.0
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - zlib
    - python
  run:
    - python
    - {{ pin_compatible('zlib') }}
"""
CONFIG = "zlib:\n  - 1.2\n  - 1.3\nboost:\n  - 1\n  - 2\n"

Recipe = Callable[..., Path]


def drawn(result: Result, width: int = 160) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(draw(result.value), soft_wrap=True)
    return captured.get()


def objects(result: Result) -> list[Any]:
    return [json.loads(line) for line in json_lines(result.value)]


@pytest.fixture
def folder(recipe: Recipe) -> Path:
    return recipe("pkg", META, **{"conda_build_config.yaml": CONFIG})


def test_explain_says_why_of_every_output(context: Context, folder: Path) -> None:
    result = execute(["render", "--explain", "--no-finalize", str(folder)], context)
    assert isinstance(result.value, RenderReport)
    assert len(result.value.recipes[0].explained) == 2
    text = drawn(result)
    assert "zlib = 1.2  hashed" in text
    assert "conda_build_config.yaml:2:5" in text
    assert "meta.yaml:6:10" in text
    assert "compiler('c') in requirements/build" in text
    assert "run_exports and pins on what they hold are not in this" in text


def test_explain_as_json_adds_to_what_render_tells(context: Context, folder: Path) -> None:
    (told,) = objects(execute(["render", "--explain", "--no-finalize", str(folder)], context))
    (plain,) = objects(execute(["render", "--no-finalize", str(folder)], context))
    assert {k: v for k, v in told.items() if k != "explained"} == plain
    assert "explained" not in plain
    first = told["explained"][0]
    assert first["inputs"]["dist"] == told["outputs"][0]["dist"]
    zlib = next(v for v in first["inputs"]["variables"] if v["name"] == "zlib")
    assert (zlib["uses"][0]["place"]["line"], zlib["by"]["place"]["line"]) == (8, 2)
    assert [d["spec"] for d in first["dependencies"]["run"]] == told["outputs"][0]["requirements"]["run"]


def test_a_bad_recipe_is_told_beside_a_good_one(context: Context, folder: Path, recipe: Recipe) -> None:
    bad = recipe("bad", "package: {name: x, version: '{{ nope }}'}\n")
    result = execute(["render", "--explain", "--no-finalize", str(bad), str(folder)], context)
    assert result.status == 2
    bad_one, good = objects(result)
    assert bad_one["error"]["line"] == 1
    assert good["error"] is None


def test_hash_inputs_of_a_recipe_are_those_of_each_output(context: Context, folder: Path) -> None:
    result = execute(["inspect", "hash-inputs", "--no-finalize", str(folder)], context)
    assert isinstance(result.value, HashReport)
    assert not result.value.compared
    first, second = objects(result)
    assert json.loads(first["canonical"]) == {"c_compiler": "gcc", "target_platform": "linux-64", "zlib": "1.2"}
    assert json.loads(second["canonical"])["zlib"] == "1.3"
    assert drawn(result).splitlines()[0].startswith(first["dist"])


def test_one_output_is_chosen_by_a_pattern(context: Context, folder: Path) -> None:
    (first, _) = objects(execute(["inspect", "hash-inputs", "--no-finalize", str(folder)], context))
    chosen = execute(["inspect", "hash-inputs", "--no-finalize", "-o", first["dist"][:20], str(folder)], context)
    assert [o["dist"] for o in objects(chosen)] == [first["dist"]]
    with pytest.raises(UsageError, match="no output of") as caught:
        execute(["inspect", "hash-inputs", "--no-finalize", "-o", "other", str(folder)], context)
    assert first["dist"] in (caught.value.details or "")


def package_of(folder: Path, zlib: str) -> Path:
    contents = {"c_compiler": "gcc", "target_platform": "linux-64", "zlib": zlib}
    variant = "".join(f"{k}: '{v}'\n" for k, v in {**contents, "python": "3.11"}.items())
    files = {
        "info/hash_input.json": json.dumps(contents),
        "info/recipe/meta.yaml.template": META,
        "info/recipe/conda_build_config.yaml": variant,
    }
    return make_package(folder, "pkg", "1.0", f"py311h000000{zlib[-1]}_0", files=files, subdir="linux-64")


def test_a_recipe_against_a_package_answers_in_the_first_line(context: Context, folder: Path, tmp_path: Path) -> None:
    package = package_of(tmp_path / "channel", "1.1")
    result = execute(["inspect", "hash-inputs", "--no-finalize", str(folder), str(package)], context)
    assert isinstance(result.value, HashReport)
    text = drawn(result)
    assert "because of zlib" in text.splitlines()[0]
    assert "zlib  1.2 | 1.1" in text
    assert "conda_build_config.yaml:2:5" in text
    assert "info/recipe/conda_build_config.yaml:3:1" in text
    (told,) = objects(result)
    assert told["same_hash"] is False
    assert told["differences"][0]["name"] == "zlib"
    assert told["differences"][0]["left_why"][0][1]["line"] == 2


def test_two_recipes_are_held_against_each_other_output_by_output(
    context: Context, folder: Path, recipe: Recipe
) -> None:
    other = recipe("other", META, **{"conda_build_config.yaml": "zlib:\n  - 1.2\n  - 1.3\n  - 1.4\n"})
    result = execute(["inspect", "hash-inputs", "--no-finalize", str(folder), str(other)], context)
    *pairs, alone = objects(result)
    assert [p["same_hash"] for p in pairs] == [True, True]
    assert "unmatched" in alone
    assert "no counterpart: pkg-1.0" in drawn(result)


def test_variants_show_the_rows_and_the_keys(context: Context, folder: Path) -> None:
    result = execute(["variants", str(folder)], context)
    assert isinstance(result.value, VariantMatrix)
    text = drawn(result)
    assert text.splitlines()[0].startswith("4 variants (2 zlib x 2 boost) build 2 packages")
    assert "they differ in boost only" in text
    assert "the same as 1" in text
    assert "nothing: the recipe does not name it" in text
    (told,) = objects(result)
    assert told["rows"][0]["builds"] == [told["outputs"][0]]
    assert told["axes"] == [[["zlib"], 2], [["boost"], 2]]


def test_drawings_have_no_colour_and_no_trailing_blanks_when_piped(
    context: Context, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cbw_workbench.cli.output import Output

    Output(json=False).result(execute(["variants", str(folder)], context))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_narrow_terminals_lose_nothing(context: Context, folder: Path) -> None:
    result = execute(["inspect", "hash-inputs", "--no-finalize", str(folder)], context)
    wide, narrow = drawn(result, 400), drawn(result, 60)
    assert "".join(wide.replace("│", "").split())[:50] == "".join(narrow.replace("│", "").split())[:50]
    assert "…" not in narrow
