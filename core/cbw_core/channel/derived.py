"""Files of a channel that follow from its packages: channeldata.json and current_repodata.json, as conda_index has
them. Runs in the worker, where py-rattler may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Record = Mapping[str, Any]

# conda_index.index.CHANNELDATA_FIELDS: those of about.json
_ABOUT = (
    "description", "dev_url", "doc_url", "doc_source_url", "home", "license", "summary", "tags", "identifiers",
    "keywords",
)  # fmt: skip
_SOURCE = ("url", "git_url")
_SCRIPTS = ("pre-link", "post-link", "pre-unlink")


@dataclass(frozen=True)
class Details:
    """What a package says of itself beside its record: run_exports, about.json, `source` of its recipe, paths.json."""

    subdir: str
    record: Record
    run_exports: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    paths: Iterable[Mapping[str, Any]] = ()


def channeldata(packages: Iterable[Details], subdirs: Iterable[str]) -> dict[str, Any]:
    """channeldata.json: per package name what its newest version says, run_exports of each version, and what any of
    its packages has (conda_index.index.ChannelIndex._update_channeldata)."""
    found: dict[str, Any] = {}
    by_name: defaultdict[str, list[Details]] = defaultdict(list)
    for package in packages:
        by_name[str(package.record["name"])].append(package)
    for name, group in sorted(by_name.items()):
        found[name] = _summary(sorted(group, key=_age))
    return {"channeldata_version": 1, "packages": found, "subdirs": sorted(subdirs)}


def _age(package: Details) -> tuple[Any, int]:
    from rattler import Version

    return Version(str(package.record["version"])), int(package.record.get("timestamp") or 0)


def _summary(oldest_first: list[Details]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    run_exports: dict[str, Any] = {}
    marks = dict.fromkeys(
        ("activate.d", "deactivate.d", "binary_prefix", "text_prefix", "pre_link", "post_link", "pre_unlink"), False
    )
    for package in oldest_first:
        told = {key: package.about.get(key) for key in _ABOUT}
        told |= {f"source_{key}": package.source.get(key) for key in _SOURCE}
        told |= {"license": package.record.get("license") or told["license"]}
        for key in ("description", "summary"):
            told[key] = str(told[key] or "").strip().replace("\n", " ")
        found.update({key: value for key, value in told.items() if value})
        if package.run_exports:
            run_exports[str(package.record["version"])] = dict(package.run_exports)
        for key in _marks(package.paths):
            marks[key] = True
    newest = oldest_first[-1].record
    times = [int(package.record.get("timestamp") or 0) for package in oldest_first]
    seconds = max(time // 1000 if time > 253_402_300_799 else time for time in times)
    subdirs = sorted({package.subdir for package in oldest_first})
    return {
        **found,
        **marks,
        "run_exports": run_exports,
        "subdirs": subdirs,
        "timestamp": seconds,
        "version": str(newest["version"]),
    }


def _marks(paths: Iterable[Mapping[str, Any]]) -> set[str]:
    """What installing the package entails (conda_index.index.cache._cache_post_install_details)."""
    found: set[str] = set()
    for row in paths:
        path = str(row.get("_path", ""))
        if row.get("prefix_placeholder") and row.get("file_mode") in ("binary", "text"):
            found.add(f"{row['file_mode']}_prefix")
        found |= {name for name in ("activate.d", "deactivate.d") if path.startswith(f"etc/conda/{name}")}
        found |= {kind.replace("-", "_") for kind in _SCRIPTS if fnmatchcase(path, f"*/.*-{kind}.*")}
    return found


def current(repodata: Mapping[str, Any]) -> dict[str, Any]:
    """current_repodata.json: the newest version of each package, and what those need that is not the newest
    (conda_index.index.current_repodata, without its care for features)."""
    from rattler import Version

    by_name: defaultdict[str, list[tuple[str, Record]]] = defaultdict(list)
    for name, record in _preferred(repodata).items():
        by_name[str(record["name"])].append((name, record))
    versions = {str(record["version"]) for group in by_name.values() for _, record in group}
    order = {version: Version(version) for version in versions}
    kept: dict[str, Record] = {}
    for group in by_name.values():
        newest = max(order[str(record["version"])] for _, record in group)
        kept |= {name: record for name, record in group if order[str(record["version"])] == newest}
    kept |= _needed(kept, by_name, order)
    result = {key: value for key, value in repodata.items() if key not in ("packages", "packages.conda")}
    for key in ("packages", "packages.conda"):
        result[key] = {name: record for name, record in sorted(kept.items()) if name in repodata.get(key, {})}
    return result


def _preferred(repodata: Mapping[str, Any]) -> dict[str, Record]:
    """All packages; of one that is there in both formats the .conda, with the md5 of the other."""
    old, new = repodata.get("packages", {}), repodata.get("packages.conda", {})
    found: dict[str, Record] = {}
    for name, record in new.items():
        twin = old.get(f"{name.removesuffix('.conda')}.tar.bz2")
        found[name] = {**record, "legacy_bz2_md5": twin["md5"]} if twin and "md5" in twin else record
    twins = {f"{name.removesuffix('.conda')}.tar.bz2" for name in new}
    return found | {name: record for name, record in old.items() if name not in twins}


def _needed(
    kept: Mapping[str, Record], by_name: Mapping[str, list[tuple[str, Record]]], order: Mapping[str, Any]
) -> dict[str, Record]:
    """For each dependency that nothing kept satisfies, the newest version that does."""
    found: dict[str, Record] = {}
    for spec in sorted({str(spec) for record in kept.values() for spec in record.get("depends", ())}):
        group = by_name.get(spec.split()[0].lower(), []) if spec.strip() else []
        matching = [(name, record) for name, record in group if _matches(spec, record)]
        if not matching or any(name in kept for name, _ in matching):
            continue
        newest = max(order[str(record["version"])] for _, record in matching)
        found |= {name: record for name, record in group if order[str(record["version"])] == newest}
    return found


def _matches(spec: str, record: Record) -> bool:
    from rattler import BuildString, MatchSpec, PackageRecord
    from rattler.exceptions import InvalidMatchSpecError

    try:
        wanted = MatchSpec(spec, strict=False)
    except InvalidMatchSpecError:
        return False
    return wanted.matches(
        PackageRecord(
            name=str(record["name"]),
            version=str(record["version"]),
            build=BuildString(str(record["build"])),
            build_number=int(record.get("build_number") or 0),
            subdir=str(record.get("subdir") or "noarch"),
        )
    )
