"""write_package: what it writes can be read, and is the same every time."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from cbw_core.archive.pack import Member, write_package
from cbw_core.errors import BuildError, EnvironmentFailure, Interrupted, UsageError
from cbw_core.process import Cancel

INDEX = Member("info/index.json", b'{"name": "a", "version": "1", "build": "0"}')


def tars(package: Path) -> list[tarfile.TarFile]:
    """The tars of a package: one, or pkg and info."""
    if package.name.endswith(".tar.bz2"):
        return [tarfile.open(package)]
    with zipfile.ZipFile(package) as archive:
        names = [name for name in archive.namelist() if name.endswith(".tar.zst")]
        packed = [archive.read(name) for name in names]
    return [tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().decompress(data))) for data in packed]


def contents(package: Path) -> dict[str, tuple[bytes | str, int]]:
    """path -> (bytes, or where a link points; mode)."""
    found: dict[str, tuple[bytes | str, int]] = {}
    for tar in tars(package):
        for info in tar:
            stream = tar.extractfile(info) if info.isfile() else None
            found[info.name] = (stream.read() if stream else info.linkname, info.mode)
    return found


@pytest.mark.parametrize("suffix", [".conda", ".tar.bz2"])
def test_files_links_and_modes_come_back(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "tool"
    file.write_bytes(b"\0\1" * 5000)
    package = tmp_path / f"a-1-0{suffix}"
    members = [
        Member("bin/tool", file, 0o755),
        Member("bin/other", link="tool"),
        Member("lib/é" + "x" * 200, b"long"),
        INDEX,
    ]
    write_package(package, members)
    assert contents(package) == {
        "info/index.json": (INDEX.source, 0o644),
        "bin/tool": (file.read_bytes(), 0o755),
        "bin/other": ("tool", 0o777),
        "lib/é" + "x" * 200: (b"long", 0o644),
    }


def test_conda_has_its_parts_stored_and_metadata_first(tmp_path: Path) -> None:
    package = tmp_path / "a-1-0.conda"
    write_package(package, [Member("x", b"x"), INDEX])
    with zipfile.ZipFile(package) as archive:
        assert archive.namelist() == ["metadata.json", "pkg-a-1-0.tar.zst", "info-a-1-0.tar.zst"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert json.loads(archive.read("metadata.json")) == {"conda_pkg_format_version": 2}


def test_tar_bz2_begins_with_info(tmp_path: Path) -> None:
    package = tmp_path / "a-1-0.tar.bz2"
    write_package(package, [Member("a", b""), INDEX, Member("info/files", b"a\n")])
    with tarfile.open(package) as tar:
        assert tar.getnames() == ["info/files", "info/index.json", "a"]


@pytest.mark.parametrize("suffix", [".conda", ".tar.bz2"])
def test_bytes_depend_on_members_alone(tmp_path: Path, suffix: str) -> None:
    data = os.urandom(300_000) + bytes(3_000_000)
    packages = []
    for n, threads in enumerate((0, 1, 2, 5)):
        folder = tmp_path / str(n)
        folder.mkdir()
        file = folder / "big"
        file.write_bytes(data)
        os.utime(file, (n, n))
        members = [Member("big", file), Member("small", b"1"), INDEX]
        package = folder / f"a-1-0{suffix}"
        write_package(package, members[:: -1 if n % 2 else 1], threads=threads, level=3, timestamp=1_700_000_000)
        packages.append(package.read_bytes())
    assert len(set(packages)) == 1


def test_members_have_the_timestamp_and_no_owner(tmp_path: Path) -> None:
    package = tmp_path / "a-1-0.tar.bz2"
    write_package(package, [Member("a", b"1"), INDEX], timestamp=1_600_000_000)
    with tarfile.open(package) as tar:
        assert {(i.mtime, i.uid, i.gid, i.uname, i.gname) for i in tar} == {(1_600_000_000, 0, 0, "", "")}


def test_hard_links_are_files(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_bytes(b"same")
    os.link(one, tmp_path / "two")
    package = tmp_path / "a-1-0.tar.bz2"
    write_package(package, [Member("one", one), Member("two", tmp_path / "two")])
    with tarfile.open(package) as tar:
        assert all(info.isfile() and not info.islnk() for info in tar)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "", "a//b", "./a", "a\0b"])
def test_paths_that_no_package_can_have_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BuildError, match="is not a path"):
        write_package(tmp_path / "a-1-0.conda", [Member(path, b"")])


def test_a_path_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="twice"):
        write_package(tmp_path / "a-1-0.conda", [Member("x", b"1"), Member("x", b"2")])


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"a-1-0\.zip"):
        write_package(tmp_path / "a-1-0.zip", [])


def test_a_file_that_is_gone_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="lib/gone"):
        write_package(tmp_path / "out" / "a-1-0.conda", [Member("lib/gone", tmp_path / "gone")])
    assert not (tmp_path / "out").exists()


def test_a_file_that_grows_meanwhile_is_an_error(tmp_path: Path) -> None:
    growing = tmp_path / "growing"
    growing.write_bytes(b"x" * 10)

    def grow(done: int, total: int, path: str) -> None:
        if path == "first":
            growing.write_bytes(b"x" * 20)

    package = tmp_path / "out" / "a-1-0.tar.bz2"
    with pytest.raises(BuildError, match="growing changed"):
        write_package(package, [Member("first", b"1"), Member("growing", growing)], on_progress=grow)
    assert list(package.parent.iterdir()) == []


def test_cancel_leaves_nothing_and_keeps_the_old_package(tmp_path: Path) -> None:
    package = tmp_path / "a-1-0.conda"
    package.write_bytes(b"old")
    big = tmp_path / "big"
    big.write_bytes(os.urandom(4_000_000))
    cancel = Cancel()

    def ask(done: int, total: int, path: str) -> None:
        if done > 1_000_000:
            cancel.request()

    with pytest.raises(Interrupted):
        write_package(package, [Member("big", big)], on_progress=ask, cancel=cancel)
    assert package.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1-0.conda", "big"]


def test_progress_goes_to_the_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    members = [Member("a", b"123"), Member("b", b"45"), Member("c", link="a")]
    write_package(tmp_path / "a-1-0.conda", members, on_progress=lambda done, total, path: seen.append((done, total)))
    assert seen[-1] == (5, 5)


def test_a_folder_that_cannot_be_written_is_an_environment_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailure, match=r"writing a-1-0\.conda"):
        write_package(tmp_path / "file" / "a-1-0.conda", [INDEX])


def test_rattler_reads_both_formats(tmp_path: Path) -> None:
    from rattler.package_streaming import extract

    for suffix in (".conda", ".tar.bz2"):
        package = tmp_path / f"a-1-0{suffix}"
        write_package(package, [Member("bin/a", b"#!/bin/sh\n", 0o755), Member("lib/b", link="../bin/a"), INDEX])
        folder = tmp_path / suffix
        extract(str(package), str(folder))
        assert (folder / "lib/b").read_text() == "#!/bin/sh\n"
        assert os.access(folder / "bin/a", os.X_OK)
        assert (folder / "info/index.json").read_bytes() == INDEX.source


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=120)
paths = st.lists(names.filter(lambda n: n not in (".", "..")), min_size=1, max_size=3).map("/".join)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(paths, st.binary(max_size=2000), max_size=8))
def test_any_members_survive(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    package = tmp_path_factory.mktemp("any") / "a-1-0.conda"
    write_package(package, [Member(path, data) for path, data in files.items()], level=1, threads=1)
    assert {path: data for path, (data, _) in contents(package).items()} == files


def test_levels_are_zstds(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="level 99"):
        write_package(tmp_path / "a-1-0.conda", [INDEX], level=99)
