"""Two packages against each other: files, metadata, dependencies, size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, UsageError
from cbw_core.inspect.diff import contents as compare
from cbw_core.inspect.diff.model import Detail, FieldDiff, FileDiff, Kind, PackageDiff
from cbw_core.inspect.targets import Contents, Item, read_package
from cbw_core.objects import Binary, read_files
from cbw_core.process import Cancel

_MOST = 64 << 20  # bytes of a file that are compared one by one
_FIELDS = ("index.json", "about.json", "run_exports.json", "hash_input.json", "link.json", "recipe_log.json")
# they follow from the other files
_DERIVED = ("paths.json", "files", "has_prefix", "no_link")
_TIMES = ("timestamp",)


def diff_packages(
    left: Path, right: Path, *, names: tuple[str, str] | None = None, cancel: Cancel | None = None
) -> PackageDiff:
    """Raises UsageError(kind="package") for a file that is no archive at all."""
    with tempfile.TemporaryDirectory(prefix="cbw-diff-") as folder:
        sides = []
        for number, path in enumerate((left, right)):
            place = Path(folder, str(number))
            place.mkdir()
            contents = read_package(path, place, keep="everything", cancel=cancel)
            if not contents.items and not contents.about_info and contents.failures:
                raise UsageError(f"{path.name} cannot be read", kind="package", why=contents.failures[0].why)
            sides.append(contents)
        ours, theirs = sides
        files = tuple(_files(ours, theirs, cancel))
        fields = tuple(_fields(ours, theirs))
    shown = names or (str(left), str(right))
    sizes = (left.stat().st_size, right.stat().st_size)
    failures = tuple(str(f) for side in sides for f in side.failures)
    times = _times(ours, theirs)
    found = PackageDiff(*shown, "", files, fields, *sizes, failures)
    return replace(found, verdict=_verdict(found, times, left.read_bytes() == right.read_bytes()))


def _verdict(found: PackageDiff, times: bool, same_bytes: bool) -> str:
    if found.same:
        if same_bytes:
            return "the same, byte for byte"
        if times or found.files:
            return "the same but for timestamps"
        return "the same in all they hold; the archives themselves differ (order, compression)"
    counts = [(kind, sum(f.kind == kind for f in found.files)) for kind in ("added", "removed", "changed")]
    parts = [f"{count} file{'' if count == 1 else 's'} {kind}" for kind, count in counts if count]
    if found.fields:
        parts.append(f"{len(found.fields)} field{'' if len(found.fields) == 1 else 's'} of the metadata differ")
    return ", ".join(parts)


def _files(ours: Contents, theirs: Contents, cancel: Cancel | None) -> Iterator[FileDiff]:
    left, right = _all(ours), _all(theirs)
    changed = [p for p in sorted({*left, *right}) if p in left and p in right and _differs(left[p], right[p])]
    code = [p for p in changed if left[p].format and right[p].format]
    read = read_files([left[p].disk for p in code] + [right[p].disk for p in code], details=True, cancel=cancel)
    binaries = {p: (read[n].binaries, read[n + len(code)].binaries) for n, p in enumerate(code)}
    for path in sorted({*left, *right}):
        one, other = left.get(path), right.get(path)
        if one is None or other is None:
            kind: Kind = "added" if one is None else "removed"
            yield FileDiff(path, kind, one.size if one else None, other.size if other else None)
        elif path in changed:
            if cancel is not None:
                cancel.check()
            yield _changed(path, one, other, binaries.get(path))
        elif one.kind == "file" and one.mtime != other.mtime:
            yield FileDiff(path, "time", one.size, other.size)


def _all(contents: Contents) -> dict[str, Item]:
    """Files and links; of info/ those that are told of as files."""
    info = {
        f"info/{path}": item
        for path, item in contents.about_info.items()
        if path not in _DERIVED and path not in _FIELDS
    }
    return {path: item for path, item in {**contents.items, **info}.items() if item.kind != "folder"}


def _differs(one: Item, other: Item) -> bool:
    return (one.kind, one.sha256, one.target, one.mode & 0o777) != (
        other.kind, other.sha256, other.target, other.mode & 0o777,
    )  # fmt: skip


def _changed(
    path: str, one: Item, other: Item, binaries: tuple[tuple[Binary, ...], tuple[Binary, ...]] | None
) -> FileDiff:
    details: list[Detail] = []
    if one.kind != other.kind:
        details.append(Detail("kind", "", one.kind, other.kind))
    if one.target != other.target:
        details.append(Detail("link", "", one.target, other.target))
    if one.mode & 0o777 != other.mode & 0o777 and one.kind == other.kind == "file":
        details.append(Detail("mode", "", f"{one.mode & 0o777:o}", f"{other.mode & 0o777:o}"))
    if one.kind != "file" or other.kind != "file" or one.sha256 == other.sha256:
        return FileDiff(path, "changed", one.size, other.size, (), tuple(details))
    if max(one.size, other.size) > _MOST:
        details.append(Detail("bytes", "too large to be compared byte by byte", one.size, other.size))
        return FileDiff(path, "changed", one.size, other.size, (), tuple(details))
    left, right = Path(one.disk).read_bytes(), Path(other.disk).read_bytes()
    text = compare.text_diff(left, right)
    inner: list[Detail] = []
    if binaries and all(binaries):
        inner = list(compare.binary_details(*binaries))
    elif not text and compare.looks_like_archive(left) and compare.looks_like_archive(right):
        members = compare.archive_details(Path(one.disk), Path(other.disk))
        same = [Detail("archive", "the members are the same, their times or order are not")]
        inner = [] if members is None else list(members) or same
    if not text and not inner:
        inner = [compare.bytes_detail(left, right)]
    why = compare.reasons(path, left, right, inner)
    return FileDiff(path, "changed", one.size, other.size, text, (*details, *inner), why)


def _fields(ours: Contents, theirs: Contents) -> Iterator[FieldDiff]:
    for file in _FIELDS:
        left, right = _json(ours, file), _json(theirs, file)
        for key in sorted({*left, *right}):
            one, other = left.get(key), right.get(key)
            if one == other or key in _TIMES:
                continue
            if isinstance(one, list) and isinstance(other, list):
                gone = [item for item in one if item not in other]
                new = [item for item in other if item not in one]
                if gone or new:
                    yield FieldDiff(file, key, gone, new)
                else:
                    yield FieldDiff(file, key, one, other)
            else:
                yield FieldDiff(file, key, one, other)
    placed = [_placeholders(side) for side in (ours, theirs)]
    for path in sorted({*placed[0], *placed[1]}):
        if placed[0].get(path) != placed[1].get(path):
            yield FieldDiff("paths.json", f"prefix in {path}", placed[0].get(path), placed[1].get(path))


def _json(contents: Contents, file: str) -> Mapping[str, Any]:
    try:
        found = contents.info.json(file)
    except CbwError:
        return {"(unreadable)": contents.info.text(file)}
    return found if isinstance(found, Mapping) else {}


def _placeholders(contents: Contents) -> Mapping[str, tuple[int, str]]:
    """Path -> (length of the placeholder, kind): its text is another in every build of conda-build."""
    from cbw_core.inspect.about import placeholders

    try:
        return {path: (len(text), kind) for path, (text, kind) in placeholders(contents.info).items()}
    except CbwError:
        return {}


def _times(ours: Contents, theirs: Contents) -> bool:
    return any(_json(ours, "index.json").get(key) != _json(theirs, "index.json").get(key) for key in _TIMES)
