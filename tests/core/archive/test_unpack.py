"""Archives unpacked: every form, modes and links, and the hostile ones."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.archive import Member, extract, write_package
from cbw_core.errors import EnvironmentFailure, Interrupted
from cbw_core.process import Cancel
from core.archive.archives_help import (
    DIR,
    FILE,
    FORMS,
    HARD,
    LINK,
    PLAIN,
    Row,
    listing,
    lzw,
    names_in,
    refused,
    tar_bytes,
    tar_file,
)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_tar_is_read_by_its_content(tmp_path: Path, name: str) -> None:
    big = [("top/big", FILE, "".join(f"line {i * 7919}\n" for i in range(20_000)), 0o644)]
    archive = tmp_path / name
    archive.write_bytes(FORMS[name](tar_bytes(PLAIN + big)))
    extract(archive, tmp_path / "out")
    assert listing(tmp_path / "out") == {
        "top": "dir",
        "top/big": big[0][2],
        "top/bin": "dir",
        "top/bin/tool": "#!/bin/sh\n",
        "top/link": "-> bin/tool",
        "top/readme": "hello\n",
    }


def test_modes_and_times_are_kept_without_setuid(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("d", DIR, "", 0o555),
        ("d/read-only", FILE, "x", 0o444),
        ("d/group", FILE, "x", 0o664),
        ("suid", FILE, "x", 0o4755),
    ]
    extract(tar_file(tmp_path, rows), tmp_path / "out")
    modes = {name: stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name, *_ in rows}
    assert modes == {"d": 0o755, "d/read-only": 0o444, "d/group": 0o664, "suid": 0o755}
    assert {(tmp_path / "out" / name).stat().st_mtime for name, *_ in rows} == {1_600_000_000}


def test_one_top_folder_is_left_out_when_asked(tmp_path: Path) -> None:
    archive = tar_file(tmp_path, PLAIN)
    extract(archive, tmp_path / "out", strip_top=True)
    assert sorted(listing(tmp_path / "out")) == ["bin", "bin/tool", "link", "readme"]


@pytest.mark.parametrize("extra", [("second", FILE, "x", 0o644), ("second", LINK, "top", 0o777)])
def test_two_top_names_are_left_as_they_are(tmp_path: Path, extra: Row) -> None:
    extract(tar_file(tmp_path, [*PLAIN, extra]), tmp_path / "out", strip_top=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["second", "top"]


def test_a_single_top_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    extract(tar_file(tmp_path, [("only", FILE, "x", 0o644)]), tmp_path / "out", strip_top=True)
    assert listing(tmp_path / "out") == {"only": "x"}


def test_an_archive_without_members_gives_an_empty_folder(tmp_path: Path) -> None:
    extract(tar_file(tmp_path, []), tmp_path / "out", strip_top=True)
    assert listing(tmp_path / "out") == {}


def test_hard_links_stay_links_and_a_later_member_replaces_an_earlier(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("a", FILE, "first", 0o644),
        ("b", HARD, "a", 0o644),
        ("soft", LINK, "a", 0o777),
        ("soft2", HARD, "soft", 0o777),
        ("a", FILE, "second", 0o644),
    ]
    extract(tar_file(tmp_path, rows), tmp_path / "out")
    assert listing(tmp_path / "out") == {"a": "second", "b": "first", "soft": "-> a", "soft2": "-> a"}


def test_into_a_folder_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/old").write_text("old")
    extract(tar_file(tmp_path, PLAIN), tmp_path / "out")
    assert set(listing(tmp_path / "out")) >= {"old", "top/readme"}
    with pytest.raises(EnvironmentFailure, match="already has top"):
        extract(tar_file(tmp_path, PLAIN), tmp_path / "out")


def test_packages_of_both_forms(tmp_path: Path) -> None:
    members = [Member("info/index.json", b"{}"), Member("lib/x", b"x", 0o755), Member("lib/y", link="x")]
    for suffix in (".conda", ".tar.bz2"):
        package = tmp_path / f"p-1-0{suffix}"
        write_package(package, members)
        extract(package, tmp_path / suffix)
        found = {name: what for name, what in listing(tmp_path / suffix).items() if what != "dir"}
        assert found == {"info/index.json": "{}", "lib/x": "x", "lib/y": "-> x"}


def test_zip_with_modes_links_and_windows_names(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        script = zipfile.ZipInfo("p/run")
        script.create_system, script.external_attr = 3, (stat.S_IFREG | 0o755) << 16
        out.writestr(script, "#!/bin/sh\n")
        link = zipfile.ZipInfo("p/link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, "run")
        windows = zipfile.ZipInfo("x")
        windows.filename, windows.create_system = "p\\sub\\file", 0
        out.writestr(windows, "text")
    extract(archive, tmp_path / "out", strip_top=True)
    assert listing(tmp_path / "out") == {"link": "-> run", "run": "#!/bin/sh\n", "sub": "dir", "sub/file": "text"}
    assert (tmp_path / "out/run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/sub/file").stat().st_mode & 0o777 == 0o664


def cpio(rows: list[tuple[str, int, bytes, int, int]]) -> bytes:
    out = bytearray()
    for name, mode, data, inode, links in [*rows, ("TRAILER!!!", 0, b"", 0, 1)]:
        fields = (inode, mode, 0, 0, links, 1_600_000_000, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def test_an_rpm_is_unpacked_with_its_links_and_modes(tmp_path: Path) -> None:
    rows = [
        ("./usr", stat.S_IFDIR | 0o755, b"", 1, 2),
        ("./usr/a", stat.S_IFREG | 0o644, b"", 7, 2),
        ("./usr/b", stat.S_IFREG | 0o644, b"shared", 7, 2),
        ("./usr/l", stat.S_IFLNK | 0o777, b"a", 8, 1),
        ("./usr/run", stat.S_IFREG | 0o755, b"123", 9, 1),
    ]
    signature = b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", 1, 5) + bytes(16 + 5) + bytes(3)
    header = b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", 2, 3) + bytes(32 + 3)
    archive = tmp_path / "a.rpm"
    archive.write_bytes(b"\xed\xab\xee\xdb" + bytes(92) + signature + header + gzip.compress(cpio(rows)))
    extract(archive, tmp_path / "out")
    assert listing(tmp_path / "out") == {
        "usr": "dir", "usr/a": "shared", "usr/b": "shared", "usr/l": "-> a", "usr/run": "123",
    }  # fmt: skip
    archive.write_bytes(archive.read_bytes()[:150])
    refused(archive, tmp_path / "none")


def test_deb_gives_its_members(tmp_path: Path) -> None:
    def member(name: bytes, data: bytes) -> bytes:
        head = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644".ljust(8)
        return head + str(len(data)).encode().ljust(10) + b"`\n" + data + bytes(len(data) % 2)

    archive = tmp_path / "a.deb"
    data = b"!<arch>\n" + member(b"debian-binary/", b"2.0\n") + member(b"data.tar.xz", b"odd") + member(b"c", b"!")
    archive.write_bytes(data)
    extract(archive, tmp_path / "out")
    assert listing(tmp_path / "out") == {"c": "!", "data.tar.xz": "odd", "debian-binary": "2.0\n"}
    archive.write_bytes(data[:-2])
    refused(archive, tmp_path / "none", "cut off")


def test_bytes_behind_a_gzip_are_ignored(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(tar_bytes(PLAIN)) + b"signature")
    extract(archive, tmp_path / "out")
    assert "top/readme" in listing(tmp_path / "out")


def test_7z_names_the_library_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "py7zr", None)
    archive = tmp_path / "a.7z"
    archive.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(600))
    with pytest.raises(EnvironmentFailure, match=r"\.7z.*py7zr"):
        extract(archive, tmp_path / "out")
    assert names_in(tmp_path) == ["a.7z"]


def test_7z_where_the_library_is_there(tmp_path: Path) -> None:
    py7zr = pytest.importorskip("py7zr")
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/sub/f").write_text("x")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as out:
        out.writeall(tmp_path / "in", "top")
    extract(tmp_path / "a.7z", tmp_path / "out", strip_top=True)
    assert listing(tmp_path / "out") == {"sub": "dir", "sub/f": "x"}


def test_an_archive_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match=r"a\.tar"):
        extract(tmp_path / "a.tar", tmp_path / "out")
    assert names_in(tmp_path) == []


def test_unpacking_tells_how_far_it_is_and_ends_when_asked(tmp_path: Path) -> None:
    archive = tar_file(tmp_path, PLAIN)
    seen: list[tuple[int, int, str]] = []
    extract(archive, tmp_path / "out", on_progress=lambda *told: seen.append(told))
    assert {name for *_, name in seen} == {row[0] for row in PLAIN}
    assert all(0 <= done <= total == archive.stat().st_size for done, total, _ in seen)
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Interrupted):
        extract(archive, tmp_path / "again", cancel=cancel)
    assert not (tmp_path / "again").exists() and not list(tmp_path.glob(".again*"))


@given(data=st.binary(max_size=5000) | st.text("ab", max_size=60_000).map(str.encode))
def test_compress_streams_are_read_as_they_were_written(data: bytes) -> None:
    from cbw_core.archive.lzw import LzwStream

    stream = LzwStream(io.BytesIO(lzw(data)))
    out = bytearray()
    while chunk := stream.read(777):
        out += chunk
    assert out == data
