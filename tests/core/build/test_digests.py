from __future__ import annotations

from pathlib import Path

from cbw_core.build import inputs
from cbw_core.config import Config
from cbw_core.render.output import Output


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_script_and_files_it_may_read_count(make, config: Config) -> None:
    before = inputs(make({"build.sh": "make", "patches-of-mine/activate.sh": "a"}), config)
    after = inputs(make({"build.sh": "make -j", "patches-of-mine/activate.sh": "b"}), config)
    assert changed(before, after) == {"build script", "recipe file patches-of-mine/activate.sh"}


def test_what_other_phases_read_does_not_count(make, config: Config) -> None:
    meta = {
        "source": [{"url": "src.tar.gz", "patches": ["fix.patch"]}, {"path": "local"}],
        "test": {"files": ["data/*.txt"], "script": "t.sh"},
    }
    names = ("meta.yaml", "conda_build_config.yaml", "fix.patch", "src.tar.gz", "local/a.c", "data/x.txt",
             "run_test.py", "run_test.sh", "README.md", "t.sh", ".git/HEAD", "bld.bat")  # fmt: skip
    before = inputs(make({"build.sh": "make", **dict.fromkeys(names, "1")}, meta=meta), config)
    after = inputs(make({"build.sh": "make", **dict.fromkeys(names, "2")}, meta=meta), config)
    assert before == after


def test_fields_of_the_build_section_count_when_the_script_sees_them(make, config: Config) -> None:
    before = inputs(make({"build.sh": "make"}, meta={"build": {"number": 1, "script_env": ["A"]}}), config)
    number = inputs(make({"build.sh": "make"}, meta={"build": {"number": 2, "script_env": ["A"]}}), config)
    env = inputs(make({"build.sh": "make"}, meta={"build": {"number": 1, "script_env": ["A", "B"]}}), config)
    assert before == number
    assert changed(before, env) == {"build section"}


def test_only_used_variants_count(make, config: Config) -> None:
    def given(**variant: str) -> dict[str, str]:
        return inputs(make({"build.sh": "make"}, variant=variant, used_vars=("python",)), config)

    assert given(python="3.11", lua="5") == given(python="3.11", lua="6")
    assert changed(given(python="3.11"), given(python="3.12")) == {"used variables"}


def test_file_gone_is_a_change(make, config: Config) -> None:
    output: Output = make({"build.sh": "make", "extra": "x"})
    before = inputs(output, config)
    (Path(output.recipe_dir) / "extra").unlink()
    assert changed(before, inputs(output, config)) == {"recipe file extra"}
