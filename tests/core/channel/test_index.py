from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from zstandard import ZstdDecompressor

from cbw_core.channel import index
from cbw_core.errors import CbwError
from cbw_core.platforms import native_subdir
from support.packages import make_package

NATIVE = native_subdir()


def repodata(channel: Path, subdir: str = NATIVE) -> dict:
    return json.loads((channel / subdir / "repodata.json").read_text())


def test_an_empty_folder_becomes_a_channel_with_both_subdirs(tmp_path: Path) -> None:
    index(tmp_path / "new")
    for subdir in ("noarch", NATIVE):
        data = repodata(tmp_path / "new", subdir)
        assert data["info"]["subdir"] == subdir
        assert data["packages"] == data["packages.conda"] == {}


def test_both_formats_and_all_subdirs_are_indexed(tmp_path: Path) -> None:
    make_package(tmp_path, "a")
    make_package(tmp_path, "b", tar_bz2=True)
    make_package(tmp_path, "c", noarch="generic")
    make_package(tmp_path, "d", subdir="osx-arm64", depends=["a >=1"])
    index(tmp_path)
    assert list(repodata(tmp_path)["packages.conda"]) == ["a-1.0-0.conda"]
    assert list(repodata(tmp_path)["packages"]) == ["b-1.0-0.tar.bz2"]
    assert list(repodata(tmp_path, "noarch")["packages.conda"]) == ["c-1.0-0.conda"]
    assert repodata(tmp_path, "osx-arm64")["packages.conda"]["d-1.0-0.conda"]["depends"] == ["a >=1"]


def test_the_packed_repodata_is_the_plain_one(tmp_path: Path) -> None:
    make_package(tmp_path, "a")
    index(tmp_path)
    packed = (tmp_path / NATIVE / "repodata.json.zst").read_bytes()
    assert ZstdDecompressor().decompress(packed) == (tmp_path / NATIVE / "repodata.json").read_bytes()


def test_run_exports_come_from_the_packages(tmp_path: Path) -> None:
    make_package(tmp_path, "a", run_exports={"weak": ["a >=1,<2"], "strong": []})
    make_package(tmp_path, "b", tar_bz2=True, run_exports=["b"])
    make_package(tmp_path, "c")
    index(tmp_path)
    data = json.loads((tmp_path / NATIVE / "run_exports.json").read_text())
    assert data["packages.conda"]["a-1.0-0.conda"] == {"run_exports": {"weak": ["a >=1,<2"]}}
    assert data["packages.conda"]["c-1.0-0.conda"] == {"run_exports": {}}
    assert data["packages"]["b-1.0-0.tar.bz2"] == {"run_exports": {"weak": ["b"]}}


def test_a_package_made_again_under_its_name_is_read_again(tmp_path: Path) -> None:
    make_package(tmp_path, "a", run_exports={"weak": ["old"]})
    index(tmp_path)
    make_package(tmp_path, "a", depends=["new"], run_exports={"weak": ["new"]})
    index(tmp_path)
    assert repodata(tmp_path)["packages.conda"]["a-1.0-0.conda"]["depends"] == ["new"]
    assert '"new"' in (tmp_path / NATIVE / "run_exports.json").read_text()


def test_a_removed_package_leaves_the_index(tmp_path: Path) -> None:
    make_package(tmp_path, "a").unlink()
    package = make_package(tmp_path, "b")
    index(tmp_path)
    package.unlink()
    index(tmp_path)
    assert repodata(tmp_path)["packages.conda"] == {}
    assert json.loads((tmp_path / NATIVE / "run_exports.json").read_text())["packages.conda"] == {}


@pytest.mark.parametrize("name", ["bad-1.0-0.conda", "bad-1.0-0.tar.bz2"])
def test_a_corrupt_archive_is_named_and_the_old_index_stays(tmp_path: Path, name: str) -> None:
    make_package(tmp_path, "a")
    index(tmp_path)
    bad = tmp_path / NATIVE / name
    bad.write_bytes(b"this is no package")
    with pytest.raises(CbwError, match="bad-") as caught:
        index(tmp_path)
    assert caught.value.kind == "package"
    assert caught.value.place is not None
    assert caught.value.place.file == str(bad)
    assert list(repodata(tmp_path)["packages.conda"]) == ["a-1.0-0.conda"]


def test_a_package_with_metadata_of_a_wrong_form_is_named(tmp_path: Path) -> None:
    make_package(tmp_path, "fine")
    make_package(tmp_path, "odd", run_exports=["a list, where packages have an object"])
    with pytest.raises(CbwError, match="odd-"):
        index(tmp_path)


def test_sessions_beside_the_packages_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "debug_1" / "work").mkdir(parents=True)
    (tmp_path / "debug_1" / "work" / "x.conda").write_bytes(b"no package")
    index(tmp_path)
    assert [p.name for p in (tmp_path / "debug_1" / "work").iterdir()] == ["x.conda"]


def test_indexing_at_once_from_two_threads_ends_well(tmp_path: Path) -> None:
    make_package(tmp_path, "a")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            index(tmp_path)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(repodata(tmp_path)["packages.conda"]) == ["a-1.0-0.conda"]


def test_a_file_in_the_place_of_the_folder_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(CbwError) as caught:
        index(tmp_path / "x")
    assert caught.value.kind == "disk"
