"""Which files an output takes."""

from __future__ import annotations

from typing import Any

import pytest

from cbw_core.errors import BuildError, RecipeError


@pytest.fixture
def some(built: Any) -> Any:
    built.write("lib/dep.txt", "d", of="dep-1-0")
    for path in ("lib/a.txt", "lib/sub/b.txt", "share/c.txt"):
        built.write(path, "x")
    return built


def test_without_a_choice_all_new_files_are_taken(some: Any) -> None:
    assert some.process().files == ("lib/a.txt", "lib/sub/b.txt", "share/c.txt")


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (["lib/a.txt"], ("lib/a.txt",)),
        (["lib"], ("lib/a.txt", "lib/dep.txt", "lib/sub/b.txt")),
        (["lib/sub/"], ("lib/sub/b.txt",)),
        (["**/*.txt"], ("lib/a.txt", "lib/dep.txt", "lib/sub/b.txt", "share/c.txt")),
        (["lib/[ab].txt", "share/*"], ("lib/a.txt", "share/c.txt")),
        ({"include": ["lib"]}, ("lib/a.txt", "lib/sub/b.txt")),
        ({"include": ["**/*.txt"], "exclude": ["lib/sub"]}, ("lib/a.txt", "share/c.txt")),
    ],
)
def test_outputs_files_chooses_what_is_packaged(some: Any, files: Any, taken: tuple[str, ...]) -> None:
    assert some.process(files=files, is_output=True).files == taken


def test_a_pattern_that_matches_nothing_is_told_with_its_line_and_the_others_are_taken(
    some: Any, meta_yaml: Any
) -> None:
    meta_yaml("package:\n  name: x\noutputs:\n  - name: thing\n    files:\n      - lib/a.txt\n      - lib/gone*\n")
    result = some.process(files=["lib/a.txt", "lib/gone*"], is_output=True)
    assert result.files == ("lib/a.txt",)
    (warning,) = result.warnings
    assert "lib/gone* matches no file (meta.yaml:7)" in warning and "nothing in the host prefix" in warning


def test_an_output_whose_patterns_all_match_nothing_is_empty_as_with_conda_build(some: Any) -> None:
    result = some.process(files=["gone"], is_output=True)
    assert result.files == () and "gone matches no file" in result.warnings[0]


def test_a_pattern_that_matches_folders_only_says_so(some: Any) -> None:
    (warning,) = some.process(files=["li*"], is_output=True).warnings
    assert "folders only; li*/** reaches into them" in warning


def test_include_of_a_dependencys_file_says_why_not(some: Any) -> None:
    (warning,) = some.process(files={"include": ["lib/dep.txt"]}, is_output=True).warnings
    assert "before the build" in warning


@pytest.mark.parametrize("pattern", ["../x", "/etc/passwd", "lib/../../x"])
def test_patterns_that_leave_the_prefix_are_refused(some: Any, pattern: str) -> None:
    with pytest.raises(RecipeError, match="leads out"):
        some.process(files=[pattern], is_output=True)


def test_an_output_with_neither_script_nor_files_is_empty(some: Any) -> None:
    top = {"package": {"name": "other"}}
    assert some.process(is_output=True, top=top).files == ()
    assert some.process(is_output=True, top=top, script="install.sh").files
    assert some.process(is_output=True, top={"package": {"name": "thing"}}).files


def test_always_include_files_takes_from_dependencies(some: Any) -> None:
    result = some.process(build={"always_include_files": ["lib/dep.txt", "no/such"]})
    assert "lib/dep.txt" in result.files
    assert any("no/such" in warning for warning in result.warnings)


def test_always_include_files_takes_linked_folders(built: Any) -> None:
    built.write("sysroot/lib64/empty", "", of="foo-1-0")
    built.link("sysroot/lib", "lib64")
    built.owned["sysroot/lib"] = "foo-1-0"
    result = built.process(build={"always_include_files": ["sysroot/"]})
    assert result.files == ("sysroot/lib", "sysroot/lib64/empty")


@pytest.mark.parametrize("path", ["src/.git/config", "lib/libx.la", "conda-meta/x.json", "a/.DS_Store", ".git"])
def test_what_is_never_packaged(built: Any, path: str) -> None:
    built.write("kept", "")
    built.write(path, "")
    assert built.process().files == ("kept",)


def test_bytecode_of_dependencies_is_not_taken(built: Any) -> None:
    site = "lib/python3.11/site-packages"
    built.write(f"{site}/dep/__init__.py", "", of="dep-1-0")
    built.write(f"{site}/dep/__pycache__/__init__.cpython-311.pyc", "")
    built.write(f"{site}/mine/__pycache__/x.cpython-311.pyc", "")
    assert built.process().files == (f"{site}/mine/__pycache__/x.cpython-311.pyc",)


def test_files_shared_with_a_package_cache_are_not_changed_there(built: Any, tmp_path: Any) -> None:
    cached = tmp_path / "cached"
    cached.write_bytes(b"#!/usr/bin/python\n")
    (built.prefix / "bin").mkdir()
    (built.prefix / "bin/tool").hardlink_to(cached)
    built.owned["bin/tool"] = "dep-1-0"
    built.process(build={"always_include_files": ["bin/tool"]})
    assert cached.read_bytes() == b"#!/usr/bin/python\n"
    assert (built.prefix / "bin/tool").read_bytes() == f"#!{built.prefix}/bin/python\n".encode()


def test_deleted_files_of_dependencies_are_told(built: Any) -> None:
    built.write("lib/dep.txt", "d", of="dep-1-0").unlink()
    result = built.process()
    assert result.missing == ("lib/dep.txt",)
    assert any("lib/dep.txt" in warning for warning in result.warnings)


def test_files_are_packaged_readable_and_writable_by_their_group(built: Any) -> None:
    built.write("private", "", 0o600)
    built.write("tool", "", 0o700)
    built.process()
    assert (built.prefix / "private").stat().st_mode & 0o777 == 0o664
    assert (built.prefix / "tool").stat().st_mode & 0o777 == 0o775


def test_no_link_takes_patterns(built: Any) -> None:
    for name in ("a.txt", "b.txt", "c.bin"):
        built.write(name)
    assert built.process(build={"no_link": "*.txt"}).no_link == ("a.txt", "b.txt")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"host_subdir": "osx-arm64"}, "osx-arm64"),
        ({"host_subdir": "win-64"}, "win-64"),
        ({"build": {"noarch_python": True}}, "noarch_python"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(built: Any, changes: dict[str, Any], word: str) -> None:
    built.write("x")
    with pytest.raises(BuildError, match=word) as caught:
        built.process(**changes)
    assert caught.value.kind == "unsupported"


def test_a_package_without_files_can_be_for_any_system(built: Any) -> None:
    assert built.process(host_subdir="win-64", subdir="win-64").files == ()
