"""A package of the host channel as data, and its archive."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.archive.pack import Member
    from cbw_core.process import Cancel

# The maker's version: a change of what the packages contain or say must raise it. It is part of the channel's key.
MAKER = 1
# What text files hold in place of the prefix, as long as conda-build's own placeholder.
PLACEHOLDER = ("/opt/cbw_host_channel" + "_placehold" * 30)[:255]
# All files and records bear one moment, so that the same machine makes the same bytes.
TIMESTAMP = 1_700_000_000
# Local, read once or twice: quick to write is worth more than small.
LEVEL = 3


@dataclass(frozen=True)
class File:
    """A file of a package. `path` is relative, with "/".

    data: its bytes, or where they lie. link: the target of a symbolic link instead.
    prefixed: its text holds PLACEHOLDER, to be replaced at install.
    """

    path: str
    data: bytes | Path = b""
    mode: int = 0o644
    link: str | None = None
    prefixed: bool = False

    def read(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else self.data.read_bytes()


@dataclass(frozen=True)
class HostPackage:
    """A package to be written: what its index.json, about.json and run_exports.json say, and its files.

    build:     without the leading "host_", which every build string of this channel bears.
    subdir:    "linux-64", ...; "noarch" goes with `noarch` "python" or "generic".
    made_from: what on this machine, or which wheel, it was made of.
    entry_points: of a noarch: python package ("name = module:function").
    """

    name: str
    version: str
    build: str
    subdir: str
    summary: str
    made_from: tuple[str, ...]
    license: str
    noarch: str = ""
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    run_exports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    description: str = ""
    files: tuple[File, ...] = ()
    entry_points: tuple[str, ...] = ()
    site_packages: str = ""

    @property
    def build_string(self) -> str:
        return f"host_{self.build}"

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}-{self.build_string}.conda"


def write(package: HostPackage, channel: Path, *, cancel: Cancel | None = None) -> Path:
    """Write the archive of `package` below `channel`/<subdir>; its path. The same package gives the same bytes."""
    from cbw_core.archive.pack import Member, write_package

    members = [Member(f.path, f.data, f.mode, f.link) for f in package.files]
    members += [_member(name, data) for name, data in _info(package).items()]
    target = channel / package.subdir / package.file_name
    write_package(target, members, level=LEVEL, timestamp=TIMESTAMP, cancel=cancel)
    return target


def _member(name: str, data: Any) -> Member:
    from cbw_core.archive.pack import Member

    text = data if isinstance(data, str) else json.dumps(data, indent=2, sort_keys=True) + "\n"
    return Member(f"info/{name}", text.encode())


def _info(package: HostPackage) -> dict[str, Any]:
    """The files of info/, as conda-build's packages have them, by name."""
    paths = sorted(_paths(package.files), key=lambda entry: str(entry["_path"]))
    prefixed = [entry for entry in paths if "prefix_placeholder" in entry]
    info: dict[str, Any] = {
        "index.json": _index(package),
        "about.json": _about(package),
        "paths.json": {"paths": paths, "paths_version": 1},
        "files": "".join(f"{entry['_path']}\n" for entry in paths),
        "hash_input.json": {},
    }
    if prefixed:
        info["has_prefix"] = "".join(f'{PLACEHOLDER} text "{entry["_path"]}"\n' for entry in prefixed)
    if package.run_exports:
        info["run_exports.json"] = {kind: list(specs) for kind, specs in package.run_exports.items()}
    if package.noarch == "python":
        noarch: dict[str, Any] = {"type": "python"}
        if package.entry_points:
            noarch["entry_points"] = list(package.entry_points)
        info["link.json"] = {"noarch": noarch, "package_metadata_version": 1}
    return info


def _index(package: HostPackage) -> dict[str, Any]:
    from cbw_core.platforms import Platform

    platform = Platform(package.subdir)
    index: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "build": package.build_string,
        "build_number": 0,
        "subdir": package.subdir,
        "arch": platform.index_arch,
        "platform": platform.index_platform,
        "depends": list(package.depends),
        "constrains": list(package.constrains),
        "license": package.license,
        "timestamp": TIMESTAMP * 1000,
        "cbw_host_channel": MAKER,
    }
    if package.noarch:
        index["noarch"] = package.noarch
    if package.site_packages:
        index["python_site_packages_path"] = package.site_packages
    return index


def _about(package: HostPackage) -> dict[str, Any]:
    origin = "Made by cbw's host channel on the machine where it is used; no conda channel has it. "
    return {
        "summary": package.summary,
        "description": origin + package.description,
        "license": package.license,
        "tags": ["cbw-host-channel"],
        "extra": {"cbw_host_channel": {"maker": MAKER, "made_from": list(package.made_from)}},
    }


def _paths(files: tuple[File, ...]) -> list[dict[str, Any]]:
    """The entries of paths.json. A link bears the digest of the file it points to (conda-build's way)."""
    digests: dict[str, tuple[str, int]] = {}
    links = {f.path: posixpath.normpath(posixpath.join(posixpath.dirname(f.path), f.link)) for f in files if f.link}
    for file in files:
        if file.link is None:
            data = file.read()
            digests[file.path] = hashlib.sha256(data).hexdigest(), len(data)
    entries = []
    for file in files:
        entry: dict[str, Any] = {"_path": file.path, "path_type": "hardlink" if file.link is None else "softlink"}
        path = file.path
        for _ in range(len(links)):
            if path not in links:
                break
            path = links[path]
        entry["sha256"], entry["size_in_bytes"] = digests.get(path, (hashlib.sha256(b"").hexdigest(), 0))
        if file.prefixed:
            entry["prefix_placeholder"], entry["file_mode"] = PLACEHOLDER, "text"
        entries.append(entry)
    return entries
