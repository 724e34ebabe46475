"""What a package says of itself: index, about, run_exports, tests, recipe; and of prefixes in its files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, UsageError
from cbw_core.objects import Failure
from cbw_core.test.packaged import Info, plan_of_info, read_info

OLD_PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"


@dataclass(frozen=True)
class PackageInfo:
    """index, about, run_exports: as in info/. tests: what its test does, a line each; requires: what that needs.
    recipe: files of info/recipe; other: the other files of info/. failures: parts that cannot be read."""

    subject: str
    dist: str
    index: Mapping[str, Any]
    about: Mapping[str, Any] = field(default_factory=dict)
    run_exports: Mapping[str, Any] = field(default_factory=dict)
    tests: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    size: int = 0
    failures: tuple[Failure, ...] = ()


def package_info(package: Path, subject: str = "") -> PackageInfo:
    """Raises UsageError(kind="package") for a file without a readable info/index.json."""
    return of_info(read_info(package), subject or str(package), size=package.stat().st_size)


def of_info(info: Info, subject: str, *, size: int = 0) -> PackageInfo:
    """What info/ tells of a package. subject: what it is called. Parts that make no sense are in `failures`."""
    index = info.index
    failures: list[Failure] = []

    def part(name: str) -> Mapping[str, Any]:
        try:
            found = info.json(name)
        except UsageError as error:
            failures.append(Failure(f"info/{name}", "broken", error.why or error.message))
            return {}
        if found is not None and not isinstance(found, Mapping):
            failures.append(Failure(f"info/{name}", "broken", "it is no object"))
        return found if isinstance(found, Mapping) else {}

    tests: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    try:
        plan = plan_of_info(info)
        tests, requires = tuple(f"{s.kind}: {s.text}" for s in plan.steps), plan.requires
    except CbwError as error:
        failures.append(Failure("info/test", "broken", error.why or error.message))
    return PackageInfo(
        subject=subject,
        dist=f"{index['name']}-{index['version']}-{index['build']}",
        index=index,
        about=part("about.json"),
        run_exports=part("run_exports.json"),
        tests=tests,
        requires=requires,
        recipe=tuple(sorted(p[7:] for p in info.files if p.startswith("recipe/"))),
        other=tuple(sorted(p for p in info.files if not p.startswith("recipe/"))),
        size=size,
        failures=tuple(failures),
    )


def placeholders(info: Info) -> dict[str, tuple[str, str]]:
    """Path -> (the prefix that stands in it, "text" or "binary"), from info/paths.json, else info/has_prefix
    (conda's package specification). Raises UsageError(kind="package") where paths.json makes no sense."""
    data = info.json("paths.json")
    if isinstance(data, Mapping) and isinstance(data.get("paths"), list):
        rows = [row for row in data["paths"] if isinstance(row, Mapping) and row.get("prefix_placeholder")]
        return {str(r.get("_path")): (str(r["prefix_placeholder"]), str(r.get("file_mode") or "text")) for r in rows}
    found: dict[str, tuple[str, str]] = {}
    for line in (info.text("has_prefix") or "").splitlines():
        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        if len(words) == 3:
            found[words[2]] = words[0], words[1]
        elif len(words) == 1:
            found[words[0]] = OLD_PLACEHOLDER, "text"
    return found


@dataclass(frozen=True)
class PrefixLength:
    """A binary of a package, with the length of the placeholder in it. fits: whether it is at least the one asked."""

    package: str
    path: str
    length: int
    fits: bool


def prefix_lengths(package: Path, least: int) -> tuple[PrefixLength, ...]:
    """Binaries of a package that hold a placeholder: one shorter than `least` cannot be installed into prefixes that
    long. Raises UsageError(kind="package")."""
    info = read_info(package)
    return tuple(
        PrefixLength(package.name, path, len(text), len(text) >= least)
        for path, (text, kind) in sorted(placeholders(info).items())
        if kind == "binary"
    )
