"""ChannelResolver: solves and run_exports against the configured channels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.channel import Worker
from cbw_core.config import Config
from cbw_core.env.channels import ChannelRef, channels_of, redact
from cbw_core.env.condarc import read_condarc
from cbw_core.env.explain import failure
from cbw_core.env.network import Access, access
from cbw_core.env.record_data import identity
from cbw_core.env.specs import match_spec
from cbw_core.errors import EnvironmentFailure
from cbw_core.events import Progress, Sink, silent
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel
from cbw_core.render.output import Output, Resolved


class ChannelResolver:
    """Implements `cbw_core.render.resolver.Resolver` with py-rattler, in a child process that ends with this object.

    Answers are kept for its life: make a new one when channels may have changed. Nothing is read, fetched or started
    before the first question, and the host channel is only made when something is solved against it.
    """

    def __init__(
        self,
        config: Config,
        *,
        sink: Sink = silent,
        cancel: Cancel | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._config = config
        self._sink = sink
        self._cancel = cancel
        self._environ = dict(os.environ if environ is None else environ)
        self._worker = Worker(self._environ)
        self._channels: tuple[ChannelRef, ...] | None = None
        self._solved: dict[str, tuple[Resolved, ...]] = {}
        self._run_exports: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def close(self) -> None:
        """End the child process now."""
        self._worker.close()

    @property
    def channels(self) -> tuple[ChannelRef, ...]:
        """The channels as they are searched, the host channel's folder made if need be."""
        if self._channels is None:
            self._channels = tuple(self._ensured(ref) for ref in channels_of(self._config, self._environ))
        return self._channels

    @property
    def _priority(self) -> str:
        """As the caller says, else .condarc, else flexible, as conda has it."""
        return self._config.channel_priority or read_condarc(self._environ).channel_priority or "flexible"

    def solve(
        self, specs: Sequence[str], platform: str, *, env: str, siblings: Sequence[Resolved] = ()
    ) -> tuple[Resolved, ...]:
        """The packages that satisfy `specs` on `platform`, sorted by name; none for no specs.

        A sibling hides packages of its name in the channels; of a test environment the first one is the package to
        test. Raises RecipeError(kind="spec") for a requirement no
        conda reads, EnvironmentFailure(kind="solve") with what is missing or excludes what, "network" or "channel"
        for a channel that cannot be read, "host-channel" and others from making the host channel.
        """
        if not specs:
            return ()
        platform = native_subdir() if platform == "noarch" else platform
        key = json.dumps([sorted(specs), platform, [_sibling(s) for s in siblings]])
        if key not in self._solved:
            self._solved[key] = self._solve(specs, platform, env, siblings)
        return self._solved[key]

    def run_exports(self, packages: Sequence[Resolved]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """For each package (by dist) its run_exports, kind -> specs; an empty mapping for none."""
        from cbw_core.env.run_exports import look_up

        wanted = [p for p in packages if p.url + p.dist not in self._run_exports]
        if wanted:
            found = look_up(
                wanted, config=self._config, worker=self._worker, access=self._access(wanted), cancel=self._cancel
            )
            for package, exports in zip(wanted, found, strict=True):
                self._run_exports[package.url + package.dist] = exports
        return {package.dist: self._run_exports[package.url + package.dist] for package in packages}

    def existing(self, outputs: Sequence[Output]) -> dict[str, str]:
        """Of packages that a recipe makes, by dist: the address of each that the channels have already
        (conda_build.build.is_package_built). Raises EnvironmentFailure for a channel that cannot be read."""
        channels = self.channels
        platforms = list(dict.fromkeys([*(o.subdir for o in outputs), "noarch"]))
        payload = {
            "groups": _groups(channels),
            "packages": [[o.name.lower(), o.version, o.build_string] for o in outputs],
            "platforms": platforms,
            "cache": str(self._config.cache / "repodata"),
            "access": access(channels, self._environ),
            "offline": self._config.offline,
        }
        answer = self._worker.call("cbw_core.env.solve_job:existing", payload, cancel=self._cancel)
        if "failure" in answer:
            raise failure(answer, env="", platform=platforms[0], written={}, channels=channels)
        return {outputs[int(number)].dist: redact(url) for number, url in answer["found"].items()}

    def _access(self, packages: Sequence[Resolved]) -> Access:
        if all(package.url.startswith("file:") or not package.url for package in packages):
            return {}
        return access(channels_of(self._config, self._environ), self._environ)

    def _solve(
        self, specs: Sequence[str], platform: str, env: str, siblings: Sequence[Resolved]
    ) -> tuple[Resolved, ...]:
        channels = self.channels
        written = {match_spec(spec, channels): spec for spec in specs}
        task = f"solve {env}"
        self._sink(Progress(task, 0, 1, item=f"{len(specs)} requirements"))
        payload = {
            "groups": _groups(channels),
            "specs": list(written),
            "platform": platform,
            "native": native_subdir(),
            "priority": self._priority,
            "siblings": [_sibling(sibling) for sibling in siblings],
            "under_test": env == "test" and bool(siblings),
            "cache": str(self._config.cache / "repodata"),
            "access": access(channels, self._environ),
            "offline": self._config.offline,
            "overrides": {k: v for k, v in self._environ.items() if k.startswith("CONDA_OVERRIDE_")},
        }
        answer = self._worker.call(
            "cbw_core.env.solve_job:solve",
            payload,
            on_event=lambda event: self._sink(Progress(**event)),
            cancel=self._cancel,
        )
        if "failure" in answer:
            raise failure(answer, env=env, platform=platform, written=written, channels=channels)
        known = {sibling.dist: sibling for sibling in siblings}
        packages = sorted((_resolved(record, known) for record in answer["records"]), key=lambda p: p.name)
        self._sink(Progress(task, 1, 1, item=f"{len(packages)} packages", finished=True))
        return tuple(packages)

    def _ensured(self, ref: ChannelRef) -> ChannelRef:
        if ref.kind != "host":
            if ref.kind in ("output", "local"):
                self._ensure_indexed()
            return ref
        from cbw_core.env.host import host_channel

        make: Callable[..., Path] = host_channel
        folder = make(self._config, sink=self._sink, cancel=self._cancel)
        return ChannelRef(ref.name, folder.as_uri(), ref.kind)

    def _ensure_indexed(self) -> None:
        """`local` named by the user before anything was built: an empty channel, as conda-build makes it."""
        from cbw_core.channel import index

        if not (self._config.packages / "noarch" / "repodata.json").is_file():
            index(self._config.packages)


def _groups(channels: Sequence[ChannelRef]) -> list[tuple[str, list[str]]]:
    """Neighbours of one name (a multichannel) share a priority tier."""
    groups: list[tuple[str, list[str]]] = []
    for ref in channels:
        if groups and groups[-1][0] == ref.name:
            groups[-1][1].append(ref.url)
        else:
            groups.append((ref.name, [ref.url]))
    return groups


def _sibling(package: Resolved) -> dict[str, Any]:
    return {**identity(package), "name": package.name.lower()}


def _resolved(record: Mapping[str, Any], siblings: Mapping[str, Resolved]) -> Resolved:
    """A record as rattler writes it. Siblings come back as they were given: they have no URL."""
    from cbw_core.channel.packages import normal_run_exports
    from cbw_core.env.solve_job import SIBLINGS

    if record["channel"] == SIBLINGS:
        return siblings[f"{record['name']}-{record['version']}-{record['build']}"]
    exports = record.get("run_exports")
    noarch = record.get("noarch") or ""
    if not record.get("url"):
        raise EnvironmentFailure(f"the channel gives no address for {record['fn']}", kind="channel")
    return Resolved(
        name=record["name"],
        version=record["version"],
        build=record["build"],
        build_number=record["build_number"],
        subdir=record["subdir"],
        channel=(record.get("channel") or "").rstrip("/"),
        url=record["url"],
        file_name=record["fn"],
        sha256=record.get("sha256"),
        md5=record.get("md5"),
        size=record.get("size"),
        timestamp=record.get("timestamp"),
        noarch=noarch if isinstance(noarch, str) else "generic",
        depends=tuple(record.get("depends") or ()),
        constrains=tuple(record.get("constrains") or ()),
        run_exports=None if exports is None else normal_run_exports(exports),
        python_site_packages_path=record.get("python_site_packages_path"),
    )
