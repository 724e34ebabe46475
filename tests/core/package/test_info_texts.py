"""Licenses, messages, tests and the recipe in info/."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import BuildError, RecipeError
from support.built import Built


def meta(built: Built, **sections: Any) -> dict[str, Any]:
    (built.recipe / "meta.yaml").write_text("about:\n  license_file:\n    - LICENSE\n    - gone.txt\n")
    return {"build": {"include_recipe": False}, **sections}


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_licenses_and_messages(built: Built, pack: Any) -> None:
    put(built.layout.work, LICENSE="w", dir__one="1", dir__sub__two="2", message="m")
    put(built.recipe, RECIPE_LICENSE="r", LICENSE="not this")
    about = {
        "license_file": ["LICENSE", "RECIPE_LICENSE", "dir/", "./LICENSE", str(built.recipe / "LICENSE"), ""],
        "prelink_message": "message",
    }
    package = pack(built, meta=meta(built, about=about))
    licenses = {p: package.text(p) for p in package.info if p.startswith(("licenses/", "prelink"))}
    assert licenses == {
        "licenses/LICENSE": "w",
        "licenses/RECIPE_LICENSE": "r",
        "licenses/dir/one": "1",
        "licenses/dir/sub/two": "2",
        "licenses/LICENSE0.txt": "w",
        "licenses/LICENSE1.txt": "not this",
        "prelink_messages/message": "m",
    }


def test_a_license_that_is_not_there_is_named_with_its_line(built: Built, pack: Any) -> None:
    put(built.layout.work, LICENSE="w")
    with pytest.raises(BuildError, match="about/license_file: gone.txt does not exist".replace(".", r"\.")) as caught:
        pack(built, meta=meta(built, about={"license_file": ["LICENSE", "gone.txt"]}))
    assert caught.value.place is not None and caught.value.place.line == 4
    assert caught.value.hint


def test_a_license_folder_needs_its_slash(built: Built, pack: Any) -> None:
    put(built.layout.work, dir__one="1")
    with pytest.raises(BuildError, match="is a folder") as caught:
        pack(built, meta=meta(built, about={"license_file": "dir"}))
    assert "dir/" in (caught.value.hint or "")


def test_readme_log_icon_and_info_yaml(built: Built, pack: Any) -> None:
    put(built.layout.work, README="read me")
    put(built.recipe, **{"recipe_log.json": "{}", "icon.png": "png", "info_yaml.d__more.yaml": "b: [1, 2]\na: x\n"})
    package = pack(built, meta=meta(built, about={"readme": "README"}, app={"icon": "icon.png", "entry": "thing"}))
    assert package.text("README") == "read me"
    assert package.text("recipe_log.json") == "{}"
    assert package.text("icon.png") == "png"
    assert package.json("info_json.d/more.json") == {"a": "x", "b": [1, 2]}
    assert "info/info_json.d/more.json" in package.rows
    index = package.json("index.json")
    assert (index["type"], index["app_entry"]) == ("app", "thing")
    assert index["icon"].endswith(".png")


def test_git_sources_are_described(built: Built, pack: Any) -> None:
    folder = built.layout.work / "src"
    folder.mkdir()
    git = ["git", "-c", "user.name=N", "-c", "user.email=e@x"]
    subprocess.run([*git, "init", "-q", "."], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first words"], cwd=folder, check=True)
    package = pack(built, meta=meta(built, source=[{"git_url": "x", "folder": "src"}]))
    assert "first words" in package.text("git")
    assert "==> git log -n1 <==" in package.text("git")


def test_the_tests_of_a_recipe_are_packaged_with_their_files(built: Built, pack: Any, tmp_path: Path) -> None:
    put(
        built.recipe,
        **{"run_test.py": "print('own')\n", "run_test.sh": "true\n", "data.txt": "d", "sub__data.txt": "s"},
    )
    put(built.layout.work, tests__one="1", tests__two="2")
    test = {
        "imports": ["thing", {"lang": "r", "imports": ["rthing"]}],
        "commands": ["thing --help", "false || true"],
        "files": ["data.txt"],
        "source_files": ["tests", "tests/o*"],
        "requires": ["pytest"],
    }
    package = pack(built, meta=meta(built, test=test), test_requires=("pytest",))
    tests = {path: package.text(path) for path in package.info if path.startswith("test/")}
    assert sorted(tests) == [
        "test/data.txt", "test/run_test.py", "test/run_test.r", "test/run_test.sh", "test/sub/data.txt",
        "test/test_time_dependencies.json", "test/tests/one", "test/tests/two",
    ]  # fmt: skip
    assert "print('own')" in tests["test/run_test.py"] and "import thing\n" in tests["test/run_test.py"]
    compile(tests["test/run_test.py"], "run_test.py", "exec")
    assert tests["test/run_test.r"] == "print(\"library('rthing')\")\nlibrary(rthing)\n\n"
    assert tests["test/run_test.sh"].startswith("true\n\n\nset -ex\n")
    assert tests["test/run_test.sh"].endswith("thing --help\nfalse || true\nexit 0\n")
    assert package.json("test/test_time_dependencies.json") == ["pytest"]


def test_tests_of_an_output_are_what_it_names(built: Built, pack: Any) -> None:
    put(built.recipe, **{"run_test.py": "1", "mine.py": "2"})
    output = {"is_output": True, "script": "x.sh"}
    package = pack(built, **output, meta=meta(built, test={}))
    assert not [path for path in package.info if path.startswith("test/")]
    package = pack(built, **output, meta=meta(built, test={"script": "mine.py"}))
    assert "\n2\n" in package.text("test/run_test.py")


@pytest.mark.parametrize(("name", "script"), [("perl-thing", "pl"), ("lua-thing", "lua"), ("r-thing", "r")])
def test_imports_follow_the_name_of_the_package(built: Built, pack: Any, name: str, script: str) -> None:
    package = pack(built, name=name, meta=meta(built, test={"imports": ["Some::Thing"]}))
    tests = [path for path in package.info if path.startswith("test/")]
    assert tests == [f"test/run_test.{script}"]
    assert "Some::Thing" in package.text(tests[0])


def test_noarch_packages_have_tests_for_windows_too(built: Built, pack: Any) -> None:
    package = pack(built, noarch="generic", subdir="noarch", meta=meta(built, test={"commands": ["thing"]}))
    assert "IF %ERRORLEVEL% NEQ 0 exit /B 1" in package.text("test/run_test.bat")
    assert "test/run_test.sh" in package.info


def test_source_files_that_are_not_there(built: Built, pack: Any) -> None:
    with pytest.raises(BuildError, match=r"test/source_files: tests/\*"):
        pack(built, meta=meta(built, test={"source_files": ["tests/*"]}))


def test_test_files_stay_in_the_recipe(built: Built, pack: Any) -> None:
    with pytest.raises(RecipeError, match="leads out"):
        pack(built, meta=meta(built, test={"files": ["../secret"]}))


def test_the_recipe_is_in_the_package(built: Built, pack: Any) -> None:
    text = "# {{ jinja }}\npackage:\n  name: thing\n"
    put(built.recipe, **{"meta.yaml": text, "build.sh": "make\n", "conda_build_config.yaml": "a: [1]\n"})
    put(built.recipe, **{".git__config": "no", "patches__one.patch": "p"})
    variant = {"python": "3.11", "zip_keys": [["a", "b"]]}
    package = pack(built, build={"include_recipe": True}, variant=variant)
    recipe = {path: package.text(path) for path in package.info if path.startswith("recipe/")}
    assert sorted(recipe) == [
        "recipe/build.sh", "recipe/conda_build_config.yaml", "recipe/meta.yaml", "recipe/meta.yaml.template",
        "recipe/patches/one.patch",
    ]  # fmt: skip
    assert recipe["recipe/meta.yaml.template"] == text
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    assert yaml.load(recipe["recipe/meta.yaml"])["package"] == {"name": "thing", "version": "1.0"}
    assert yaml.load(recipe["recipe/conda_build_config.yaml"]) == variant


def test_the_recipe_of_an_output_is_in_parent(built: Built, pack: Any) -> None:
    put(built.recipe, **{"meta.yaml": "m", "install.sh": "i"})
    package = pack(built, is_output=True, script="install.sh", build={"include_recipe": True})
    recipe = [path for path in package.info if path.startswith("recipe/")]
    assert recipe == [
        "recipe/conda_build_config.yaml", "recipe/install.sh", "recipe/meta.yaml", "recipe/parent/install.sh",
        "recipe/parent/meta.yaml",
    ]  # fmt: skip
