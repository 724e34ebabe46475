"""What the tests of url entries share."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from support.source_bench import Bench

TarOf = Callable[[Path, Sequence[tuple[str, str]]], Path]
BIG = bytes(range(256)) * 4000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tar_gz(*files: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def kept(bench: Bench) -> list[str]:
    """Files of the download cache, but locks."""
    return sorted(path.name for path in (bench.cache / "src").iterdir() if path.suffix != ".lock")
