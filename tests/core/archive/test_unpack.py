"""Archives unpacked: every form, modes and links, and the hostile ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.archive import Limit, Member, extract, write_package
from cbw_core.errors import CbwError, EnvironmentFailure, Interrupted, RecipeError
from cbw_core.process import Cancel

# name, type, content or target, mode
Row = tuple[str, bytes, str, int]
FILE, DIR, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
PLAIN: list[Row] = [
    ("top", DIR, "", 0o755),
    ("top/readme", FILE, "hello\n", 0o644),
    ("top/bin/tool", FILE, "#!/bin/sh\n", 0o755),
    ("top/link", LINK, "bin/tool", 0o777),
]


def tar_bytes(rows: list[Row]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, text, mode in rows:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime = kind, mode, 1_600_000_000
            data = text.encode() if kind == FILE else b""
            info.size = len(data)
            if kind in (LINK, HARD):
                info.linkname = text
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_file(folder: Path, rows: list[Row], name: str = "a.tar") -> Path:
    path = folder / name
    path.write_bytes(tar_bytes(rows))
    return path


def listing(folder: Path) -> dict[str, str]:
    """path -> content, "-> target" or "dir"."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = "dir" if path.is_dir() else path.read_text("utf-8", "surrogateescape")
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(archive: Path, folder: Path, *words: str, **options: object) -> RecipeError:
    """Unpacking fails, names archive and reason, and leaves nothing."""
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(RecipeError) as caught:
        extract(archive, folder, **options)  # type: ignore[arg-type]
    assert sorted(folder.parent.rglob("*")) == before
    assert not folder.exists()
    error = caught.value
    text = f"{error.message} {error.why}"
    assert error.kind == "archive" and error.place is not None and error.place.file == str(archive)
    for word in (archive.name, *words):
        assert word in text, text
    return error


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def lzw(data: bytes) -> bytes:
    """A small `compress`: block mode, codes up to 12 bits, no clearing of the table."""
    table: dict[bytes, int] = {bytes((i,)): i for i in range(256)}
    codes, word = [], b""
    for byte in data:
        longer = word + bytes((byte,))
        if longer in table:
            word = longer
            continue
        codes.append(table[word])
        if len(table) + 1 < 1 << 12:
            table[longer] = len(table) + 1
        word = bytes((byte,))
    codes += [table[word]] if word else []
    out, bits, known, group = bytearray(b"\x1f\x9d\x8c"), 9, 257, list[int]()
    for number, code in enumerate(codes):
        group.append(code)
        known += number > 0  # the reader adds a word at every code but the first
        grows = known >= 1 << bits and bits < 12
        if len(group) == 8 or grows:
            packed = sum(c << (bits * i) for i, c in enumerate(group))
            out += packed.to_bytes(bits, "little")
            group = []
        bits += grows
    packed = sum(c << (bits * i) for i, c in enumerate(group))
    return bytes(out + packed.to_bytes((len(group) * bits + 7) // 8, "little"))


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "a.tar": bytes,
    "a.tar.gz": gzip.compress,
    "a.tar.bz2": bz2.compress,
    "a.tar.xz": lzma.compress,
    "a.tar.lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "a.tar.zst": zst,
    "a.tar.Z": lzw,
    "no-suffix": gzip.compress,
}


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


def test_rpm(tmp_path: Path) -> None:
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


def test_hostile_zips(tmp_path: Path) -> None:
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


def test_bytes_behind_a_gzip_are_ignored(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(tar_bytes(PLAIN)) + b"signature")
    extract(archive, tmp_path / "out")
    assert "top/readme" in listing(tmp_path / "out")


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


def test_progress_and_cancel(tmp_path: Path) -> None:
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


@given(data=st.binary(max_size=5000) | st.text("ab", max_size=60_000).map(str.encode))
def test_compress_streams_are_read_as_they_were_written(data: bytes) -> None:
    from cbw_core.archive.lzw import LzwStream

    stream = LzwStream(io.BytesIO(lzw(data)))
    out = bytearray()
    while chunk := stream.read(777):
        out += chunk
    assert out == data
