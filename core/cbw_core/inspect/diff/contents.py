"""One file against another: text by lines, programs and libraries by what is in them, archives by their members."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from cbw_core import archive
from cbw_core.errors import CbwError
from cbw_core.inspect.diff.model import Detail, Reason
from cbw_core.objects import Binary

_MOST_TEXT = 2 << 20  # bytes; larger text is compared as bytes
_MOST_LINES = 500
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_TIME = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d\d:\d\d:\d\d\b|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2}\b"
    rb"|\b1[6-9]\d{8}(?:\d{3})?\b"
)
_PATH = re.compile(rb"/[^\s\0\"']*(?:_\d{13}|/tmp[./][^\s\0\"'/]*|pip-[\w-]+|cc[A-Za-z0-9]{6}\.)[^\s\0\"']*")
_RANDOM = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}")


def is_text(data: bytes) -> bool:
    """As grep has it: no NUL byte near the beginning."""
    return b"\0" not in data[:65536]


def text_diff(left: bytes, right: bytes) -> tuple[str, ...]:
    """Lines of a unified diff; () for what is no text or too large."""
    if len(left) + len(right) > _MOST_TEXT or not is_text(left) or not is_text(right):
        return ()
    ours, theirs = (data.decode("utf-8", "replace").splitlines() for data in (left, right))
    lines = list(islice(difflib.unified_diff(ours, theirs, lineterm="", n=2), 2, _MOST_LINES + 3))
    return (*lines[:_MOST_LINES], "...") if len(lines) > _MOST_LINES else tuple(lines)


def binary_details(left: Sequence[Binary], right: Sequence[Binary]) -> Iterator[Detail]:
    """What differs between two programs or libraries, slice by slice."""
    ours, theirs = {b.arch: b for b in left}, {b.arch: b for b in right}
    for arch in sorted({*ours, *theirs}):
        one, other = ours.get(arch), theirs.get(arch)
        if one is None or other is None:
            yield Detail("architecture", arch, one and arch, other and arch)
            continue
        mark = f"{arch}: " if len(ours) > 1 or len(theirs) > 1 else ""
        for what in ("kind", "soname", "interpreter"):
            if getattr(one, what) != getattr(other, what):
                yield Detail(what, mark, getattr(one, what), getattr(other, what))
        if (one.rpath, one.runpath) != (other.rpath, other.runpath):
            yield Detail("rpath", mark, ":".join((*one.rpath, *one.runpath)), ":".join((*other.rpath, *other.runpath)))
        needed = ({n.name: n.versions for n in one.needed}, {n.name: n.versions for n in other.needed})
        yield from _keyed("needed", mark, *needed)
        if one.details and other.details:
            for what, names in (("symbol", "exports"), ("imported symbol", "imports")):
                pair = (dict.fromkeys(getattr(d, names), True) for d in (one.details, other.details))
                yield from _keyed(what, mark, *pair)
            sections = ({s.name: (s.size, s.digest) for s in d.sections} for d in (one.details, other.details))
            for row in _keyed("section", mark, *sections):
                yield Detail(row.what, row.name, row.left and row.left[0], row.right and row.right[0])
            if one.details.hardening != other.details.hardening:
                yield Detail("hardening", mark, dict(one.details.hardening), dict(other.details.hardening))


def _keyed(what: str, mark: str, left: Mapping[str, object], right: Mapping[str, object]) -> Iterator[Detail]:
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            yield Detail(what, mark + name, left.get(name), right.get(name))


def archive_details(left: Path, right: Path) -> tuple[Detail, ...] | None:
    """Members of two archives that differ; None where one of them is none that can be read."""
    try:
        rows = [_members(path) for path in (left, right)]
    except CbwError:
        return None
    return tuple(
        Detail("member", name, rows[0].get(name, (None,))[0], rows[1].get(name, (None,))[0])
        for name in sorted({*rows[0], *rows[1]})
        if rows[0].get(name) != rows[1].get(name)
    )


def looks_like_archive(data: bytes) -> bool:
    """By how the data begins."""
    return data.startswith(_ARCHIVES)


def _members(path: Path) -> dict[str, tuple[object, str]]:
    import hashlib

    found: dict[str, tuple[object, str]] = {}
    for entry in archive.members(path):
        digest, size = hashlib.sha256(entry.target.encode(errors="surrogateescape")), 0
        while entry.data is not None and (chunk := entry.data.read(1 << 20)):
            digest.update(chunk)
            size += len(chunk)
        found[entry.name] = size, digest.hexdigest()
    return found


def bytes_detail(left: bytes, right: bytes) -> Detail:
    """Where two files begin to differ, and how many bytes do."""
    same = min(len(left), len(right))
    first = next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), same)
    count = sum(a != b for a, b in zip(left[first:], right[first:], strict=False)) + abs(len(left) - len(right))
    shown = (data[first : first + 16].hex() for data in (left, right))
    return Detail("bytes", f"{count} differ, the first at {first}", *shown)


def reasons(path: str, left: bytes, right: bytes, details: Sequence[Detail]) -> tuple[Reason, ...]:
    """Why two builds of one recipe may have given two files: told from what differs."""
    if path.endswith((".pyc", ".pyo")) and left[:4] == right[:4] and left[16:] == right[16:]:
        return (Reason("time in bytecode", "only the time of its source, in its header, differs"),)
    if left[:2] == right[:2] == b"\x1f\x8b" and left[4:8] != right[4:8] and left[8:] == right[8:]:
        return (Reason("time in an archive", "only the time in its gzip header differs"),)
    if any(d.what == "archive" for d in details):
        return (Reason("time in an archive", "its members are the same, the archive around them is not"),)
    if details and all(d.what == "section" and "build-id" in d.name for d in details):
        return (Reason("build id", "only its build id differs"),)
    if is_text(left) and is_text(right) and sorted(left.splitlines()) == sorted(right.splitlines()):
        return (Reason("order", "the same lines in another order"),)
    found = []
    for word, pattern in (("build path", _PATH), ("build time", _TIME), ("random", _RANDOM)):
        ours, theirs = set(pattern.findall(left)), set(pattern.findall(right))
        if ours != theirs and ours and theirs:
            one = min(ours - theirs or ours).decode("utf-8", "replace")
            other = min(theirs - ours or theirs).decode("utf-8", "replace")
            found.append(Reason(word, f"{one[:120]} here, {other[:120]} there"))
    return tuple(found) or (Reason("other", "of no kind that is known"),)
