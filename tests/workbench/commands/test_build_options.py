"""conda-build's options of `cbw build`, over the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_core.test.packaged import read_info
from cbw_workbench.commands import Context, execute
from cbw_workbench.commands import results as r
from cbw_workbench.views.texts import plain_text

Recipe = Callable[..., Path]

TINY = """\
package: {name: tiny, version: "1.0"}
source: {path: src}
build: {noarch: generic, script: mkdir -p $PREFIX/share && echo $PREFIX > $PREFIX/share/tiny.txt}
test:
  source_files:
    - data.txt
  commands:
    - test -f $PREFIX/share/tiny.txt
"""


@pytest.fixture
def tiny(recipe: Recipe) -> Path:
    return recipe("tiny", TINY, **{"src/data.txt": "data\n"})


def package(context: Context) -> Path:
    return context.config.croot / "noarch/tiny-1.0-0.conda"


def test_what_packages_hold_is_chosen_by_options(context: Context, tiny: Path) -> None:
    execute(["build", str(tiny)], context)
    assert {"test/data.txt", "recipe/meta.yaml"} <= set(read_info(package(context)).files)
    words = "--no-test --no-include-recipe --no-copy-test-source-files --extra-meta who=me ticket=1"
    execute(["build", str(tiny), *words.split()], context)
    info = read_info(package(context))
    assert not [path for path in info.files if path == "test/data.txt" or path.startswith("recipe/")]
    extra = {"final": True, "copy_test_source_files": False, "ticket": "1", "who": "me"}
    assert info.json("about.json")["extra"] == extra
    with pytest.raises(UsageError, match="KEY=VALUE"):
        execute(["build", str(tiny), "--extra-meta", "ticket"], context)


def test_statistics_are_told_and_written(context: Context, tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "stats.json"
    report = execute(["build", str(tiny), "--stats-file", str(file)], context).value
    assert isinstance(report, r.BuildReport) and report.resources is not None
    data = json.loads(file.read_text())
    assert set(data) == {"buildtiny-1.0-0", "test_tinytiny-1.0-0", "total"}
    assert set(data["buildtiny-1.0-0"]) == {"elapsed", "cpu_user", "cpu_sys", "rss", "disk"}
    assert data["total"]["memory"] > 1_000_000
    assert data["total"]["disk"] >= len("data\n")


def test_output_prints_paths_and_builds_nothing(context: Context, tiny: Path) -> None:
    value = execute(["build", "--output", str(tiny)], context).value
    assert str(package(context)) in (plain_text(value) or "")
    assert not package(context).exists()


def test_post_works_from_what_the_build_left(context: Context, tiny: Path) -> None:
    with pytest.raises(UsageError):
        execute(["build", "--post", str(tiny)], context)
    execute(["build", "--build-only", str(tiny)], context)
    with pytest.raises(UsageError, match="cannot run package again"):
        execute(["rerun", "package", str(tiny)], context)
    execute(["build", "--post", str(tiny)], context)
    assert package(context).exists()


def test_the_test_prefix_may_be_short_and_post_processed_once_more(context: Context, tiny: Path) -> None:
    execute(["build", str(tiny), "--no-long-test-prefix", "--test-run-post"], context)
    assert context.session is not None
    layout = context.session.layout
    assert layout.test_prefix == layout.root / "_test_env"
    assert (layout.test_prefix / "share/tiny.txt").read_text() == f"{layout.test_prefix}\n"


def test_extra_deps_are_for_tests_of_packages(context: Context, tiny: Path) -> None:
    with pytest.raises(UsageError, match="for --test"):
        execute(["build", str(tiny), "--extra-deps", "python"], context)
    execute(["build", str(tiny)], context)
    with pytest.raises(UsageError, match="for package files"):
        execute(["test", str(tiny), "--extra-deps", "python"], context)
