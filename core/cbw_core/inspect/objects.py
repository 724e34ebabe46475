"""`cbw inspect objects`: what every program and library of a target is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cbw_core.events import Progress, Sink, silent
from cbw_core.inspect.targets import Target
from cbw_core.inspect.targets.opened import opened
from cbw_core.objects import Binary, Failure, read_files
from cbw_core.process import Cancel


@dataclass(frozen=True)
class ObjectFile:
    """One program or library (a slice of a fat one), with `Binary.details`. package: dist; "" for none."""

    path: str
    size: int
    binary: Binary
    package: str = ""


@dataclass(frozen=True)
class Objects:
    """The programs and libraries of a package, a prefix or a session. subject: what it is called."""

    subject: str
    files: tuple[ObjectFile, ...]
    failures: tuple[Failure, ...] = ()


def objects(target: Target, *, sink: Sink = silent, cancel: Cancel | None = None) -> Objects:
    """Sorted by path. Files that cannot be read are in `failures`."""
    with opened(target, keep="binaries", cancel=cancel) as found:
        wanted = sorted(path for path, item in found.items.items() if item.format)
        total = len(wanted)
        read = read_files(
            [found.items[path].disk for path in wanted],
            details=True,
            cancel=cancel,
            on_read=lambda n: sink(Progress("reading programs and libraries", n, total, "files", finished=n == total)),
        )
        files = [
            ObjectFile(path, found.items[path].size, binary, found.owners.get(path, ""))
            for path, one in zip(wanted, read, strict=True)
            for binary in one.binaries
        ]
        failures = [replace(r.failure, path=p) for p, r in zip(wanted, read, strict=True) if r.failure is not None]
        return Objects(target.subject, tuple(files), (*found.failures, *failures))
