"""What packages and prefixes hold: objects, files with the prefix in them, info, channels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cbw_core import archive
from cbw_core.errors import EnvironmentFailure, UsageError
from cbw_core.inspect.about import package_info, prefix_lengths
from cbw_core.inspect.channels import check_channel
from cbw_core.inspect.listing import Made, files, place_of_file
from cbw_core.inspect.objects import objects
from cbw_core.inspect.placeholders import find
from cbw_core.inspect.targets import target_of
from cbw_core.inspect.targets.archived import read_package
from cbw_core.inspect.targets.opened import opened
from core.inspect.inspecting_help import archived
from support.made_binaries import MadePrefix

PADDED = "/builds/_h_env" + "_placehold" * 20


def package(folder: Path, contents: dict[str, bytes], index: dict[str, object] | None = None) -> Path:
    """A .conda of these files; info/index.json is added where `index` is given."""
    return archived(folder, contents if index is None else {**contents, "info/index.json": json.dumps(index).encode()})


INDEX = {"name": "foo", "version": "1.0", "build": "h0_0", "build_number": 0, "depends": ["bar"]}


@pytest.fixture
def foo(tmp_path: Path) -> Path:
    paths = [
        {"_path": "bin/run", "prefix_placeholder": PADDED, "file_mode": "text"},
        {"_path": "lib/data.bin", "prefix_placeholder": PADDED[:60], "file_mode": "binary"},
    ]
    return package(
        tmp_path,
        {
            "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
            "info/run_exports.json": b'{"weak": ["foo >=1"]}',
            "info/about.json": b'{"license": "MIT", "summary": "A thing"}',
            "info/recipe/meta.yaml": b"package:\n  name: foo\n  version: 1.0\n",
            "bin/run": f"#!{PADDED}/bin/python\nx = '{PADDED}/share'\n".encode(),
            "lib/data.bin": b"\x01\0" + PADDED[:60].encode() + b"/lib\0" + b"\0" * 20,
            "share/plain.txt": b"nothing",
        },
        INDEX,
    )


def test_files_of_a_package_with_the_places_of_its_prefix(foo: Path) -> None:
    rows = {row.path: row for row in files(target_of("foo", foo, prefix=None)).rows}
    text = rows["bin/run"].prefix
    assert text is not None and text.kind == "text" and text.told == "text"
    assert [(p.line, p.column, p.offset) for p in text.places] == [(1, 3, 2), (2, 6, 19 + len(PADDED))]
    assert text.places[0].text == f"{PADDED}/bin/python"
    binary = rows["lib/data.bin"].prefix
    assert binary is not None and binary.kind == "binary"
    assert (binary.places[0].offset, binary.places[0].room) == (2, 64)
    assert rows["share/plain.txt"].prefix is None and rows["share/plain.txt"].size == 7


def test_a_file_that_is_not_there_is_refused(foo: Path) -> None:
    with pytest.raises(UsageError, match="has no file bin/no"):
        files(target_of("foo", foo, prefix=None), only="bin/no")


def test_prefix_lengths_of_binaries(foo: Path) -> None:
    (row,) = prefix_lengths(foo, 60)
    assert (row.path, row.length, row.fits) == ("lib/data.bin", 60, True)
    assert not prefix_lengths(foo, 61)[0].fits


def test_what_a_package_says_of_itself(foo: Path) -> None:
    info = package_info(foo)
    assert info.dist == "foo-1.0-h0_0" and info.about["license"] == "MIT"
    assert info.run_exports == {"weak": ["foo >=1"]} and info.recipe == ("meta.yaml",)


def test_a_part_of_info_that_makes_no_sense_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    info = package_info(package(tmp_path, {"info/about.json": b"{broken", "bin/x": b"x"}, INDEX))
    assert [failure.path for failure in info.failures] == ["info/about.json"] and info.index["name"] == "foo"


def test_a_file_of_a_session_has_its_phase_and_its_outputs(tmp_path: Path) -> None:
    for path in ("lib/dep.txt", "lib/made.txt", "lib/made.pyc", "lib/left.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"{tmp_path}/x")
    made = Made(
        env={"lib/dep.txt": "dep-1-0"},
        built=("lib/made.txt", "lib/left.txt"),
        taken={"lib/made.txt": ("foo-1-0",), "lib/made.pyc": ("foo-1-0",)},
        prefixes={"lib/made.txt": (str(tmp_path), "text")},
    )
    target = target_of("s", tmp_path, prefix=None)
    rows = {row.path: row for row in files(target, made=made).rows}
    assert [rows[p].phase for p in sorted(rows)] == ["env", "build", "post", "build"]
    assert rows["lib/made.txt"].taken == ("foo-1-0",) and rows["lib/left.txt"].taken == ()
    assert rows["lib/made.txt"].prefix and rows["lib/made.txt"].prefix.told == "text"
    assert "lib/dep.txt" not in {row.path for row in files(target, made=made, installed_too=False).rows}


def test_objects_tell_type_names_and_hardening(tmp_path: Path) -> None:
    made = MadePrefix(tmp_path / "env")
    made.library("lib/libx.so.1", flags=("-Wl,-rpath,$ORIGIN", "-Wl,--enable-new-dtags", "-Wl,-z,now", "-s"))
    made.program("bin/run", flags=("-no-pie", "-Wl,-z,norelro", "-Wl,-z,execstack"))
    found = objects(target_of("env", tmp_path / "env", prefix=None))
    run, libx = found.files
    assert (run.path, run.binary.kind) == ("bin/run", "program") and run.binary.details
    assert run.binary.details.hardening == {"PIE": "no", "RELRO": "no", "BIND_NOW": "no", "NX": "no"}
    assert not run.binary.details.stripped and run.binary.details.min_os.startswith("glibc 2.")
    assert (libx.binary.kind, libx.binary.soname, libx.binary.runpath) == ("library", "libx.so.1", ("$ORIGIN",))
    assert libx.binary.details and libx.binary.details.stripped and libx.binary.details.exports == ("made_value",)
    assert libx.binary.details.hardening["RELRO"] == "yes" and libx.binary.details.hardening["BIND_NOW"] == "yes"


def test_links_out_of_a_package_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    import tarfile

    target = tmp_path / "odd-1-0.tar.bz2"
    with tarfile.open(target, "w:bz2") as tar:
        for name, link in (("lib/out", "../../etc/passwd"), ("lib/abs", "/etc/passwd"), ("lib/in", "../share/x")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, link
            tar.addfile(member)
        for name in ("share/x", "../escaped"):
            tar.addfile(tarfile.TarInfo(name))
    contents = read_package(target, tmp_path)
    assert {f.path for f in contents.failures} == {"lib/out", "lib/abs", "../escaped"}
    assert "share/x" in contents.items and not (tmp_path.parent / "escaped").exists()


def test_a_prefix_is_opened_with_owners_and_a_broken_record_is_named(tmp_path: Path) -> None:
    made = MadePrefix(tmp_path / "env")
    (made.root / "a.txt").write_text("a")
    made.package("a", "a.txt")
    (made.root / "conda-meta/bad-1-0.json").write_text("{")
    with opened(target_of("env", made.root, prefix=None)) as found:
        assert found.owners == {"a.txt": "a-1.0-h0_0"}
        assert [f.path for f in found.failures] == ["conda-meta/bad-1-0.json"]
    assert place_of_file(made.root / "a.txt")[1] == "a.txt"


def test_text_that_ends_at_the_end_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc/p")
    found = find("x", str(tmp_path / "x"), "/p")
    assert found and found.places[0].text == "/p"
    (tmp_path / "empty").write_bytes(b"")
    assert find("empty", str(tmp_path / "empty"), "/p") is None


class Channel:
    """A resolver that knows what cannot be installed."""

    def solve(self, specs: list[str], platform: str, *, env: str, siblings: object = ()) -> tuple[()]:
        if specs[0].startswith("bad "):
            raise EnvironmentFailure("no bar", kind="solve", details="bad needs bar")
        return ()

    def run_exports(self, packages: object) -> dict[str, object]:
        return {}


def test_packages_of_a_channel_that_cannot_be_installed_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "linux-64").mkdir()
    rows = {f"{n}-1-0.conda": {"name": n, "version": "1", "build": "0"} for n in ("good", "bad")}
    (tmp_path / "linux-64/repodata.json").write_text(json.dumps({"packages": {}, "packages.conda": rows}))
    found = check_channel(tmp_path, Channel())  # type: ignore[arg-type]
    assert len(found.packages) == 2
    assert [(one.dist, one.why, one.details) for one in found.refused] == [("bad-1-0", "no bar", "bad needs bar")]
    with pytest.raises(UsageError, match="is no channel"):
        check_channel(tmp_path / "linux-64", Channel())  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".tar.bz2", ".conda"])
def test_a_package_damaged_in_the_middle_is_named_and_what_is_before_it_is_told(suffix: str, tmp_path: Path) -> None:
    import random

    members = []
    for number in range(40):
        (tmp_path / f"f{number}").write_bytes(random.Random(number).randbytes(60_000))
        members.append(archive.Member(f"f{number:02}", tmp_path / f"f{number}"))
    target = tmp_path / f"odd-1-0{suffix}"
    archive.write_package(target, members, level=1, timestamp=0)
    data = bytearray(target.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    target.write_bytes(data)
    contents = read_package(target, tmp_path)
    assert len(contents.failures) == 1 and contents.failures[0].path == target.name
    assert 5 < len(contents.items) < 40
