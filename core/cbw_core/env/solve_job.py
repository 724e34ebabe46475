"""The part of a solve that runs in the worker."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cbw_core.channel.worker_main import Emit, State
from cbw_core.env.rattler_client import gateway
from cbw_core.env.virtual import Virtual, virtual_packages

if TYPE_CHECKING:
    from rattler import Channel, Gateway, MatchSpec, RepoDataRecord, Subdir
    from rattler.package import PackageName
    from rattler.repo_data.multi_source import MultiSource

_MISSING = re.compile(
    r"(?:No candidates were found for ([\w.-]+)|─ ([\w.-]+)[^\n]*, for which no candidates were found)"
)


async def solve(state: State, payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Solve payload["specs"]. Gives {"records": [...]}, or {"failure": kind, "text": ..., "names": ..., ...}.

    payload: groups ([name, [urls]], a priority tier each), specs, platform, native, priority ("strict", "flexible",
    "disabled"), siblings (records of packages not built yet), cache, logins, offline, environ.
    """
    from rattler import ChannelPriority, MatchSpec
    from rattler import solve as rattler_solve
    from rattler.exceptions import FetchRepoDataError, GatewayError, InvalidMatchSpecError, SolverError

    specs = []
    for text in payload["specs"]:
        try:
            specs.append(MatchSpec(text, strict=False))
        except InvalidMatchSpecError as error:
            return {"failure": "spec", "spec": text, "text": str(error)}
    sources = _sources(payload)
    platforms: list[Any] = list(dict.fromkeys([payload["platform"], "noarch"]))
    link = gateway(state, payload["cache"], payload["logins"], payload["offline"])
    virtual = _virtual(state, payload)
    # A gateway hands the solver only what matches the specs. With each name alone beside its spec it hands over all
    # of it: channel priority then means what conda means, and a conflict is explained with packages that exist.
    names = [MatchSpec(spec.name.normalized) for spec in specs if spec.channel is None and _is_real(spec)]
    priorities = {"strict": [ChannelPriority.Strict], "disabled": [ChannelPriority.Disabled]}.get(
        payload["priority"], [ChannelPriority.Strict, ChannelPriority.Disabled]
    )
    text = ""
    for priority in priorities:
        try:
            records = await rattler_solve(
                sources,
                [*specs, *names],
                gateway=link,
                platforms=platforms,
                virtual_packages=virtual,
                channel_priority=priority,
                channel_relations="disabled",
            )
        except (GatewayError, FetchRepoDataError, OSError) as error:
            return {"failure": "gateway", "text": str(error)}
        except SolverError as error:
            text = text or str(error)
            continue
        return {"records": [json.loads(record.to_json()) for record in records]}
    return {"failure": "solver", "text": text, **await _lookalikes(link, sources, platforms, text, specs)}


async def existing(state: State, payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Of payload["packages"] (rows of name, version, build) those that a channel has: {"found": {number: url}}.

    payload: groups, packages, platforms, cache, logins, offline.
    """
    from rattler import MatchSpec
    from rattler.exceptions import FetchRepoDataError, GatewayError

    sources = _sources({**payload, "siblings": []})
    link = gateway(state, payload["cache"], payload["logins"], payload["offline"])
    specs = [MatchSpec(f"{name} =={version} {build}") for name, version, build in payload["packages"]]
    try:
        rows = await link.query(sources, payload["platforms"], specs, recursive=False, channel_relations="disabled")
    except (GatewayError, FetchRepoDataError, OSError) as error:
        return {"failure": "gateway", "text": str(error)}
    known = {(r.name.normalized, str(r.version), str(r.build)): r.url for row in rows for r in row}
    return {"found": {n: known[tuple(p)] for n, p in enumerate(payload["packages"]) if tuple(p) in known}}


def _is_real(spec: MatchSpec) -> bool:
    return spec.name is not None and not spec.name.normalized.startswith("__")


def _sources(payload: dict[str, Any]) -> list[Channel | MultiSource | str | Siblings]:
    from rattler import Channel
    from rattler.repo_data.multi_source import MultiSource

    sources: list[Channel | MultiSource | str | Siblings] = []
    if payload["siblings"]:
        sources.append(Siblings(payload["siblings"]))
    for name, urls in payload["groups"]:
        channels = [Channel(url) for url in urls]
        sources.append(channels[0] if len(channels) == 1 else MultiSource(name, channels))
    return sources


class Siblings:
    """Outputs of the recipe that are not built yet, as a source of records (rattler's RepoDataSource)."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self._records = records

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        wanted = (str(platform), name.normalized)
        return [_record(data) for data in self._records if (data["subdir"], data["name"]) == wanted]

    def package_names(self, platform: Subdir) -> list[str]:
        return [data["name"] for data in self._records if data["subdir"] == str(platform)]


def _record(data: dict[str, Any]) -> RepoDataRecord:
    from rattler import PackageRecord, RepoDataRecord
    from rattler.package.build_string import BuildString

    record = PackageRecord(
        data["name"],
        data["version"],
        BuildString(data["build"]),
        data["build_number"],
        data["subdir"],
        noarch=data["noarch"] or None,
        depends=data["depends"],
        constrains=data["constrains"],
    )
    file_name = f"{data['name']}-{data['version']}-{data['build']}.conda"
    return RepoDataRecord(record, file_name, f"file:///siblings/{data['subdir']}/{file_name}", SIBLINGS)


SIBLINGS = "file:///siblings/"


def _virtual(state: State, payload: dict[str, Any]) -> list[Any]:
    from rattler import GenericVirtualPackage, PackageName, Version, VirtualPackage
    from rattler.package.build_string import BuildString

    if "detected" not in state:
        generic = [package.into_generic() for package in VirtualPackage.detect()]
        state["detected"] = [(p.name.normalized, str(p.version), str(p.build_string)) for p in generic]
    detected: list[Virtual] = state["detected"]
    platform = payload["native"] if payload["platform"] == "noarch" else payload["platform"]
    return [
        GenericVirtualPackage(PackageName(name), Version(version), BuildString(build))
        for name, version, build in virtual_packages(detected, payload["native"], platform, payload["overrides"])
    ]


async def _lookalikes(
    link: Gateway, sources: list[Any], platforms: list[Any], text: str, specs: list[MatchSpec]
) -> dict[str, Any]:
    """For a message: the packages nothing was found of, what there is under their names, and names that look alike."""
    import difflib

    missing = list(dict.fromkeys(a or b for a, b in _MISSING.findall(text)))
    all_names = [name.normalized for name in await link.names(sources, platforms, channel_relations="disabled")]
    found: dict[str, Any] = {}
    for name in missing:
        rows = await link.query(sources, platforms, [name], recursive=False, channel_relations="disabled")
        records = sorted((record for row in rows for record in row), key=lambda r: (r.version, r.build_number))
        found[name] = {
            "versions": list(dict.fromkeys(str(record.version) for record in records)),
            "builds": list(dict.fromkeys(f"{record.version} {record.build}" for record in records))[-12:],
            "like": difflib.get_close_matches(name, all_names, n=3, cutoff=0.7),
        }
    return {"missing": found}
