"""Two packages, two channels against each other: what differs, and why two builds of one recipe do."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_core.inspect.diff import REASONS, PackageDiff, diff_channels, diff_packages
from core.inspect.inspecting_help import archived
from support.made_binaries import MadePrefix

INDEX = {"name": "foo", "version": "1.0", "build": "h0_0", "build_number": 0, "depends": ["bar >=1"]}


def package(folder: Path, contents: dict[str, bytes], *, time: int = 0, **index: object) -> Path:
    return archived(folder, {**contents, "info/index.json": json.dumps({**INDEX, **index}).encode()}, time=time)


def diff(tmp_path: Path, left: dict[str, bytes], right: dict[str, bytes], **index: object) -> PackageDiff:
    return diff_packages(package(tmp_path / "a", left), package(tmp_path / "b", right, **index))


def test_the_same_package_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    found = diff(tmp_path, {"a.txt": b"a"}, {"a.txt": b"a"})
    assert found.same and found.verdict == "the same, byte for byte"


def test_same_but_for_timestamps_says_so(tmp_path: Path) -> None:
    left = package(tmp_path / "a", {"a.txt": b"a"}, time=1_600_000_000, timestamp=1)
    right = package(tmp_path / "b", {"a.txt": b"a"}, time=1_700_000_000, timestamp=2)
    found = diff_packages(left, right)
    assert found.same and found.verdict == "the same but for timestamps"


def test_files_added_removed_and_changed_with_the_text(tmp_path: Path) -> None:
    found = diff(tmp_path, {"gone": b"x", "a.txt": b"one\ntwo\n"}, {"new": b"x", "a.txt": b"one\nthree\n"})
    assert {f.path: f.kind for f in found.files} == {"gone": "removed", "new": "added", "a.txt": "changed"}
    assert "-two" in found.files[0].text and "+three" in found.files[0].text
    assert found.verdict == "1 file added, 1 file removed, 1 file changed" and not found.same


def test_metadata_and_dependencies(tmp_path: Path) -> None:
    found = diff(tmp_path, {"a": b"a"}, {"a": b"a"}, depends=["bar >=2"], build_number=1)
    assert {(f.field, str(f.left), str(f.right)) for f in found.fields} == {
        ("build_number", "0", "1"),
        ("depends", "['bar >=1']", "['bar >=2']"),
    }


def test_programs_by_sections_symbols_libraries_and_rpath(tmp_path: Path) -> None:
    made = MadePrefix(tmp_path / "env")
    made.library("libother.so")
    made.library("one.so", flags=("-Wl,-rpath,$ORIGIN",))
    made.library("two.so", "libother.so", flags=("-Wl,-rpath,$ORIGIN/..", "-Wl,--defsym=extra=1"))
    left, right = ((made.root / name).read_bytes() for name in ("one.so", "two.so"))
    (file,) = diff(tmp_path, {"lib/x.so": left}, {"lib/x.so": right}).files
    got = {(d.what, d.name): (d.left, d.right) for d in file.details}
    assert got["rpath", ""] == ("$ORIGIN", "$ORIGIN/..")
    assert got["soname", ""] == ("one.so", "two.so")
    assert got["needed", "libother.so"] == (None, ())
    assert got["symbol", "extra"] == (None, True)
    assert ("section", ".dynamic") in got


def zipped(time: int, data: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr(zipfile.ZipInfo("m", (time, 1, 1, 0, 0, 0)), data)
        made.writestr(zipfile.ZipInfo("same", (2000, 1, 1, 0, 0, 0)), b"same")
    return stream.getvalue()


def test_archives_by_their_members(tmp_path: Path) -> None:
    (file,) = diff(tmp_path, {"a.jar": zipped(2000)}, {"a.jar": zipped(2000, b"longer")}).files
    assert [(d.what, d.name, d.left, d.right) for d in file.details] == [("member", "m", 1, 6)]


@pytest.mark.parametrize(
    ("path", "left", "right", "word"),
    [
        ("a.txt", b"built at 2026-01-02 10:11", b"built at 2026-01-02 10:12", "build time"),
        ("a.bin", b"\0Jan  2 2026\0", b"\0Jan  3 2026\0", "build time"),
        ("a.txt", b"/croot/foo_1700000000000/work", b"/croot/foo_1700000000001/work", "build path"),
        ("a.txt", b"one\ntwo\n", b"two\none\n", "order"),
        ("a.txt", b"id 0123456789abcdef0123456789abcdef", b"id f123456789abcdef0123456789abcdef", "random"),
        ("a.pyc", b"\xa7\r\r\n\0\0\0\0" + b"1" * 8 + b"code\0", b"\xa7\r\r\n\0\0\0\0" + b"2" * 8 + b"code\0",
         "time in bytecode"),
        ("a.gz", gzip.compress(b"x", mtime=1), gzip.compress(b"x", mtime=2), "time in an archive"),
        ("a.jar", zipped(2001), zipped(2002), "time in an archive"),
        ("a.txt", b"one", b"two", "other"),
    ],
)  # fmt: skip
def test_why_two_builds_differ(tmp_path: Path, path: str, left: bytes, right: bytes, word: str) -> None:
    found = diff(tmp_path, {path: left}, {path: right})
    assert [reason.word for reason in found.reasons] == [word]
    assert found.reasons[0].remedy == REASONS[word] and path in found.reasons[0].why


def test_builds_that_differ_in_their_build_id_alone_say_so(tmp_path: Path) -> None:
    made = MadePrefix(tmp_path / "env")
    for name, number in (("one.so", "0x1234"), ("two.so", "0x5678")):
        made.library(name, flags=(f"-Wl,--build-id={number}",), soname="same.so")
    left, right = ((made.root / name).read_bytes() for name in ("one.so", "two.so"))
    assert [r.word for r in diff(tmp_path, {"x.so": left}, {"x.so": right}).reasons] == ["build id"]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.conda").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"x\.conda cannot be read"):
        diff_packages(tmp_path / "x.conda", package(tmp_path / "a", {"a": b"a"}))


def test_channels_by_their_records(tmp_path: Path) -> None:
    for name, rows in (
        ("a", {"x-1-0.conda": {"name": "x", "size": 1}, "gone-1-0.conda": {"name": "gone"}}),
        ("b", {"x-1-0.conda": {"name": "x", "size": 2}, "new-1-0.conda": {"name": "new"}}),
    ):
        (tmp_path / name / "noarch").mkdir(parents=True)
        (tmp_path / name / "noarch/repodata.json").write_text(json.dumps({"packages": {}, "packages.conda": rows}))
    found = diff_channels(tmp_path / "a", tmp_path / "b")
    assert {r.file_name: r.kind for r in found.records} == {
        "gone-1-0.conda": "removed", "new-1-0.conda": "added", "x-1-0.conda": "changed",
    }  # fmt: skip
    assert next(r for r in found.records if r.kind == "changed").fields == {"size": (1, 2)}
    assert diff_channels(tmp_path / "a", tmp_path / "a").same
    with pytest.raises(UsageError, match="is no channel"):
        diff_channels(tmp_path, tmp_path / "a" / "noarch")
