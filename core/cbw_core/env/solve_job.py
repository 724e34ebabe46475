"""The part of a solve that runs in the worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.channel.worker_main import Emit, State
from cbw_core.env.channels import redact
from cbw_core.env.diagnose_job import Search, diagnose
from cbw_core.env.rattler_client import gateway
from cbw_core.env.solving import Question, Unreachable
from cbw_core.env.virtual import Virtual, virtual_packages

if TYPE_CHECKING:
    from rattler import Channel, RepoDataRecord, Subdir
    from rattler.package import PackageName
    from rattler.repo_data.multi_source import MultiSource


async def solve(state: State, payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Solve payload["specs"]. Gives {"records": [...]}, or {"failure": kind, "text": ..., "why": a Diagnosis}.

    payload: groups ([name, [urls]], a priority tier each), specs, platform, native, priority ("strict", "flexible",
    "disabled"), siblings (records of packages not built yet), under_test (whether the first of these is the package
    that the environment is to test), cache, access, offline, overrides.
    """
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    specs = []
    for text in payload["specs"]:
        try:
            specs.append(MatchSpec(text, strict=False))
        except InvalidMatchSpecError as error:
            return {"failure": "spec", "spec": text, "text": str(error)}
    question = Question(
        sources=_sources(payload),
        platforms=list(dict.fromkeys([payload["platform"], "noarch"])),
        gateway=gateway(state, payload["cache"], payload["access"], payload["offline"]),
        virtual=_virtual(state, payload),
        priority=payload["priority"],
        cache=Path(payload["cache"]),
    )
    await _fetch(state, question, emit)
    try:
        answer = await question.ask(specs)
    except Unreachable as error:
        return {"failure": "gateway", "text": str(error)}
    if not isinstance(answer, str):
        return {"records": [json.loads(record.to_json()) for record in answer]}
    search = Search(
        question,
        virtual=frozenset(f"{v.name.normalized} {v.version} {v.build_string}" for v in question.virtual),
        siblings={data["name"]: data for data in reversed(payload["siblings"])},
        subject=payload["siblings"][0]["name"] if payload["under_test"] else "",
    )
    return {"failure": "solver", "text": answer, "why": await diagnose(search, payload["specs"])}


async def _fetch(state: State, question: Question, emit: Emit) -> None:
    """The repodata of channels on servers, each once in this process; what is fetched is told."""
    wanted = [
        (str(channel.base_url).rstrip("/"), channel, platform)
        for source in question.sources
        for channel in _channels(source)
        for platform in question.platforms
        if not str(channel.base_url).startswith("file:")
    ]
    wanted = [row for row in wanted if ("fetched", id(question.gateway), row[0], row[2]) not in state]
    if not wanted:
        return
    done = 0

    def tell(item: str, *, finished: bool = False) -> None:
        total = len(wanted)
        emit({"task": "repodata", "done": done, "total": total, "unit": "files", "item": item, "finished": finished})

    async def one(url: str, channel: Channel, platform: Any) -> None:
        nonlocal done
        # what cannot be fetched is told by the solve that needs it
        with contextlib.suppress(GatewayError, FetchRepoDataError, OSError):
            await question.gateway.names([channel], [platform], channel_relations="disabled")
        done += 1
        state["fetched", id(question.gateway), url, platform] = True
        tell(f"{redact(url)}/{platform}")

    from rattler.exceptions import FetchRepoDataError, GatewayError

    tell("")
    await asyncio.gather(*(one(*row) for row in wanted))
    tell("", finished=True)


def _channels(source: Any) -> list[Channel]:
    from rattler import Channel
    from rattler.repo_data.multi_source import MultiSource

    if isinstance(source, MultiSource):
        return [c for c in source.sources if isinstance(c, Channel)]
    return [source] if isinstance(source, Channel) else []


async def existing(state: State, payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Of payload["packages"] (rows of name, version, build) those that a channel has: {"found": {number: url}}.

    payload: groups, packages, platforms, cache, access, offline.
    """
    from rattler import MatchSpec
    from rattler.exceptions import FetchRepoDataError, GatewayError

    sources = _sources({**payload, "siblings": []})
    link = gateway(state, payload["cache"], payload["access"], payload["offline"])
    specs = [MatchSpec(f"{name} =={version} {build}") for name, version, build in payload["packages"]]
    try:
        rows = await link.query(sources, payload["platforms"], specs, recursive=False, channel_relations="disabled")
    except (GatewayError, FetchRepoDataError, OSError) as error:
        return {"failure": "gateway", "text": str(error)}
    known = {(r.name.normalized, str(r.version), str(r.build)): r.url for row in rows for r in row}
    return {"found": {n: known[tuple(p)] for n, p in enumerate(payload["packages"]) if tuple(p) in known}}


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
    from rattler import RepoDataRecord

    from cbw_core.env.rattler_records import package_record

    file_name = f"{data['name']}-{data['version']}-{data['build']}.conda"
    return RepoDataRecord(package_record(data), file_name, f"file:///siblings/{data['subdir']}/{file_name}", SIBLINGS)


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
