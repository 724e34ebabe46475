"""Archives that would do harm, or make no sense: refused by name, and nothing is left of them."""

from __future__ import annotations

import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.archive import Limit, extract
from cbw_core.errors import CbwError
from core.archive.archives_help import (
    DIR,
    FILE,
    FORMS,
    HARD,
    LINK,
    PLAIN,
    Row,
    names_in,
    refused,
    tar_bytes,
    tar_file,
    zst,
)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (("../evil", FILE, "x", 0o644), "'..'"),
        (("a/../../evil", FILE, "x", 0o644), "'..'"),
        (("/evil", FILE, "x", 0o644), "absolute"),
        (("l", LINK, "/etc/passwd", 0o777), "outside"),
        (("l", LINK, "../outside", 0o777), "outside"),
        (("d/l", LINK, "../../outside", 0o777), "outside"),
        (("h", HARD, "../../etc/passwd", 0o644), "'..'"),
        (("h", HARD, "/etc/passwd", 0o644), "absolute"),
        (("h", HARD, "nothing", 0o644), "hard link"),
        (("dev", tarfile.CHRTYPE, "", 0o644), "device"),
        (("dev", tarfile.BLKTYPE, "", 0o644), "device"),
        (("pipe", tarfile.FIFOTYPE, "", 0o644), "pipe"),
        (("top", FILE, "x", 0o644), "folder"),
        (("top/readme/below", FILE, "x", 0o644), "folder"),
    ],
)
def test_hostile_members_are_refused_by_name(tmp_path: Path, row: Row, word: str) -> None:
    refused(tar_file(tmp_path, [*PLAIN, row]), tmp_path / "deep" / "out", row[0], word)
    assert not (tmp_path / "evil").exists() and not (tmp_path / "deep" / "evil").exists()


@pytest.mark.parametrize(
    "rows",
    [
        [("d", LINK, "..", 0o777), ("d/evil", FILE, "x", 0o644)],
        [("d", LINK, ".", 0o777), ("d/evil", FILE, "x", 0o644)],
        [("d", LINK, "e", 0o777), ("d/sub", DIR, "", 0o755)],
        [("d", LINK, "e", 0o777), ("h", HARD, "d/x", 0o644)],
        # each of these links stays inside if read by itself
        [("a/b", DIR, "", 0o755), ("a/b/up", LINK, "../..", 0o777), ("a/b/out", LINK, "up/../x", 0o777)],
    ],
)
def test_nothing_goes_through_a_link(tmp_path: Path, rows: list[Row]) -> None:
    refused(tar_file(tmp_path, rows), tmp_path / "out", "link")


def test_a_link_that_only_leads_out_once_the_top_folder_is_gone(tmp_path: Path) -> None:
    archive = tar_file(tmp_path, [("top/l", LINK, "../top/x", 0o777), ("top/x", FILE, "x", 0o644)])
    extract(archive, tmp_path / "whole")
    refused(archive, tmp_path / "stripped", "top/l", strip_top=True)


def test_a_link_cannot_count_on_the_name_the_folder_has_while_it_is_made(tmp_path: Path) -> None:
    for name in ("new", "out"):
        refused(tar_file(tmp_path, [("x", FILE, "x", 0o644), ("l", LINK, f"../{name}/x", 0o777)]), tmp_path / "out")


def test_a_link_that_points_at_itself_or_nowhere_is_harmless(tmp_path: Path) -> None:
    extract(tar_file(tmp_path, [("l", LINK, "l", 0o777), ("m", LINK, "not/there", 0o777)]), tmp_path / "out")
    assert names_in(tmp_path / "out") == ["l", "m"]


def test_members_of_a_zip_that_lead_outside_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("../evil", "/evil", "a/../../evil"):
        archive = tmp_path / "a.zip"
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr("good", "x")
            out.writestr(name, "x")
        refused(archive, tmp_path / "out", name)
    with zipfile.ZipFile(archive, "w") as out:
        link = zipfile.ZipInfo("l")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, "../../etc")
    refused(archive, tmp_path / "out", "outside")


def test_a_members_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    error = refused(tar_file(tmp_path, [("../\x1b[2J\n", FILE, "x", 0o644)]), tmp_path / "out")
    assert error.message.isprintable()


BOMB = {
    "gz": lambda data: gzip.compress(data),
    "xz": lambda data: lzma.compress(data),
    "zst": zst,
}


@pytest.mark.parametrize("form", BOMB)
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, form: str) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(BOMB[form](tar_bytes([("zeros", FILE, "\0" * 8_000_000, 0o644)])))
    refused(archive, tmp_path / "out", "times its size", limit=Limit(floor=1_000_000))
    refused(archive, tmp_path / "out", "more than 5000000 bytes", limit=Limit(total=5_000_000))
    extract(archive, tmp_path / "out")


def test_a_zip_bomb_and_too_many_members(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for i in range(20):
            out.writestr(f"zeros{i}", b"\0" * 500_000)
    refused(archive, tmp_path / "out", "times its size", limit=Limit(floor=1_000_000))
    refused(archive, tmp_path / "out", "more than 10 members", limit=Limit(members=10))


def test_a_header_that_wants_all_memory_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 40 << 30
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)))
    refused(archive, tmp_path / "out", "header")


@pytest.mark.parametrize("name", FORMS)
def test_a_tar_cut_off_anywhere_is_refused(tmp_path: Path, name: str) -> None:
    rows: list[Row] = [(f"f{i}", FILE, f"{i * 7919} " * 300, 0o644) for i in range(10)]
    whole = FORMS[name](tar_bytes(rows))
    archive = tmp_path / name
    for share in (0.05, 0.3, 0.5, 0.7):
        # not at the end of a member: there a plain tar ends as it may, without its end marker
        archive.write_bytes(whole[: int(len(whole) * share) | 1])
        refused(archive, tmp_path / "out")


def test_a_damaged_header_in_the_middle_is_not_taken_for_the_end(tmp_path: Path) -> None:
    data = bytearray(tar_bytes([("a", FILE, "x" * 600, 0o644), ("b", FILE, "y", 0o644)]))
    data[1536 + 100] ^= 0xFF  # in b's header
    archive = tmp_path / "a.tar"
    archive.write_bytes(data)
    refused(archive, tmp_path / "out", "damaged")


def test_a_wrong_checksum_is_noticed(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(tar_bytes(PLAIN)))
    data[-6] ^= 0xFF
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(data)
    refused(archive, tmp_path / "out", "CRC")
    zipped = tmp_path / "a.zip"
    with zipfile.ZipFile(zipped, "w") as out:
        out.writestr("name", b"content")
    zipped.write_bytes(zipped.read_bytes().replace(b"content", b"contend"))
    refused(zipped, tmp_path / "out", "CRC")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"<html>404</html>", "unknown"),
        (gzip.compress(b"one file"), "no archive"),
        (b"LZIP\x01" + bytes(600), "lzip"),
        (b"Rar!\x1a\x07\x00" + bytes(600), "rar"),
    ],
    ids=["nothing", "a page", "one file", "lzip", "rar"],  # workers must agree on names, and gzip has a time in it
)
def test_what_is_no_archive_is_refused_by_name(tmp_path: Path, data: bytes, word: str) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(data)
    refused(archive, tmp_path / "out", word)


parts = st.sampled_from(["a", "b", "..", ".", "", "c d", "é", "x" * 50])
names = st.lists(parts, min_size=1, max_size=5).map("/".join) | st.text(max_size=12).filter(lambda s: "\0" not in s)
kinds = st.sampled_from([FILE, FILE, DIR, LINK, HARD])


@given(rows=st.lists(st.tuples(names, kinds, names, st.integers(0, 0o7777)), max_size=8), strip=st.booleans())
def test_no_archive_writes_or_points_outside(rows: list[Row], strip: bool) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(os.path.realpath(temporary))
        archive, folder = base / "a.tar", base / "deep/er/out"
        try:
            archive.write_bytes(tar_bytes(rows))
        except (UnicodeEncodeError, tarfile.TarError, ValueError):
            return  # no tar has such a name
        try:
            extract(archive, folder, strip_top=strip)
        except CbwError as error:
            assert error.message.isprintable()
            assert not folder.exists()
        else:
            for path in folder.rglob("*"):
                assert os.path.realpath(path).startswith(f"{folder}")
        outside = [path for path in base.rglob("*") if folder not in (path, *path.parents)]
        assert set(outside) <= {archive, base / "deep", base / "deep/er"}


@given(
    data=st.binary(max_size=3000), head=st.sampled_from([b"", b"\x1f\x9d\x90", b"PK\x03\x04", b"070701", b"!<arch>\n"])
)
def test_garbage_is_refused_without_a_traceback(data: bytes, head: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary, "a")
        archive.write_bytes(head + data)
        try:
            extract(archive, Path(temporary, "out"))
        except CbwError:
            assert names_in(Path(temporary)) == ["a"]
