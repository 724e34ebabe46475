"""Linkages of targets of every kind: what is found, whose it is, which verdict, which line of the recipe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cbw_core import archive
from cbw_core.errors import UsageError
from cbw_core.inspect.linkages import linkages, roots, tree, ways
from cbw_core.inspect.targets import target_of
from cbw_core.linkage import Linkages
from support.made_binaries import MadePrefix

ORIGIN = ("-Wl,-rpath,$ORIGIN",)
TO_LIB = ("-Wl,-rpath,$ORIGIN/../lib",)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base (libbase), middle (libmiddle needs libbase, with it in run), top (bin/top needs libmiddle and libbase, has
    libmiddle's package and an unneeded one in run), extra (libextra)."""
    made = MadePrefix(tmp_path_factory.mktemp("prefix") / "env")
    made.library("lib/libbase.so.1")
    made.library("lib/libmiddle.so.1", "lib/libbase.so.1", flags=ORIGIN)
    made.library("lib/libextra.so.1")
    made.library("lib/libgone.so.1")
    made.program("bin/top", "lib/libmiddle.so.1", "lib/libbase.so.1", "lib/libgone.so.1", flags=TO_LIB)
    made.program("bin/away", flags=("-Wl,-rpath,/opt/elsewhere/lib",))
    made.library("lib/libloose.so", "lib/libbase.so.1", flags=ORIGIN)
    (made.root / "lib/libgone.so.1").unlink()
    (made.root / "lib/broken.so").write_bytes(b"\x7fELF" + b"\xff" * 200)
    (made.root / "share").mkdir()
    (made.root / "share/text.txt").write_text("text")
    made.package("base", "lib/libbase.so.1")
    made.package("middle", "lib/libmiddle.so.1", depends=("base >=1",))
    made.package("extra", "lib/libextra.so.1", "share/text.txt")
    made.package("top", "bin/top", "bin/away", "lib/broken.so", depends=("middle", "extra", "__glibc >=2.99"))
    return made.root


def look(given: Path, **more: object) -> Linkages:
    return linkages(target_of(str(given), given, prefix=None), **more)  # type: ignore[arg-type]


def words(found: Linkages) -> dict[tuple[str, str], str]:
    return {(file.path, need.name): need.verdict.word for file in found.files for need in file.needs}


def test_a_prefix_is_judged_package_by_package(prefix: Path) -> None:
    found = look(prefix)
    got = words(found)
    assert got["bin/top", "libmiddle.so.1"] == "ok"
    assert got["bin/top", "libbase.so.1"] == "overlinked"
    assert got["bin/top", "libgone.so.1"] == "missing"
    assert got["bin/top", "libc.so.6"] == "system"
    assert got["lib/libmiddle.so.1", "libbase.so.1"] == "ok"
    assert {p.name for p in found.packages} == {"base", "middle", "extra", "top"}
    assert found.count()["overdepending"] == 1
    top = next(p for p in found.packages if p.name == "top")
    assert [v.word for v in top.verdicts] == ["overdepending"] and "extra" in top.verdicts[0].why


def test_a_finding_says_why_and_which_line_to_add(prefix: Path) -> None:
    top = next(f for f in look(prefix).files if f.path == "bin/top")
    need = next(n for n in top.needs if n.name == "libbase.so.1")
    assert need.resolution.owner == "base-1.0-h0_0" and need.resolution.path == "lib/libbase.so.1"
    assert "comes along with middle" in need.verdict.why
    assert str(need.verdict.changes[0]) == "add `- base` to requirements/run"
    assert need.resolution.by in ("DT_RUNPATH $ORIGIN/../lib", "DT_RPATH $ORIGIN/../lib")


def test_an_absolute_rpath_is_told(prefix: Path) -> None:
    away = next(f for f in look(prefix).files if f.path == "bin/away")
    assert [v.word for v in away.verdicts] == ["absolute rpath"] and "/opt/elsewhere/lib" in away.verdicts[0].why


def test_a_broken_file_is_a_named_failure_and_the_rest_is_reported(prefix: Path) -> None:
    found = look(prefix)
    assert [(f.path, f.kind) for f in found.failures] == [("lib/broken.so", "broken")]
    assert len(found.files) == 5


def test_untracked_files_when_asked_for(prefix: Path) -> None:
    assert "lib/libloose.so" not in {f.path for f in look(prefix).files}
    loose = next(f for f in look(prefix, untracked=True).files if f.path == "lib/libloose.so")
    assert loose.package == ""


def test_an_installed_package_by_its_name(prefix: Path) -> None:
    found = linkages(target_of("middle", prefix / "middle", prefix=prefix))
    assert found.kind == "installed" and [p.name for p in found.packages] == ["middle"]
    assert not found.failures
    with pytest.raises(UsageError, match="there is no nothing"):
        target_of("nothing", prefix / "nothing", prefix=prefix)


def test_a_file_in_a_prefix_is_judged_with_what_is_around_it(prefix: Path) -> None:
    found = look(prefix / "bin/top")
    assert [f.path for f in found.files] == ["bin/top"]
    assert words(found)["bin/top", "libbase.so.1"] == "overlinked"


def test_the_way_from_a_file_to_a_library(prefix: Path) -> None:
    (way,) = ways(look(prefix), "top", "libbase.so.1")
    assert [path for path, _ in way.steps] == ["bin/top"] and way.library == "lib/libbase.so.1"
    (way,) = ways(look(prefix), "libmiddle.so.1", "base")
    assert way.steps[-1][1].resolution.owner == "base-1.0-h0_0"
    with pytest.raises(UsageError, match="no program or library nosuch"):
        ways(look(prefix), "nosuch", "libbase.so.1")


def test_the_tree_of_what_is_loaded(prefix: Path) -> None:
    found = look(prefix)
    assert "bin/top" in roots(found) and "lib/libmiddle.so.1" not in roots(found)
    below = {b.path: b for b in tree(found, "bin/top").below}
    assert "lib/libbase.so.1" in {b.path for b in below["lib/libmiddle.so.1"].below}
    assert below["lib/libbase.so.1"].again


def package_of(prefix: Path, folder: Path, *, depends: tuple[str, ...] = ("middle",), recipe: str = "") -> Path:
    """bin/top as a package file."""
    index = {"name": "top", "version": "1.0", "build": "h0_0", "build_number": 0, "depends": list(depends)}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "meta.yaml").write_text(recipe or "package:\n  name: top\n")
    target = folder / "top-1.0-h0_0.conda"
    members = [
        archive.Member("info/index.json", folder / "index.json"),
        archive.Member("info/recipe/meta.yaml", folder / "meta.yaml"),
        archive.Member("bin/top", prefix / "bin/top"),
    ]
    archive.write_package(target, members, level=1, timestamp=0)
    return target


def test_a_package_file_alone_says_what_is_not_known(prefix: Path, tmp_path: Path) -> None:
    found = look(package_of(prefix, tmp_path))
    assert words(found)["bin/top", "libbase.so.1"] == "unknown"
    assert found.remarks and not found.failures


def test_a_package_file_with_an_environment_of_its_dependencies(prefix: Path, tmp_path: Path) -> None:
    recipe = "package:\n  name: top\nbuild:\n  missing_dso_whitelist:\n    - '*/libgone*'\n"
    recipe += "requirements:\n  run:\n    - middle\n"
    found = look(package_of(prefix, tmp_path, recipe=recipe), prefix=prefix)
    got = {n.name: n.verdict for f in found.files for n in f.needs}
    assert got["libbase.so.1"].word == "overlinked"
    place = got["libbase.so.1"].changes[0].place
    assert place is not None and place.file == "top-1.0-h0_0.conda:info/recipe/meta.yaml" and place.line == 7
    assert got["libgone.so.1"].word == "whitelisted"
    allowed = got["libgone.so.1"].allowed
    assert allowed is not None and allowed.pattern == "*/libgone*" and allowed.place and allowed.place.line == 5


def test_a_package_without_info_names_that_and_reports_the_rest(prefix: Path, tmp_path: Path) -> None:
    target = tmp_path / "odd-1.0-0.tar.bz2"
    archive.write_package(target, [archive.Member("bin/top", prefix / "bin/top")], level=1, timestamp=0)
    found = look(target)
    assert [f.path for f in found.failures] == ["info/index.json"] and [f.path for f in found.files] == ["bin/top"]


def test_a_package_cut_off_is_a_named_failure(prefix: Path, tmp_path: Path) -> None:
    whole = package_of(prefix, tmp_path).read_bytes()
    cut = tmp_path / "cut-1.0-0.conda"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=r"cut-1\.0-0\.conda"):
        look(cut)


def test_a_glibc_newer_than_the_run_requirements_allow(prefix: Path, tmp_path: Path) -> None:
    found = look(package_of(prefix, tmp_path, depends=("middle", "__glibc >=2.2,<3")))
    need = next(n for f in found.files for n in f.needs if n.name == "libc.so.6")
    assert need.verdict.word == "missing" and "GLIBC_2" in need.verdict.why
    assert need.verdict.changes[0].line.startswith("- __glibc >=")


def test_a_plain_folder_is_looked_into_as_one(prefix: Path, tmp_path: Path) -> None:
    shutil.copytree(prefix / "lib", tmp_path / "plain")
    found = look(tmp_path / "plain")
    assert found.kind == "folder" and words(found)["libmiddle.so.1", "libbase.so.1"] == "ok"
