"""An environment explained: its packages, who needs them, and which line of the recipe brought them in."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from cbw_core.env import EditedFile
from cbw_core.errors import Place, UsageError
from cbw_core.inspect.asking import asks
from cbw_core.render.output import Output, Resolved

ENVIRONMENTS = ("build", "host", "run", "test")


@dataclass(frozen=True)
class Asked:
    """Why a package is in an environment, not counting other packages.

    how: "recipe" (a requirement at `place`), "run_exports" (of the package `by`, which `place` asks for), "env add" (a
    person's), "tested" (the package that a test environment is for), "lock" (a file, `by`).
    """

    spec: str
    how: str
    place: Place | None = None
    by: str = ""


@dataclass(frozen=True)
class Needed:
    """A package of the environment, and its requirement on another."""

    dist: str
    spec: str


@dataclass(frozen=True)
class EnvPackage:
    """size: bytes of the archive. needed_by: packages that depend on it; limited_by: those that only constrain it.
    edited: its files that something changed in place."""

    name: str
    version: str
    build: str
    subdir: str
    channel: str
    url: str
    size: int | None
    sha256: str | None
    md5: str | None
    asked: tuple[Asked, ...] = ()
    needed_by: tuple[Needed, ...] = ()
    limited_by: tuple[Needed, ...] = ()
    edited: tuple[EditedFile, ...] = ()

    @property
    def dist(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"


@dataclass(frozen=True)
class Environment:
    """name: one of ENVIRONMENTS. subject: the output it belongs to. state: "installed" at `prefix`, or "solved" only.
    remarks: what a person should know first."""

    name: str
    subject: str
    prefix: str
    state: Literal["installed", "solved"]
    packages: tuple[EnvPackage, ...]
    remarks: tuple[str, ...] = ()

    def package(self, name: str) -> EnvPackage:
        """The package of that name. UsageError names those that look like it."""
        found = next((p for p in self.packages if p.name == name.lower()), None)
        if found is not None:
            return found
        near = get_close_matches(name.lower(), [p.name for p in self.packages], n=3)
        machine = "Names with two underscores stand for the machine itself: nothing installs them."
        raise UsageError(
            f"there is no {name} in the {self.name} environment of {self.subject}",
            kind="inspect",
            why=machine if name.startswith("__") else None,
            hint=f"Did you mean {' or '.join(near)}?" if near else f"`cbw inspect env {self.name}` lists its packages.",
        )


@dataclass(frozen=True)
class Chain:
    """A way from what was asked for to a package. steps: each package with its requirement on the next; the last step
    is the package itself, whose spec is ""."""

    asked: Asked
    steps: tuple[Needed, ...]


@dataclass(frozen=True)
class Why:
    """chains: the shortest one from everything that was asked for and leads there, shortest first."""

    environment: str
    subject: str
    package: EnvPackage
    chains: tuple[Chain, ...]


@dataclass(frozen=True)
class EnvChange:
    """A package that two environments do not have alike. left, right: dists; None where one has none of that name.
    what: "added" (right only), "removed" (left only), "version", "build", "channel" or "contents" (other digests)."""

    name: str
    what: str
    left: EnvPackage | None
    right: EnvPackage | None


@dataclass(frozen=True)
class EnvDiff:
    """Two environments against each other. left, right: what they are called. alike: how many packages both have."""

    left: str
    right: str
    changes: tuple[EnvChange, ...]
    alike: int


def environment(
    name: str,
    output: Output,
    packages: Sequence[Resolved],
    *,
    prefix: str = "",
    installed: bool = False,
    asked: Iterable[Asked] = (),
    edited: Sequence[EditedFile] = (),
    remarks: Sequence[str] = (),
) -> Environment:
    """Packages with who needs them. asked: see `asked_of`; one whose package is not there is left out."""
    asks = list(asked)
    needed, limited = _who(packages, "depends"), _who(packages, "constrains")
    return Environment(
        name=name,
        subject=output.dist,
        prefix=prefix,
        state="installed" if installed else "solved",
        packages=tuple(
            EnvPackage(
                name=p.name,
                version=p.version,
                build=p.build,
                subdir=p.subdir,
                channel=p.channel,
                url=p.url,
                size=p.size,
                sha256=p.sha256,
                md5=p.md5,
                asked=tuple(a for a in asks if name_of(a.spec) == p.name),
                needed_by=tuple(needed.get(p.name, ())),
                limited_by=tuple(limited.get(p.name, ())),
                edited=tuple(e for e in edited if e.package == p.dist),
            )
            for p in packages
        ),
        remarks=tuple(remarks),
    )


def _who(packages: Sequence[Resolved], field: str) -> dict[str, list[Needed]]:
    """Name -> who has a requirement on it in `depends` or `constrains`."""
    found: dict[str, list[Needed]] = {}
    for package in packages:
        for spec in getattr(package, field):
            found.setdefault(name_of(spec), []).append(Needed(package.dist, spec))
    return found


def name_of(spec: str) -> str:
    """The package that a requirement is about, in lower case."""
    found = re.match(r"[\w.-]+", spec.strip().rpartition("::")[2])
    return found[0].lower() if found else ""


def asked_of(output: Output, name: str, *, solved: Mapping[str, Sequence[Resolved]]) -> tuple[Asked, ...]:
    """What the recipe asks for in an environment, each with its line; then what run_exports brought.

    solved: the packages of "build" and "host", with their run_exports where those are known.
    """
    from cbw_core.inspect.requirement_lines import RequirementLines, written_requirements

    lines = RequirementLines(output)
    if name in ("build", "host"):
        sections = ("host", "build") if name == "host" and output.merges_build_and_host else (name,)
        written = [(s, spec) for s in sections for spec in written_requirements(output, s)]
    elif name == "run":
        written = [("run", spec) for spec in output.requirements.run]
    else:
        written = [("test", spec) for spec in output.test_requires]
    exports = _exports(name, output, solved)
    exported = {name_of(spec) for _, _, spec in exports}
    found: list[Asked] = []
    for section, spec in written:
        place = lines.place(section, name_of(spec))
        # a final run section holds what run_exports brought: those have no line of their own
        if name == "run" and name_of(spec) in exported and not _names_it(output, place, name_of(spec)):
            continue
        found.append(Asked(spec, "recipe", place))
    for env, package, spec in exports:
        at = lines.place(env, package.name)
        found.append(Asked(spec, "run_exports", at if _names_it(output, at, package.name) else None, by=package.dist))
    if name == "test":
        found.insert(0, Asked(f"{output.name} {output.version} {output.build_string}", "tested"))
    return tuple(found)


def _names_it(output: Output, place: Place | None, name: str) -> bool:
    """Whether a line asks for the package, and is not just the section's."""
    return place is not None and asks(output, place.text or "", name)


def _exports(name: str, output: Output, solved: Mapping[str, Sequence[Resolved]]) -> list[tuple[str, Resolved, str]]:
    """(environment, package, spec) of run_exports that reach an environment (conda_build.render.get_upstream_pins)."""
    kinds: dict[str, dict[str, tuple[str, ...]]] = {
        "host": {"build": ("strong",)},
        "run": {"build": ("strong",), "host": ("strong", "weak")},
    }
    if output.noarch:
        kinds["run"] = {"host": ("noarch",)}
    return [
        (env, package, spec)
        for env, wanted in kinds.get(name, {}).items()
        for package in solved.get(env, ())
        for kind in wanted
        for spec in (package.run_exports or {}).get(kind, ())
    ]


def why(found: Environment, name: str) -> Why:
    """How a package came into an environment. UsageError when it is not there."""
    target = found.package(name)
    by_name = {package.name: package for package in found.packages}
    by_dist = {package.dist: package for package in found.packages}
    # from the package up to whoever needs it; a package is reached first by its shortest way
    below: dict[str, Needed | None] = {target.name: None}
    queue = deque([target.name])
    order = []
    while queue:
        current = queue.popleft()
        order.append(current)
        for needed in by_name[current].needed_by:
            owner = by_dist[needed.dist].name
            if owner not in below:
                below[owner] = Needed(needed.dist, needed.spec)
                queue.append(owner)
    chains = [Chain(asked, _steps(by_name, below, start)) for start in order for asked in by_name[start].asked]
    return Why(found.name, found.subject, target, tuple(chains))


def _steps(by_name: Mapping[str, EnvPackage], below: Mapping[str, Needed | None], start: str) -> tuple[Needed, ...]:
    steps: list[Needed] = []
    current = start
    while (link := below[current]) is not None:
        steps.append(link)
        current = name_of(link.spec)
    return (*steps, Needed(by_name[current].dist, ""))


def difference(left: Environment, right: Environment, *, names: tuple[str, str]) -> EnvDiff:
    """What differs between two environments, by name. names: what to call them."""
    ours, theirs = ({p.name: p for p in env.packages} for env in (left, right))
    changes = []
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name), theirs.get(name)
        what = _what(one, other)
        if what:
            changes.append(EnvChange(name, what, one, other))
    return EnvDiff(*names, tuple(changes), len({*ours, *theirs}) - len(changes))


def _what(one: EnvPackage | None, other: EnvPackage | None) -> str:
    if one is None:
        return "added"
    if other is None:
        return "removed"
    for field in ("version", "build"):
        if getattr(one, field) != getattr(other, field):
            return field
    if one.sha256 and other.sha256:
        return "" if one.sha256 == other.sha256 else "contents"
    return "" if one.channel == other.channel else "channel"
