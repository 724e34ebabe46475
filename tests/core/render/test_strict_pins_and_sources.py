"""pin_depends: strict in the order of linking, and templates that read files of sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import RecipeError
from cbw_core.render import Rendered, Resolved, render_recipe
from cbw_core.render.order import link_order
from core.render.rendering_help import ENVIRON, TableResolver, config, render, write


def package(name: str, *depends: str) -> Resolved:
    return Resolved(name=name, version="1", build="0", build_number=0, subdir="linux-64", url="", depends=depends)


def test_packages_are_linked_level_by_level_after_what_they_need() -> None:
    packages = [package("app", "py >=3"), package("ffi"), package("py", "ffi", "zlib 1.*"), package("zlib")]
    assert [p.name for p in link_order(packages)] == ["ffi", "zlib", "py", "app"]


def test_packages_in_a_circle_are_linked_last_by_name() -> None:
    packages = [package("a", "b"), package("b", "a"), package("c"), package("d", "missing")]
    assert [p.name for p in link_order(packages)] == ["c", "d", "a", "b"]


def test_strict_pins_stand_in_the_order_of_linking(tmp_path: Path) -> None:
    table = [
        {"name": "python", "version": "3.11", "subdir": "linux-64", "depends": ["zlib"]},
        {"name": "zlib", "version": "1.2", "subdir": "linux-64"},
    ]
    text = "package:\n  name: a\n  version: 1\nbuild:\n  pin_depends: strict\nrequirements:\n  run:\n    - python\n"
    (output,) = render(tmp_path, text, resolver=TableResolver(table)).outputs
    assert output.requirements.run == ("zlib 1.2 0", "python 3.11 0")


class Folders:
    """Sources that are there: the folder named like the first entry's url."""

    def __init__(self, root: Path) -> None:
        self.root, self.asked = root, list[str]()

    def __call__(self, recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Path:
        self.asked.append(str(entries[0]["url"]))
        return self.root / str(entries[0]["url"])

    def holds(self, path: Path) -> bool:
        return path.is_relative_to(self.root)


@pytest.fixture
def sources(tmp_path: Path) -> Folders:
    for version in ("1", "2"):
        folder = tmp_path / "made" / f"v{version}.zip"
        folder.mkdir(parents=True)
        (folder / "setup.py").write_text(f"from setuptools import setup\nsetup(version='{version}.0')\n")
        (folder / "VERSION").write_text(f"version={version}.5\n")
    return Folders(tmp_path / "made")


VARIANTS = "v:\n  - '1'\n  - '2'\n"


def versions(folder: Path, sources: Folders | None, line: str) -> Rendered:
    text = f"{line}\npackage:\n  name: a\n  version: '{{{{ found }}}}'\nsource:\n  url: v{{{{ v }}}}.zip\n"
    write(folder / "recipe", text, conda_build_config__yaml=VARIANTS)
    return render_recipe(folder / "recipe", config(folder), sources=sources, environ=ENVIRON)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{% set found = load_setup_py_data().get('version') %}", ["1.0", "2.0"]),
        ("{% set m = load_file_regex('VERSION', '=(.*)') %}{% set found = m.group(1) if m else '0' %}", ["1.5", "2.5"]),
    ],
)
def test_templates_read_files_of_the_variants_own_source(
    tmp_path: Path, sources: Folders, line: str, found: list[str]
) -> None:
    rendered = versions(tmp_path, sources, line)
    assert sorted(o.version for o in rendered.outputs) == found
    assert not any("made" in file for file in rendered.files_read), "they are gone after rendering"


def test_a_source_is_not_made_for_a_file_of_the_recipe(tmp_path: Path, sources: Folders) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "setup.py").write_text("from setuptools import setup\nsetup(version='9')\n")
    line = "{% set found = load_setup_py_data(from_recipe_dir=True).get('version') %}"
    assert {o.version for o in versions(tmp_path, sources, line).outputs} == {"9"}
    assert sources.asked == []


def test_a_file_that_the_source_lacks_is_an_error(tmp_path: Path, sources: Folders) -> None:
    with pytest.raises(RecipeError, match=r"there is no file 'other\.py'"):
        versions(tmp_path, sources, "{% set found = load_setup_py_data('other.py').get('version') %}")
