from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.errors import RecipeError
from cbw_core.recipe import find_recipe, read_text
from cbw_core.recipe.schema import refused, unknown_fields


def test_a_recipe_is_a_file_a_folder_or_below_one(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "recipe"
    inner.mkdir(parents=True)
    (inner / "meta.yaml").write_text("package: {name: x}\n")
    assert find_recipe(inner / "meta.yaml") == inner / "meta.yaml"
    assert find_recipe(inner) == inner / "meta.yaml"
    assert find_recipe(tmp_path) == inner / "meta.yaml"


def test_several_recipes_below_a_folder_are_not_guessed_among(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta.yaml").write_text("")
    with pytest.raises(RecipeError, match="more than one recipe"):
        find_recipe(tmp_path)
    (tmp_path / "meta.yaml").write_text("")
    assert find_recipe(tmp_path) == tmp_path / "meta.yaml"


def test_what_is_no_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"there is no meta\.yaml"):
        find_recipe(tmp_path)
    with pytest.raises(RecipeError, match="there is no recipe at"):
        find_recipe(tmp_path / "absent")
    (tmp_path / "recipe.yaml").write_text("")
    with pytest.raises(RecipeError) as caught:
        find_recipe(tmp_path)
    assert caught.value.kind == "unsupported"


def test_texts_are_read_whatever_their_encoding(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    for data, text in (
        ("é".encode(), "é"),
        (b"\xef\xbb\xbfa", "a"),
        ("aé".encode("utf-16"), "aé"),
        (b"\xe9", "é"),
    ):
        file.write_bytes(data)
        assert read_text(file) == text


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    with file.open("wb") as f:
        f.truncate(100_000_000)
    with pytest.raises(RecipeError, match="100,000,000 bytes"):
        read_text(file)


@pytest.mark.parametrize(
    ("meta", "path"),
    [
        ([1], ()),
        ({"package": ["x"]}, ("package",)),
        ({"source": "x"}, ("source",)),
        ({"outputs": ["x"]}, ("outputs", 0)),
        ({"build": {"noarch": "pyhton"}}, ("build", "noarch")),
        ({"build": {"pin_depends": "x"}}, ("build", "pin_depends")),
        ({"about": {"license_family": "Foo"}}, ("about", "license_family")),
    ],
)
def test_what_conda_build_refuses_is_refused(meta: object, path: tuple[object, ...]) -> None:
    found = refused(meta)
    assert found is not None and found.path == path


def test_what_conda_build_takes_is_taken() -> None:
    assert (
        refused({"package": None, "source": [{}], "build": {"noarch": "python"}, "about": {"license_family": "gpl3"}})
        is None
    )


def test_unknown_fields_are_told_with_the_nearest_known_name() -> None:
    meta = {"package": {"nmae": 1}, "requirments": {}, "source": [{"urll": 1}], "extra": {"anything": 1}}
    found = {f.path: f.hint for f in unknown_fields(meta)}
    assert found == {
        ("package", "nmae"): "Did you mean 'name'?",
        ("requirments",): "Did you mean 'requirements'?",
        ("source", 0, "urll"): "Did you mean 'url'?",
    }
    outputs = {"outputs": [{"name": "x", "build": {"scrpt": 1}}]}
    assert [f.path for f in unknown_fields(outputs)] == [("outputs", 0, "build", "scrpt")]
