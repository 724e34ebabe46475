"""Digests of data and files: what fingerprints are made of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def of_data(data: Any) -> str:
    """16 hex digits for JSON-able data; equal data, equal digest."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]


def of_bytes(data: bytes) -> str:
    """16 hex digits for bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def of_file(path: str | Path) -> str:
    """16 hex digits for a file's bytes; "absent" when there is none."""
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return "absent"


def sha256_of(path: Path) -> str:
    """The whole sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
