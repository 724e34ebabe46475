"""`cbw inspect files` and `prefix`: every file of a target, whose it is, which phase made it, prefixes in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.inspect import placeholders
from cbw_core.inspect.about import OLD_PLACEHOLDER
from cbw_core.inspect.about import placeholders as told_by
from cbw_core.inspect.placeholders import PrefixFile
from cbw_core.inspect.targets import Target
from cbw_core.inspect.targets.opened import Opened, opened
from cbw_core.objects import Failure
from cbw_core.process import Cancel


@dataclass(frozen=True)
class FileRow:
    """kind: "file" or "link". size: bytes. format: "ELF", "Mach-O", "PE" or "". package: dist that owns it, "" none.

    phase: that made it ("env", "build", "post"; "" where it is not known, outside sessions).
    taken: the dists of the outputs that take it. prefix: the prefix that stands in it.
    """

    path: str
    kind: str
    size: int = 0
    mode: int = 0
    target: str = ""
    format: str = ""
    package: str = ""
    phase: str = ""
    taken: tuple[str, ...] = ()
    prefix: PrefixFile | None = None


@dataclass(frozen=True)
class Files:
    """The files of a package, a prefix or a session. subject: what it is called; kind: which of these."""

    subject: str
    kind: str
    rows: tuple[FileRow, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def size(self) -> int:
        return sum(row.size for row in self.rows)


@dataclass(frozen=True)
class Made:
    """What a session knows of the files of its host prefix. taken: path -> dists; built: what the build made; env:
    path -> dist, what was installed. prefixes: paths that post found the prefix in -> (text, kind)."""

    env: Mapping[str, str]
    built: Collection[str]
    taken: Mapping[str, tuple[str, ...]]
    prefixes: Mapping[str, tuple[str, str]]


def files(
    target: Target,
    *,
    made: Made | None = None,
    installed_too: bool = True,
    only: str = "",
    cancel: Cancel | None = None,
) -> Files:
    """Sorted by path. made: of a session (the target is then its host prefix). installed_too: of a session, the files
    of installed packages, too. only: one path. Raises UsageError(kind="package") or, for no such path, "target"."""
    with opened(target, cancel=cancel) as found:
        told, texts = _prefixes(target, found, made)
        rows: list[FileRow] = []
        failures = list(found.failures)
        for path, item in sorted(found.items.items()):
            if (only and path != only) or (made is not None and not installed_too and _phase(path, made) == "env"):
                continue
            if cancel is not None:
                cancel.check()
            prefix = None
            if item.kind == "file" and item.disk:
                try:
                    prefix = _first(path, item.disk, told, texts)
                except OSError as error:
                    failures.append(Failure(path, "unreadable", error.strerror or str(error)))
            owner = found.owners.get(path, "") or (made.env.get(path, "") if made else "")
            taken = made.taken.get(path, ()) if made else ()
            phase = _phase(path, made) if made else ""
            rows.append(
                FileRow(path, item.kind, item.size, item.mode, item.target, item.format, owner, phase, taken, prefix)
            )
        if only and not rows:
            raise UsageError(
                f"{target.subject} has no file {only}", kind="target", hint=f"`cbw inspect files {target.subject}`."
            )
        return Files(target.subject, target.kind, tuple(rows), tuple(failures))


def _prefixes(
    target: Target, found: Opened, made: Made | None
) -> tuple[Mapping[str, tuple[str, str]], tuple[str, ...]]:
    """What is told of single files, and the texts looked for in all."""
    if found.info is not None:
        told = told_by(found.info)
        return told, tuple(dict.fromkeys((*(text for text, _ in told.values()), OLD_PLACEHOLDER)))
    folder = str(target.path)
    return (made.prefixes if made else {}), (folder, OLD_PLACEHOLDER)


def _first(path: str, disk: str, told: Mapping[str, tuple[str, str]], texts: tuple[str, ...]) -> PrefixFile | None:
    said = told.get(path)
    for text in dict.fromkeys(((said[0],) if said else ()) + texts):
        kind = said[1] if said and said[0] == text else ""
        prefix = placeholders.find(path, disk, text, told=kind)
        if prefix is not None:
            return prefix
    return None


def _phase(path: str, made: Made) -> str:
    if path in made.env or path.startswith("conda-meta/"):
        return "env"
    return "build" if path in made.built else "post"


def place_of_file(given: Path) -> tuple[Target, str]:
    """A file given by its path, as one of the prefix or folder around it."""
    real = given.resolve()
    for folder in real.parents:
        if (folder / "conda-meta").is_dir() and folder != Path("/"):
            return Target(str(given), "file", folder, str(real.relative_to(folder))), str(real.relative_to(folder))
    return Target(str(given), "file", real.parent, real.name), real.name
