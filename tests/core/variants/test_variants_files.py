from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbw_core.config import RenderOptions
from cbw_core.errors import RecipeError
from cbw_core.variants import Matrix, load_variants, namespace


def load(recipe: Path, cwd: Path | None = None, environ: dict[str, str] | None = None, **options: Any) -> Matrix:
    recipe.mkdir(exist_ok=True)
    return load_variants(
        recipe,
        RenderOptions(**options),
        build_subdir="linux-64",
        environ={} if environ is None else environ,
        cwd=cwd or recipe,
    )


def test_the_default_variant_is_conda_builds(tmp_path: Path) -> None:
    (variant,) = load(tmp_path / "r").variants
    assert variant["python"] == "3.11" and variant["numpy"] == "1.23" and variant["perl"] == "5.26.2"
    assert variant["c_compiler"] == "gcc" and variant["target_platform"] == "linux-64"
    assert variant["pin_run_as_build"]["r-base"] == {"min_pin": "x.x", "max_pin": "x.x"}


def test_files_are_read_in_conda_builds_order(tmp_path: Path) -> None:
    name = "conda_build_config.yaml"
    folders = {key: tmp_path / key for key in ("home", "cwd", "recipe")}
    for key, folder in folders.items():
        folder.mkdir()
        (folder / name).write_text(f"who: {key}\n{key}: 1\n")
    more = tmp_path / "more.yaml"
    more.write_text("who: more\n")
    alone = tmp_path / "alone.yaml"
    alone.write_text("who: alone\n")
    environ = {"HOME": str(folders["home"])}

    made = load(folders["recipe"], folders["cwd"], environ)
    assert made.variants[0]["who"] == "recipe"
    assert [Path(f).parent.name for f in made.files] == ["home", "cwd", "recipe"]

    made = load(folders["recipe"], folders["cwd"], environ, variant_config_files=(str(more),))
    assert made.variants[0]["who"] == "more" and made.source_of("who") == str(more)

    made = load(folders["recipe"], folders["cwd"], environ, exclusive_config_files=(str(alone),))
    assert made.variants[0]["who"] == "recipe" and "home" not in made.variants[0]


def test_values_are_text_and_selectors_apply(tmp_path: Path) -> None:
    (tmp_path / "conda_build_config.yaml").write_text("python:\n  - 3.10  # [linux]\n  - 3.9  # [win]\nflag: yes\n")
    (variant,) = load(tmp_path).variants
    assert variant["python"] == "3.10" and variant["flag"] == "yes"


def test_flags_go_before_the_environment_and_both_before_files(tmp_path: Path) -> None:
    (tmp_path / "conda_build_config.yaml").write_text("python:\n  - 3.9\n  - 3.10\n")
    assert load(tmp_path, environ={"CONDA_PY": "310"}).variants[0]["python"] == "3.10"
    made = load(tmp_path, environ={"CONDA_PY": "310"}, python=("3.9",))
    assert [v["python"] for v in made.variants] == ["3.9"]
    assert [v["numpy"] for v in load(tmp_path, numpy=("1.26", "2.0"), python=("3.9",)).variants] == ["1.26", "2.0"]


def test_variants_of_the_command_line_win(tmp_path: Path) -> None:
    (tmp_path / "conda_build_config.yaml").write_text("k:\n  - a\n  - b\n")
    assert [v["k"] for v in load(tmp_path, variants={"k": ["b"]}).variants] == ["b"]
    assert load(tmp_path, variants={"python": 3.9}).variants[0]["python"] == "3.9"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb-c: 2\n", 2, "'b_c'"),
        ("a:\n  - 1\n  - 2\nb: 1\nzip_keys:\n  -\n    - a\n    - b\n", 1, "a has 2, b has 1"),
        ("a: 1\nb: '\n", 2, "not valid YAML"),
        ("a: 1\nb: 2  # [c d]\n", 2, "selector"),
        ("- a\n", 1, "mapping"),
        ("zip_keys: 3\n", 1, "zip_keys"),
    ],
)
def test_errors_name_the_line_of_the_file(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "conda_build_config.yaml"
    file.write_text(text)
    with pytest.raises(RecipeError, match=words) as caught:
        load(tmp_path)
    place = caught.value.place
    assert place and place.file == str(file) and place.line in (line, line + 1)


def test_the_namespace_of_linux_is_conda_builds() -> None:
    names = namespace(
        {"python": "3.11", "numpy": "1.23", "flag": "True", "n": "3", "word": "w"},
        host_subdir="linux-64",
        build_subdir="linux-64",
        environ={"MY_VAR": "1"},
    ).names
    true = {"linux", "linux64", "unix", "x86", "x86_64", "py3k", "flag"}
    false = {"win", "osx", "arm", "arm64", "aarch64", "ppc64le", "s390x", "z", "wasm32", "py2k", "py27", "nomkl", "zos"}
    assert all(names[k] is True for k in true)
    assert all(names[k] is False for k in false)
    assert (names["py"], names["np"], names["pl"], names["lua"]) == (311, 123, "5.26.2", "5")
    assert (names["n"], names["word"], names["MY_VAR"]) == (3, "w", "1")
    assert names["build_platform"] == "linux-64"


def test_a_python_that_is_no_version_is_told() -> None:
    with pytest.raises(RecipeError, match="python is '3'"):
        namespace({"python": "3"}, host_subdir="linux-64", build_subdir="linux-64", environ={})
