"""Archives made by hand, for the tests of unpacking."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from cbw_core.archive import extract
from cbw_core.errors import RecipeError

# name, type, content or target, mode
Row = tuple[str, bytes, str, int]
FILE = tarfile.REGTYPE
DIR = tarfile.DIRTYPE
LINK = tarfile.SYMTYPE
HARD = tarfile.LNKTYPE
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
