"""What differs between two packages, two sessions, two channels: as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["added", "removed", "changed"]

# why two builds of one recipe are not the same bytes, by what differs; each with what can be done about it
REASONS = {
    "build time": "set SOURCE_DATE_EPOCH in the script, or keep __DATE__, __TIME__ and `date` out of the build",
    "build path": "pass -ffile-prefix-map or -fdebug-prefix-map, or strip the file",
    "order": "sort what is listed from the file system, or from a set, before it is written",
    "build id": "it follows from other differences in the file; -Wl,--build-id=none leaves it out",
    "time in an archive": "pack the archive with fixed times (gzip -n, tar --mtime, SOURCE_DATE_EPOCH)",
    "time in bytecode": "compile with SOURCE_DATE_EPOCH, or `python -m compileall --invalidation-mode checked-hash`",
    "random": "give the program that writes it a seed, or keep what it makes out of the package",
    "other": "look at the difference",
}


@dataclass(frozen=True)
class Detail:
    """Something that differs in a file. what: "section", "symbol", "needed", "rpath", "soname", "architecture",
    "member", "archive", "mode", "link", "bytes", "kind". left, right: None where one side has none."""

    what: str
    name: str
    left: Any = None
    right: Any = None


@dataclass(frozen=True)
class Reason:
    """word: one of REASONS; why: what shows it."""

    word: str
    why: str

    @property
    def remedy(self) -> str:
        return REASONS[self.word]


@dataclass(frozen=True)
class FileDiff:
    """kind: "added", "removed", "changed", "time" (only the time of the file differs). sizes: None where it is not.
    text: lines of a unified diff, of text; details: of binaries and archives. reasons: why two builds gave this."""

    path: str
    kind: Literal["added", "removed", "changed", "time"]
    left_size: int | None = None
    right_size: int | None = None
    text: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class FieldDiff:
    """A field of the metadata: "index.json: build". For depends, what was added and removed, a spec each."""

    file: str
    field: str
    left: Any = None
    right: Any = None


@dataclass(frozen=True)
class PackageDiff:
    """left, right: what was compared. files: those of info/ too, but for what `fields` tells of. size: bytes of the
    package files."""

    left: str
    right: str
    verdict: str
    files: tuple[FileDiff, ...] = ()
    fields: tuple[FieldDiff, ...] = ()
    left_size: int = 0
    right_size: int = 0
    failures: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs but times."""
        return not self.fields and all(file.kind == "time" for file in self.files)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Each kind of reason once, with the first that showed it; none where the metadata says that these are not two
        builds of one recipe."""
        if self.fields:
            return ()
        found: dict[str, Reason] = {}
        for file in self.files:
            for reason in file.reasons:
                found.setdefault(reason.word, Reason(reason.word, f"{file.path}: {reason.why}"))
        return tuple(found.values())


@dataclass(frozen=True)
class RecordDiff:
    """A package of one channel or both. kind: "added", "removed", "changed". fields: name -> (left, right)."""

    subdir: str
    file_name: str
    kind: Kind
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class ChannelDiff:
    """Two channels against each other. left, right: what they are called. verdict: what it comes to, in a line."""

    left: str
    right: str
    verdict: str
    records: tuple[RecordDiff, ...] = ()

    @property
    def same(self) -> bool:
        return not self.records
