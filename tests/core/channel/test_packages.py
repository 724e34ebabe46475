from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.channel import read_index_json, read_run_exports
from cbw_core.channel.packages import RUN_EXPORT_KINDS, normal_run_exports
from cbw_core.errors import CbwError
from support.packages import make_package


@pytest.mark.parametrize("tar_bz2", [False, True])
def test_both_formats_are_read(tmp_path: Path, tar_bz2: bool) -> None:
    package = make_package(
        tmp_path, "a", "2.1", "h1_3", depends=["b"], run_exports={"strong": ["a 2.*"]}, tar_bz2=tar_bz2
    )
    record = read_index_json(package)
    assert (record["name"], record["version"], record["build"], record["depends"]) == ("a", "2.1", "h1_3", ["b"])
    assert read_run_exports(package) == {"strong": ("a 2.*",)}


def test_a_package_without_run_exports_has_none(tmp_path: Path) -> None:
    assert read_run_exports(make_package(tmp_path, "a")) == {}


def test_old_packages_keep_run_exports_as_yaml(tmp_path: Path) -> None:
    package = make_package(tmp_path, "a", files={"info/run_exports.yaml": "- a >=1\n"}, tar_bz2=True)
    assert read_run_exports(package) == {"weak": ("a >=1",)}


def test_what_recipes_write_becomes_kinds_of_specs() -> None:
    assert normal_run_exports("a") == normal_run_exports(["a"]) == normal_run_exports({"weak": "a"}) == {"weak": ("a",)}
    assert normal_run_exports(None) == normal_run_exports({"weak": []}) == {}
    assert normal_run_exports({"noarch": ["p"], "strong": "s"}) == {"noarch": ("p",), "strong": ("s",)}


@given(st.dictionaries(st.sampled_from(RUN_EXPORT_KINDS), st.lists(st.text(min_size=1), min_size=1)))
def test_normal_run_exports_stay_as_they_are(data: dict[str, list[str]]) -> None:
    normal = normal_run_exports(data)
    assert {kind: list(specs) for kind, specs in normal.items()} == data
    assert normal_run_exports(normal) == normal


@pytest.mark.parametrize("name", ["x-1-0.conda", "x-1-0.tar.bz2"])
@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\0" * 18, b"BZh9 and nothing", None])
def test_what_is_no_package_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    for read in (read_index_json, read_run_exports):
        with pytest.raises(CbwError, match="x-1-0") as caught:
            read(file)
        assert caught.value.kind == "package"
        assert caught.value.why


def test_a_truncated_package_is_named(tmp_path: Path) -> None:
    package = make_package(tmp_path, "a", tar_bz2=True, files={"lib/x": bytes(range(256)) * 4000})
    package.write_bytes(package.read_bytes()[:40])
    with pytest.raises(CbwError, match="a-1"):
        read_index_json(package)


def test_an_index_that_is_no_json_is_named(tmp_path: Path) -> None:
    package = make_package(tmp_path, "a", files={"info/index.json": "{"}, tar_bz2=True)
    with pytest.raises(CbwError, match=r"a-1\.0-0") as caught:
        read_index_json(package)
    assert "index.json" in str(caught.value.why)
