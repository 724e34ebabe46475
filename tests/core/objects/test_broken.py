"""Broken files: each gets a named failure of its own, no crash, no hang, and the rest is read."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from cbw_core.errors import Interrupted
from cbw_core.objects import format_of, read_files
from cbw_core.process import Cancel
from support.made_binaries import MadePrefix

MUTATIONS = 300


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    made = MadePrefix(tmp_path_factory.mktemp("seed"))
    made.library("libx.so", flags=("-Wl,-rpath,$ORIGIN",))
    return (made.root / "libx.so").read_bytes()


def mutated(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    kind = chance.randrange(5)
    if kind == 0:
        return data[: chance.randrange(4, len(data))]
    if kind == 1:
        for _ in range(chance.randrange(1, 12)):
            found[chance.randrange(4, 1024)] = chance.randrange(256)
    elif kind == 2:
        for _ in range(chance.randrange(1, 60)):
            found[chance.randrange(4, len(data))] = chance.randrange(256)
    elif kind == 3:
        at = chance.randrange(16, 4096) & ~3
        found[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"])
    else:
        found[4:64] = chance.randbytes(60)
    return bytes(found)


@pytest.mark.parametrize("details", [False, True])
def test_mutations_are_read_or_named(details: bool, seed: bytes, tmp_path: Path) -> None:
    chance = random.Random(7)
    paths = [tmp_path / str(number) for number in range(MUTATIONS)]
    for path in paths:
        path.write_bytes(mutated(seed, chance))
    good = tmp_path / "good"
    good.write_bytes(seed)
    *broken, last = read_files([*map(str, paths), str(good)], details=details)
    assert last.binaries and last.binaries[0].soname == "libx.so"
    assert all(bool(read.binaries) != bool(read.failure) for read in broken)
    failures = [read.failure for read in broken if read.failure]
    assert failures and all(f.path in {str(p) for p in paths} and f.why for f in failures)


def test_a_file_cut_off_says_so(seed: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(seed[: len(seed) // 3])
    (read,) = read_files([str(tmp_path / "x")])
    assert read.failure and read.failure.kind == "broken" and "cut off" in read.failure.why


@pytest.mark.parametrize(
    "head", [b"\x7fELF\x02\x01\x01", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe\0\0\0\2", b"MZ\x90\0"]
)
def test_a_magic_and_nothing_behind_it(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(head + b"\0" * 80)
    (read,) = read_files([str(tmp_path / "x")])
    assert read.failure and read.failure.kind == "broken"


def test_four_gigabytes_of_nothing_are_refused_by_their_size(seed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(seed)
    os.truncate(file, 4 << 30)
    (read,) = read_files([str(file)])
    assert read.failure and read.failure.kind == "too large" and "4096 MiB" in read.failure.why


def test_what_is_not_there_or_no_file_is_named(tmp_path: Path) -> None:
    gone, folder = read_files([str(tmp_path / "gone"), str(tmp_path)])
    assert gone.failure and gone.failure.kind == "unreadable"
    assert folder.failure and folder.failure.kind == "unreadable"


def test_a_reader_that_dies_or_hangs_costs_one_file_only(
    seed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of these names make the child die and hang, as a fault in lief would."""
    from cbw_core.objects import reading

    trap = (
        "import os, time; from cbw_core.objects import child; own = child.read_one\n"
        "def read_one(path, **more):\n"
        "    if path.endswith('dies'): os.abort()\n"
        "    if path.endswith('hangs'): time.sleep(60)\n"
        "    return own(path, **more)\n"
        "child.read_one = read_one\n"
        "child.main()"
    )
    start = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); exec({trap!r})"
    monkeypatch.setattr(reading, "_START", start)
    paths = [tmp_path / name for name in ("one", "dies", "two", "hangs", "three")]
    for path in paths:
        path.write_bytes(seed)
    read = read_files([str(path) for path in paths], seconds=6)
    kinds = [one.failure.kind if one.failure else "read" for one in read]
    assert kinds == ["read", "crash", "read", "timeout", "read"]
    assert "SIGABRT" in str(read[1].failure)


def test_reading_can_be_cancelled(seed: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(seed)
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Interrupted):
        read_files([str(tmp_path / "x")] * 100, cancel=cancel)


def test_formats_are_told_by_first_bytes() -> None:
    assert format_of(b"\x7fELF" + b"\0" * 60) == "ELF"
    assert format_of(b"\xca\xfe\xba\xbe\0\0\0\2" + b"\0" * 56) == "Mach-O"
    assert format_of(b"\xca\xfe\xba\xbe\0\0\0\x34" + b"\0" * 56) == "", "a Java class"
    assert format_of(b"MZ" + b"\0" * 62) == "PE"
    assert format_of(b"MZ is no program") == ""
