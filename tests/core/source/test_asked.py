"""Sources made while rendering: variables of repositories that are not on this machine, or have patches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.render import Rendered, render_recipe
from cbw_core.source import sources
from support.source_bench import Bench, Repository, Site

Make = Callable[[str], Repository]
RECIPE = """
package:
  name: from-git
  version: {{ GIT_DESCRIBE_TAG[1:] }}
source:
  git_url: URL
  git_rev: main
build:
  number: {{ GIT_DESCRIBE_NUMBER }}
  string: g{{ GIT_FULL_HASH[:7] }}_{{ GIT_BUILD_STR }}
"""


@pytest.fixture
def upstream(repository: Make, site: Site) -> tuple[Repository, str]:
    """A repository, and the url it is served at."""
    made = repository("upstream")
    made.commit("one", {"a.txt": "a\n"})
    made.git("tag", "-a", "v1.5", "-m", "1.5")
    made.commit("two", {"a.txt": "b\n"})
    made.git("update-server-info")
    root = made.path / ".git"
    site.files = {
        f"/up.git/{path.relative_to(root).as_posix()}": path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    site.files["/up.git/info/refs?service=git-upload-pack"] = site.files["/up.git/info/refs"]
    return made, f"{site.url}/up.git"


def render(folder: Path, text: str, **options: bool) -> Rendered:
    recipe = folder / "recipe"
    recipe.mkdir(exist_ok=True)
    (recipe / "meta.yaml").write_text(text)
    config = Config(folder / "croot", folder / "cache", folder / "state").with_render(finalize=False, **options)
    with sources(config, sink=silent, cancel=Cancel()) as made:
        return render_recipe(recipe, config, sources=made)


def test_variables_of_a_repository_elsewhere(bench: Bench, upstream: tuple[Repository, str]) -> None:
    repo, url = upstream
    rendered = render(bench.base, RECIPE.replace("URL", url))
    assert rendered.warnings == ()
    (output,) = rendered.outputs
    head = repo.git("rev-parse", "HEAD")
    short = repo.git("describe", "--long").rsplit("-", 1)[1]
    assert (output.version, output.build_number) == ("1.5", 1)
    assert output.build_string == f"g{head[:7]}_1_{short}"


def test_patches_that_become_commits_count(bench: Bench, upstream: tuple[Repository, str]) -> None:
    repo, _ = upstream
    text = RECIPE.replace("URL", repo.path.as_uri()) + "  # nothing\n"
    (before,) = render(bench.base, text).outputs
    repo.git("checkout", "--quiet", "-b", "more")
    repo.commit("three", {"a.txt": "c\n"})
    (bench.base / "recipe" / "0001.patch").write_text(repo.git("format-patch", "--stdout", "-1") + "\n")
    (after,) = render(
        bench.base, text.replace("  git_rev: main\n", "  git_rev: main\n  patches:\n    - 0001.patch\n")
    ).outputs
    assert (before.build_number, after.build_number) == (1, 2)


def test_without_sources_the_variables_are_undefined(bench: Bench, upstream: tuple[Repository, str]) -> None:
    text = "package:\n  name: a\n  version: '1{{ GIT_DESCRIBE_NUMBER }}'\nsource:\n  git_url: URL\n"
    (output,) = render(bench.base, text.replace("URL", upstream[1]), no_source=True).outputs
    assert output.version == "1"


def test_a_repository_that_is_not_there_is_a_warning(bench: Bench, site: Site) -> None:
    text = "package:\n  name: a\n  version: '1{{ GIT_DESCRIBE_NUMBER }}'\nsource:\n  git_url: URL\n"
    rendered = render(bench.base, text.replace("URL", f"{site.url}/gone.git"))
    assert [o.version for o in rendered.outputs] == ["1"]
    assert any("the source cannot be had while rendering" in warning for warning in rendered.warnings)
