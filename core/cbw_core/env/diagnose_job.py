"""Why requirements have no solution: the smallest set of them that has none, what each would find in the channels, and
which versions would do. In the worker, by asking the solver again; the text it gives is for reading below."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cbw_core.env.solving import Question, Unreachable
from cbw_core.platforms import KNOWN_SUBDIRS

if TYPE_CHECKING:
    from rattler import MatchSpec, RepoDataRecord

_SECONDS = 8.0  # to look for the cause: with big channels a solve takes one or two
_DEPTH = 8


@dataclass(frozen=True)
class Item:
    """A requirement that is part of the conflict.

    spec: as given to the solver. owner: the package of the recipe that brings it ("" for one asked for). constrains:
    it is of run_constrained. fits: the name-version-build that would do, where the others stay ("" for none).
    """

    spec: str
    owner: str = ""
    constrains: bool = False
    fits: str = ""


@dataclass(frozen=True)
class Finding:
    """What the channels have for a spec that nothing satisfies.

    kind: "virtual", "name" (there is none of the name), "subdir" (only for other platforms), "version", "build",
    "channel" (only in other channels than the one before ::). have: "version build" of what there is, oldest first.
    near: the version next to the one asked for. made: the recipe itself makes the package. where: channels or subdirs.
    """

    spec: str
    name: str
    kind: str
    have: tuple[str, ...] = ()
    near: str = ""
    made: bool = False
    where: tuple[str, ...] = ()
    like: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """items: the smallest set of requirements without a solution. chain: packages from a lone item down to the one
    whose requirement `finding` is about. hidden: (name, channel that has it, channel that hides it), where strict
    channel priority is to blame. clash: requirements of the last of the chain that exclude each other. text: what the
    solver says of the items alone. whole: whether there was time to look for all of it."""

    items: tuple[Item, ...]
    chain: tuple[str, ...] = ()
    finding: Finding | None = None
    hidden: tuple[str, str, str] | None = None
    clash: tuple[str, ...] = ()
    text: str = ""
    whole: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Search:
    """One diagnosis. siblings: records of the recipe's own packages, by name. subject: the package under test."""

    question: Question
    virtual: frozenset[str]
    siblings: dict[str, dict[str, Any]] = field(default_factory=dict)
    subject: str = ""
    deadline: float = field(default_factory=lambda: time.monotonic() + _SECONDS)

    @property
    def late(self) -> bool:
        return time.monotonic() > self.deadline

    async def diagnose(self, specs: Sequence[str]) -> Diagnosis:
        """Of specs that have no solution together. Raises Unreachable."""
        asked = [Item(spec) for spec in specs]
        items = await self._core(asked)
        own = next((i for i in items if self.subject and _name(i.spec) == self.subject), None)
        if own is not None and (record := self.siblings.get(self.subject)):
            brought = [Item(spec, self.subject) for spec in record["depends"]]
            brought += [Item(spec, self.subject, constrains=True) for spec in record["constrains"]]
            rest = [item for item in asked if _name(item.spec) != self.subject]
            if not await self._holds([*rest, *brought]):
                asked = [*rest, *brought]
                items = await self._core(asked)
        hidden = await self._hidden(items)
        told = await self._ask(items)
        text = told if isinstance(told, str) else ""
        if len(items) == 1 and not items[0].constrains:
            chain, finding, clash = await self._down(items[0].spec)
            return Diagnosis(tuple(items), tuple(chain), finding, hidden, tuple(clash), text, not self.late)
        items = [await self._with_fit(item, asked) for item in items]
        return Diagnosis(tuple(items), hidden=hidden, text=text, whole=not self.late)

    async def _holds(self, items: Sequence[Item], *, priority: str | None = None) -> bool:
        return not isinstance(await self._ask(items, priority=priority), str)

    async def _ask(self, items: Sequence[Item], *, priority: str | None = None) -> Any:
        specs = [_spec(item.spec) for item in items if not item.constrains]
        limits = [_spec(item.spec) for item in items if item.constrains]
        return await self.question.ask(specs, limits, priority=priority)

    async def _core(self, items: list[Item]) -> list[Item]:
        """The smallest part without a solution: one alone, else what is left when nothing can be taken away."""
        for item in items:
            if self.late:
                return items
            if not item.constrains and not await self._holds([item]):
                return [item]
        core = list(items)
        for item in items:
            if self.late:
                break
            rest = [other for other in core if other is not item]
            if rest and not await self._holds(rest):
                core = rest
        return core

    async def _with_fit(self, item: Item, asked: Sequence[Item]) -> Item:
        """The item with the package that would do in place of what it asks for."""
        name = _name(item.spec)
        if self.late or name.startswith("__"):
            return item
        bare = Item(name, item.owner)
        others = [other for other in asked if other is not item]
        found = await self._ask([*others, bare])
        if isinstance(found, str):
            return item
        fits = next((r for r in found if r.name.normalized == name), None)
        dist = "" if fits is None else f"{name}-{fits.version}-{fits.build}"
        return Item(item.spec, item.owner, item.constrains, dist)

    async def _hidden(self, items: Sequence[Item]) -> tuple[str, str, str] | None:
        """Where only strict channel priority stands in the way: a package that is hidden by another channel's."""
        if self.question.priority != "strict":
            return None
        found = await self._ask(items, priority="disabled")
        if isinstance(found, str):
            return None
        for record in found:
            for other in await self.question.candidates(record.name.normalized):
                if other.channel != record.channel:
                    return record.name.normalized, str(record.channel), str(other.channel)
        return None

    async def _down(self, text: str) -> tuple[list[str], Finding | None, list[str]]:
        """From a requirement that has no solution alone to the cause: (packages on the way, what is missing, clash)."""
        chain: list[str] = []
        seen: set[str] = set()
        while len(chain) < _DEPTH and not self.late:
            spec, name = _spec(text), _name(text)
            found = await self._missing(text, spec, name)
            if found is not None:
                return chain, found, []
            if name in seen:
                break
            seen.add(name)
            record = self._best(spec, await self.question.candidates(name))
            chain.append(f"{name} {record.version} {record.build}")
            needs = [Item(dep) for dep in record.depends]
            core = await self._core(needs) if needs else []
            if len(core) != 1 or self.late:
                return chain, None, [item.spec for item in core]
            text = core[0].spec
        return chain, None, []

    def _best(self, spec: MatchSpec, records: Sequence[RepoDataRecord]) -> RepoDataRecord:
        """The newest package a spec matches; those of the first channel that has the name go first, as in a solve."""
        matching = [r for r in records if spec.matches(r)]
        plain = [r for r in matching if not r.track_features]
        return (plain or matching)[-1]

    async def _missing(self, text: str, spec: MatchSpec, name: str) -> Finding | None:
        """What is wrong where no package matches; None where one does."""
        if name.startswith("__"):
            return Finding(text, name, "virtual", tuple(v for v in sorted(self.virtual) if v.split()[0] == name))
        records = await self.question.candidates(name)
        made = name in self.siblings
        if made:
            records = [r for r in records if str(r.channel).startswith("file:///siblings")] or records
        matching = [r for r in records if spec.matches(r)]
        if matching and spec.channel is not None:
            base = str(spec.channel.base_url).rstrip("/")
            if all(str(r.channel).rstrip("/") != base for r in matching):
                where = tuple(dict.fromkeys(str(r.channel).rstrip("/") for r in matching))
                return Finding(text, name, "channel", _builds(matching), where=where)
        if matching:
            return None
        if not records:
            elsewhere = await self._other_platforms(name)
            if elsewhere:
                return Finding(text, name, "subdir", where=elsewhere)
            return Finding(text, name, "name", like=tuple(await self._like(name)))
        loose = _spec(f"{name}[version='{spec.version}']") if spec.version is not None else _spec(name)
        builds = [r for r in records if loose.matches(r)]
        if builds and spec.build is not None:
            return Finding(text, name, "build", _builds(builds), near=str(builds[-1].version), made=made)
        return Finding(text, name, "version", _builds(records), near=_near(text, records), made=made)

    async def _other_platforms(self, name: str) -> tuple[str, ...]:
        """The platforms that do have a package of a name, as far as that is known without the network."""
        from rattler import Gateway, SourceConfig

        mine = {str(platform) for platform in self.question.platforms}
        cached = SourceConfig(cache_action="force-cache-only")
        gateway = Gateway(cache_dir=self.question.cache, default_config=cached)
        found: list[str] = []
        for subdir in KNOWN_SUBDIRS:
            if subdir in mine or subdir == "noarch":
                continue
            where: list[Any] = [subdir]
            for source in self.question.sources:
                try:
                    rows = await gateway.query([source], where, [name], recursive=False, channel_relations="disabled")
                except Exception:  # not cached, or no such subdir: rattler has a type for each
                    continue
                if any(len(row) for row in rows):
                    found.append(subdir)
                    break
        return tuple(found)

    async def _like(self, name: str) -> list[str]:
        """Names that look alike, the nearest first."""
        import difflib

        names = await self.question.names()
        same = [n for n in names if n.replace("-", "_") == name.replace("-", "_")]
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.7)
        part = [n for n in (f"lib{name}", f"py{name}", f"python-{name}", name.removeprefix("python-")) if n in names]
        return list(dict.fromkeys([*same, *near, *part]))[:3]


def _spec(text: str) -> MatchSpec:
    from rattler import MatchSpec

    return MatchSpec(text, strict=False)


def _name(text: str) -> str:
    name = _spec(text).name
    return name.normalized if name is not None else text


def _builds(records: Sequence[RepoDataRecord]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{r.version} {r.build}" for r in records))


def _near(text: str, records: Sequence[RepoDataRecord]) -> str:
    """The version there is that is nearest to the first one named in a spec: the next lower one, else the lowest."""
    import re

    from rattler import Version
    from rattler.exceptions import InvalidVersionError

    wanted = re.search(r"(?<=[ =<>!~,|])(\d[\w.]*?)(?:\.?\*)?(?=[ ,|]|$)", text.rpartition("::")[2])
    versions = [record.version for record in records]
    if wanted is None:
        return str(versions[-1])
    try:
        aim = Version(wanted[1])
    except InvalidVersionError:
        return str(versions[-1])
    lower = [version for version in versions if version <= aim]
    return str(lower[-1] if lower else versions[0])


async def diagnose(search: Search, specs: Sequence[str]) -> dict[str, Any]:
    """The diagnosis as JSON-able data; {} where a channel stopped answering meanwhile."""
    try:
        return (await search.diagnose(specs)).to_json()
    except Unreachable:
        return {}
