"""Files that hold the path of the host prefix: an installer writes its own path there."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from cbw_core.errors import BuildError
from cbw_core.events import Note, Progress, Sink
from cbw_core.post import globs
from cbw_core.post.recipe import build_field, place_of, texts
from cbw_core.process import Cancel
from cbw_core.render.output import Output

# conda.base.constants.PREFIX_PLACEHOLDER: what packages had before prefixes were padded
OLD_PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"
_EVERY = 256
_MAP_FROM = 1 << 20  # bytes; smaller files are read faster than mapped


def find(
    output: Output,
    prefix: Path,
    files: Sequence[str],
    *,
    targets: Mapping[str, str],
    prefix_length: int,
    sink: Sink,
    cancel: Cancel,
) -> dict[str, tuple[str, str]]:
    """Files that hold the prefix -> (the text that is to be replaced, "text" or "binary").

    Rules of conda_build.build.get_files_with_prefix and record_prefix_files: every file is searched but links,
    bytecode and what `ignore_prefix_files` takes out; a file with a NUL is binary; `has_prefix_files` and
    `binary_has_prefix_files` name files and, where given, only those count; `detect_binary_files_with_prefix` (true
    unless binary_has_prefix_files is given) finds binaries.
    Raises BuildError(kind="prefix") for a listed file without the prefix, and for a binary that holds a prefix
    shorter than `prefix_length`: it could not be installed into longer ones.
    """
    rules = _Rules(output, prefix, targets, sink)
    search = _Search(prefix)
    found = {}
    last = len(files)
    for done, path in enumerate(files):
        if done % _EVERY == 0:
            cancel.check()
            sink(Progress("searching for the prefix", done, last, "files", path))
        if rules.ignores(path) or (hit := search(path)) is None:
            continue
        kind = rules.kind(path, hit[1])
        if kind is not None:
            found[path] = (hit[0], kind)
    sink(Progress("searching for the prefix", last, last, "files", finished=True))
    rules.check(found)
    _check_lengths(found, min(prefix_length, len(str(prefix))))
    return found


class _Search:
    """Looks into files for the prefix or else the old placeholder: the text found, and whether it is in "text" or in
    "binary"."""

    def __init__(self, prefix: Path) -> None:
        self.folder = str(prefix)
        self.needles = tuple((text, os.fsencode(text)) for text in (str(prefix), OLD_PLACEHOLDER))
        self.room = bytearray(_MAP_FROM)  # one for all files: fresh memory for each costs more than reading into it

    def __call__(self, path: str) -> tuple[str, str] | None:
        """What the file at `path` below the prefix holds; None for none of them, and for what is no file."""
        try:
            descriptor = os.open(f"{self.folder}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket
                return None
            raise
        try:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode) or not info.st_size:
                return None
            if info.st_size < _MAP_FROM:
                return self._find(self.room, self._read(descriptor, info.st_size))
            with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
                return self._find(data, info.st_size)
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, size: int) -> int:
        """Read at most `size` bytes into the room; how many there were."""
        done = os.readv(descriptor, [self.room])
        while done < size and (more := os.readv(descriptor, [memoryview(self.room)[done:]])):
            done += more
        return done

    def _find(self, data: bytearray | mmap.mmap, size: int) -> tuple[str, str] | None:
        for text, needle in self.needles:
            if data.find(needle, 0, size) >= 0:
                return text, "binary" if data.find(b"\0", 0, size) >= 0 else "text"
        return None


class _Rules:
    """The fields of a recipe that say which files count."""

    def __init__(self, output: Output, prefix: Path, targets: Mapping[str, str], sink: Sink) -> None:
        self.output, self.targets, self.sink = output, targets, sink
        self.text = self._listed("has_prefix_files", prefix)
        self.binary = self._listed("binary_has_prefix_files", prefix)
        self.detect = bool(build_field(output, "detect_binary_files_with_prefix", not self.binary))
        self.search_binaries = bool(build_field(output, "detect_binary_files_with_prefix", True)) or bool(self.binary)
        ignore = build_field(output, "ignore_prefix_files", False)
        self.ignore_all = ignore is True
        self.ignored = set() if isinstance(ignore, bool) else self._listed("ignore_prefix_files", prefix)

    def _listed(self, field: str, prefix: Path) -> set[str]:
        """Files a field names, by the paths in the prefix or in the package."""
        found: set[str] = set()
        for pattern in texts(build_field(self.output, field)):
            matched = set(globs.expand(pattern, prefix, place_of(self.output, field, pattern)))
            matched |= {path for path, target in self.targets.items() if fnmatch(target, pattern)}
            if not matched:
                self.sink(Note(f"build/{field}: {pattern} matches nothing in the host prefix", "warning", "post"))
            found |= matched
        return found

    def ignores(self, path: str) -> bool:
        return self.ignore_all or path in self.ignored or path.endswith((".pyc", ".pyo"))

    def kind(self, path: str, found: str) -> str | None:
        if found == "binary" and not self.search_binaries:
            return None
        if path in self.binary or (found == "binary" and (not self.binary or self.detect)):
            return "binary"
        script = self.targets.get(path, path).startswith("python-scripts/")
        if path in self.text or script or (found == "text" and not self.text):
            return "text"
        return None

    def check(self, found: Mapping[str, tuple[str, str]]) -> None:
        for field, listed, kind in (
            ("has_prefix_files", self.text, "text"),
            ("binary_has_prefix_files", self.binary, "binary"),
        ):
            for path in sorted(listed):
                self._check(field, path, kind, found.get(path))

    def _check(self, field: str, path: str, kind: str, found: tuple[str, str] | None) -> None:
        if found is not None and found[1] == kind:
            return
        raise BuildError(
            f"build/{field}: {path} {'is binary' if found else 'does not hold the prefix'}",
            kind="prefix",
            place=place_of(self.output, field, path),
            hint="List it in binary_has_prefix_files." if found else "Take it out of the list.",
        )


def _check_lengths(found: Mapping[str, tuple[str, str]], length: int) -> None:
    short = [(path, text) for path, (text, kind) in found.items() if kind == "binary" and len(text) < length]
    if short:
        path, text = short[0]
        raise BuildError(
            f"{path} is a binary that holds {text}, a prefix of {len(text)} characters",
            kind="prefix",
            why=f"It could only be installed into prefixes that short; packages are made for {length}.",
            hint="Build the file anew with $PREFIX, or list it in `build/ignore_prefix_files`.",
            details="\n".join(path for path, _ in short) if len(short) > 1 else None,
        )
