"""Changes that a person makes to a session's environments: packages added, removed, or taken from an explicit file.

They are kept in the session and go into every later making of the environment. What is installed stays as it is: only
what a change names may become another. The answer of a solve is kept with what it was asked, so that the same
environment is made again without a channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from cbw_core import env
from cbw_core.errors import EnvironmentFailure, MissingPackage, UsageError
from cbw_core.events import Note, Sink, silent
from cbw_core.inspect.environments import name_of
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved, resolved_from_json
from cbw_core.session.disk import digests, jsonfile
from cbw_core.session.folder import SessionFolder

if TYPE_CHECKING:
    from cbw_core.render.resolver import Resolver

Op = Literal["add", "remove", "use"]


@dataclass(frozen=True)
class Change:
    """specs: what was added, or the names that were removed. use: exactly `packages`, those of an explicit file."""

    env: str
    op: Op
    specs: tuple[str, ...] = ()
    file: str = ""
    packages: tuple[Resolved, ...] = ()

    def __str__(self) -> str:
        if self.op == "use":
            return f"exactly the {len(self.packages)} packages of {self.file}"
        return f"{'added' if self.op == 'add' else 'removed'} {', '.join(self.specs)}"


@dataclass(frozen=True)
class Live:
    """All changes in the order they were made. solved: environment -> (digest of the question, its answer)."""

    changes: tuple[Change, ...] = ()
    solved: Mapping[str, tuple[str, tuple[Resolved, ...]]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.env == name)

    def digest(self, *names: str) -> str:
        """Of the changes to some environments; "" for none."""
        rows = [asdict(change) for name in names for change in self.of(name)]
        return digests.of_data(rows) if rows else ""


def read(session: SessionFolder) -> Live:
    """The changes that a session keeps; empty where there are none."""
    data = jsonfile.read(session.kept.live)
    if data is None:
        return Live()
    changes = tuple(
        Change(row["env"], row["op"], tuple(row["specs"]), row["file"], tuple(map(resolved_from_json, row["packages"])))
        for row in data["changes"]
    )
    solved = {name: (key, tuple(map(resolved_from_json, rows))) for name, (key, rows) in data["solved"].items()}
    return Live(changes, solved)


def write(session: SessionFolder, found: Live) -> None:
    """Keep the changes; no file where there are none."""
    if not found.changes:
        session.kept.live.unlink(missing_ok=True)
        return
    solved = {name: [key, [asdict(p) for p in rows]] for name, (key, rows) in found.solved.items() if found.of(name)}
    jsonfile.write(session.kept.live, {"changes": [asdict(change) for change in found.changes], "solved": solved})


def with_change(found: Live, change: Change, base: Sequence[Resolved]) -> Live:
    """The changes with one more. What it takes back goes: removing what was added, adding what was removed.
    base: the packages without any change: to remove one of those is a change of its own."""
    own = {package.name for package in base}
    if change.op == "use":
        return replace(found, changes=(*(c for c in found.changes if c.env != change.env), change))
    names = {name_of(spec) for spec in change.specs}
    other = "remove" if change.op == "add" else "add"
    kept: list[Change] = []
    undone: set[str] = set()
    for one in found.changes:
        if one.env != change.env or one.op == "use":
            kept.append(one)
            continue
        # a package that was added and is removed needs neither; one added again has its newest form
        stays = tuple(spec for spec in one.specs if name_of(spec) not in names)
        if one.op == other == "add":
            undone |= {name_of(spec) for spec in one.specs} & names - own
        if stays:
            kept.append(replace(one, specs=stays))
    left = tuple(spec for spec in change.specs if name_of(spec) not in undone)
    return replace(found, changes=(*kept, *([replace(change, specs=left)] if left else ())))


def applied(
    session: SessionFolder,
    name: str,
    base: Sequence[Resolved],
    *,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    siblings: Sequence[Resolved] = (),
    found: Live | None = None,
) -> tuple[Resolved, ...]:
    """The packages of an environment with the changes made to it; `base` as they are without. siblings: packages that
    no channel has; those of `base` without a URL are such anyway.

    Raises EnvironmentFailure(kind="solve") where the changes and what is installed exclude each other.
    """
    given = found
    found = read(session) if found is None else found
    changes = found.of(name)
    if not changes:
        return tuple(base)
    key = digests.of_data([found.digest(name), [(p.dist, p.sha256 or p.url) for p in base]])
    if name in found.solved and found.solved[name][0] == key:
        return found.solved[name][1]
    packages = tuple(base)
    beside = {p.dist: p for p in (*(p for p in base if not p.url), *siblings)}
    for change in changes:
        told = sink if change is changes[-1] else silent  # earlier ones have been told of
        packages = _after(session, packages, change, tuple(beside.values()), told, cancel)
    if given is None:
        write(session, replace(found, solved={**found.solved, name: (key, packages)}))
    return packages


def _after(
    session: SessionFolder,
    packages: tuple[Resolved, ...],
    change: Change,
    beside: tuple[Resolved, ...],
    sink: Sink,
    cancel: Cancel | None,
) -> tuple[Resolved, ...]:
    name = change.env
    if change.op == "use":
        return change.packages
    if change.op == "remove":
        return _without(name, packages, change.specs, sink)
    output = session.output
    platform = output.build_subdir if name == "build" else output.host_subdir
    named = {name_of(spec) for spec in change.specs}
    pins = [f"{p.name} =={p.version} {p.build}" for p in packages if p.name not in named]
    resolver = env.ChannelResolver(session.config, sink=sink, cancel=cancel, environ=session.environ)
    try:
        fresh = resolver.solve([*change.specs, *pins], platform, env=name, siblings=beside)
    except EnvironmentFailure as error:
        if error.kind == "solve" and not isinstance(error, MissingPackage):
            error.hint = (
                f"What is installed is pinned; name a package beside it to let it change too: `cbw env add "
                f"{' '.join(map(repr, change.specs))} NAME --{name}`. {error.hint or ''}"
            ).strip()
        raise
    finally:
        resolver.close()
    known = {package.dist: package for package in packages}
    return tuple(known.get(package.dist, package) for package in fresh)


def _without(name: str, packages: tuple[Resolved, ...], names: Sequence[str], sink: Sink) -> tuple[Resolved, ...]:
    """Without some packages and those that need them, as `conda remove` does."""
    gone = {p.name for p in packages if p.name in {n.lower() for n in names}}
    also: set[str] = set()
    while True:
        more = {
            p.name
            for p in packages
            if p.name not in gone | also and any(name_of(spec) in gone | also for spec in p.depends)
        }
        if not more:
            break
        also |= more
    if also:
        sink(Note(f"removed from {name} too, since they need {', '.join(sorted(gone))}: {', '.join(sorted(also))}"))
    return tuple(p for p in packages if p.name not in gone | also)


def changed_by(
    session: SessionFolder, change: Change, base: Sequence[Resolved], sink: Sink, cancel: Cancel | None
) -> Live:
    """The changes with one more, solved. Raises UsageError for the name of a package that is not there, and what
    `applied` raises; nothing is written."""
    before = read(session)
    if change.op == "remove":
        there = {p.name for p in applied(session, change.env, base, sink=silent, cancel=cancel)}
        there |= {name for one in before.of(change.env) if one.op == "remove" for name in one.specs}
        for name in change.specs:
            if name_of(name) not in there:
                raise UsageError(
                    f"there is no {name} in the {change.env} environment",
                    kind="env",
                    hint=f"`cbw inspect env {change.env}` lists its packages.",
                )
    after = with_change(before, change, base)
    packages = applied(session, change.env, base, sink=sink, cancel=cancel, found=after)
    key = digests.of_data([after.digest(change.env), [(p.dist, p.sha256 or p.url) for p in base]])
    return replace(after, solved={**after.solved, change.env: (key, packages)})


class WithChanges:
    """A resolver whose answers for one environment have the changes made to it."""

    def __init__(
        self, resolver: Resolver, session: SessionFolder, name: str, sink: Sink, cancel: Cancel | None
    ) -> None:
        self._resolver, self._session, self._name, self._sink, self._cancel = resolver, session, name, sink, cancel

    def solve(
        self, specs: Sequence[str], platform: str, *, env: str, siblings: Sequence[Resolved] = ()
    ) -> tuple[Resolved, ...]:
        base = self._resolver.solve(specs, platform, env=env, siblings=siblings)
        if env != self._name:
            return base
        return applied(self._session, env, base, sink=self._sink, cancel=self._cancel, siblings=siblings)

    def run_exports(self, packages: Sequence[Resolved]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        return self._resolver.run_exports(packages)
