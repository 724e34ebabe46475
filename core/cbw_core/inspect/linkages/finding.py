"""`cbw inspect linkages`: a target opened, its programs and libraries read, every need resolved and judged."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.events import Progress, Sink, silent
from cbw_core.inspect.linkages.recipe_lines import owner_of, owner_of_package
from cbw_core.inspect.targets import Contents, Installed, Target, installed, read_package
from cbw_core.layout import Layout
from cbw_core.linkage import FileLinkage, Judge, Linkages, Owner, PackageLinkage, System, Tree, World
from cbw_core.linkage.scan import Scan, scan, tree_of
from cbw_core.objects import Binary, Failure, ReadFile, newest_glibc, read_files
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.test.packaged import Info

_CONDA = (".conda", ".tar.bz2")
Read = tuple[Mapping[str, tuple[Binary, ...]], tuple[Failure, ...]]


def linkages(
    target: Target,
    *,
    prefix: Path | None = None,
    sysroot: str | None = None,
    untracked: bool = False,
    sink: Sink = silent,
    cancel: Cancel | None = None,
) -> Linkages:
    """What is found in a package file, a prefix, a package in one, a folder or a file (sessions: `of_session`).

    prefix:    of a package file: the environment that has the packages it depends on.
    sysroot:   the root file system for the system's libraries; None for this machine's, where that fits.
    untracked: of a prefix: look at the files that no package owns, too.
    Broken files are in `failures`. Raises UsageError(kind="package"), Interrupted.
    """
    looking = _Looking(sysroot, sink, cancel)
    if target.kind == "package":
        return looking.package(target, prefix)
    if target.kind in ("prefix", "installed"):
        return looking.prefix(target, untracked)
    if target.kind == "file":
        return looking.file(target)
    return looking.folder(target)


def of_session(
    subject: str,
    output: Output,
    layout: Layout,
    files: Sequence[str],
    *,
    owned: Mapping[str, str],
    sysroot: str | None = None,
    remarks: Sequence[str] = (),
    cancel: Cancel | None = None,
) -> Linkages:
    """The files of an output as they stand in its session, judged as the post phase does."""
    from cbw_core.post.linkage import judge

    judged, failures = judge(output, layout, files, owned=owned, sysroot=sysroot, cancel=cancel, everything=True)
    return Linkages(subject, "session", str(layout.host_prefix), (judged,), failures, tuple(remarks))


class _Looking:
    def __init__(self, sysroot: str | None, sink: Sink, cancel: Cancel | None) -> None:
        self._sysroot, self._sink, self._cancel = sysroot, sink, cancel
        self._glibc: tuple[str, str] | None = self._glibc_of(sysroot) if sysroot else None

    def package(self, target: Target, prefix: Path | None) -> Linkages:
        with tempfile.TemporaryDirectory(prefix="cbw-inspect-") as folder:
            contents = read_package(target.path, Path(folder), cancel=self._cancel)
            wanted = [(path, item.disk) for path, item in contents.items.items() if item.format]
            binaries, failures = self._read([path for path, _ in wanted], [disk for _, disk in wanted])
        failures = (*contents.failures, *failures)
        remarks: tuple[str, ...] = ()
        try:
            owner = owner_of_package(contents.info, at_hand=prefix is not None)
        except UsageError as error:
            if not contents.items and contents.failures:
                raise self._no_package(target, contents) from error
            owner = Owner(target.path.name, target.path.name, at_hand=prefix is not None)
            if target.path.name.endswith(_CONDA):
                failures = (*failures, Failure("info/index.json", "broken", error.why or error.message))
            else:
                remarks = ("it is no conda package: nothing is known of its dependencies",)
        world, dependencies = self._package_world(contents, binaries, owner, prefix)
        judged = Judge(world, dependencies=dependencies).package(self._with_glibc(owner), sorted(binaries))
        if not owner.at_hand and not remarks:
            remarks = ("the packages it depends on are not looked into: give -p PREFIX for that",)
        return Linkages(target.subject, "package", "", (judged,), failures, remarks)

    def _no_package(self, target: Target, contents: Contents) -> UsageError:
        return UsageError(
            f"{target.path.name} cannot be read",
            kind="package",
            why=contents.failures[0].why,
            hint="Build or download it again.",
        )

    def _package_world(
        self, contents: Contents, binaries: Mapping[str, tuple[Binary, ...]], owner: Owner, prefix: Path | None
    ) -> tuple[World, Mapping[str, Sequence[str]]]:
        """The package's files over those of the other packages of the prefix."""
        files = {p for p, one in contents.items.items() if one.kind == "file"}
        links = {p: one.target for p, one in contents.items.items() if one.kind == "link"}
        owners = dict.fromkeys((*files, *links), owner.dist)
        dependencies: dict[str, Sequence[str]] = {}
        every, below = dict(binaries), "/prefix"
        if prefix is not None:
            found, records, read = self._prefix(prefix)
            mine = {p for one in records if one.name == owner.name for p in one.files}
            others = {p: one.dist for one in records if one.name != owner.name for p in one.files}
            files |= found.files - mine
            links = {**{p: t for p, t in found.links.items() if p not in mine}, **links}
            owners = {**others, **owners}
            every = {**{p: b for p, b in read[0].items() if p not in mine}, **every}
            dependencies = {one.name: one.run for one in records}
            below = str(prefix)
        windows = any(b.format == "PE" for read_ in binaries.values() for b in read_)
        tree = Tree((below, *_placeholders(contents.info)), frozenset(files), links, owners, every, folded=windows)
        return World(tree, System(self._sysroot) if self._sysroot else None), dependencies

    def prefix(self, target: Target, untracked: bool) -> Linkages:
        found, records, (binaries, failures) = self._prefix(target.path)
        owners = {path: one.dist for one in records for path in one.files}
        world = World(tree_of(found, binaries, owners=owners, folded=_windows(binaries)), self._system())
        dependencies = {one.name: one.run for one in records}
        judge = Judge(world, dependencies=dependencies)
        chosen = [one for one in records if target.kind == "prefix" or one.name == target.name]
        packages = [self._installed(judge, one, [p for p in one.files if p in binaries]) for one in chosen]
        if untracked:
            loose = [path for path in sorted(binaries) if path not in owners]
            packages.append(judge.package(Owner("", "untracked files"), loose))
        kept = tuple(p for p in packages if p.files or target.kind == "installed")
        if target.kind == "installed":
            mine = {path for one in chosen for path in one.files}
            failures = tuple(f for f in failures if f.path in mine)
        return Linkages(target.subject, target.kind, str(target.path), kept, failures)

    def _installed(self, judge: Judge, one: Installed, paths: Sequence[str]) -> PackageLinkage:
        """Judged first without its recipe: that is read only where there is something to allow."""
        judged = judge.package(self._with_glibc(owner_of(one.dist, one.name, one.depends, None)), paths)
        info = _info_in_cache(one) if judged.verdicts or any(f.findings for f in judged.files) else None
        if info is None:
            return judged
        return judge.package(self._with_glibc(owner_of(one.dist, one.name, one.depends, info)), paths)

    def file(self, target: Target) -> Linkages:
        """One file, with the prefix around it, or alone in its folder."""
        if (target.path / "conda-meta").is_dir():
            every = self.prefix(replace(target, kind="prefix"), untracked=True)
            mine = [replace(p, files=own, verdicts=()) for p in every.packages if (own := _only(p, target.name))]
            failures = tuple(f for f in every.failures if f.path == target.name)
            return replace(every, kind="file", packages=tuple(mine), failures=failures)
        binaries, failures = self._read([target.name], [str(target.path / target.name)])
        found = Scan(str(target.path), frozenset({target.name}))
        world = World(tree_of(found, binaries, folded=_windows(binaries)), self._system())
        judged = Judge(world).package(Owner("", target.name), sorted(binaries))
        return Linkages(target.subject, "file", str(target.path), (judged,), failures)

    def folder(self, target: Target) -> Linkages:
        found = scan(str(target.path), cancel=self._cancel)
        binaries, failures = self._read(found.candidates, [f"{target.path}/{path}" for path in found.candidates])
        world = World(tree_of(found, binaries, folded=_windows(binaries)), self._system())
        judged = Judge(world).package(Owner("", target.path.name), sorted(binaries))
        return Linkages(target.subject, "folder", str(target.path), (judged,), (*found.failures, *failures))

    def _prefix(self, prefix: Path) -> tuple[Scan, tuple[Installed, ...], Read]:
        found = scan(str(prefix), cancel=self._cancel)
        records, broken = installed(prefix)
        binaries, failures = self._read(found.candidates, [f"{prefix}/{path}" for path in found.candidates])
        return found, records, (binaries, (*broken, *found.failures, *failures))

    def _read(self, paths: Sequence[str], disks: Sequence[str]) -> Read:
        total = len(paths)

        def told(done: int) -> None:
            self._sink(Progress("reading programs and libraries", done, total, "files", finished=done == total))

        read = read_files(disks, cancel=self._cancel, on_read=told)
        failures = tuple(_moved(one, path) for path, one in zip(paths, read, strict=True) if one.failure is not None)
        return {path: one.binaries for path, one in zip(paths, read, strict=True) if one.binaries}, failures

    def _system(self) -> System:
        return System(self._sysroot or "/")

    def _with_glibc(self, owner: Owner) -> Owner:
        return replace(owner, glibc=self._glibc) if self._glibc is not None else owner

    def _glibc_of(self, sysroot: str) -> tuple[str, str] | None:
        """The newest glibc version that a sysroot's own libc defines."""
        system = System(sysroot)
        places = [system.find("libc.so.6", arch)[0] for arch in ("x86_64", "aarch64", "ppc64le", "s390x", "i386")]
        path = next((one for one in places if one), "")
        if not path:
            return None
        read = read_files([f"{system.root}{path}"], cancel=self._cancel)[0]
        newest = newest_glibc([b.defines for b in read.binaries])
        return (newest, f"the sysroot's {path}") if newest else None


def _moved(read: ReadFile, path: str) -> Failure:
    assert read.failure is not None
    return replace(read.failure, path=path)


def _only(package: PackageLinkage, path: str) -> tuple[FileLinkage, ...]:
    return tuple(file for file in package.files if file.path == path)


def _windows(binaries: Mapping[str, tuple[Binary, ...]]) -> bool:
    return any(b.format == "PE" for read in binaries.values() for b in read)


def _placeholders(info: Info) -> tuple[str, ...]:
    """What the files of a package call their prefix: an installer puts the real one there."""
    import json

    found: list[str] = []
    try:
        paths = json.loads(info.text("paths.json") or "{}").get("paths") or []
        found = [str(one["prefix_placeholder"]) for one in paths if one.get("prefix_placeholder")]
    except (ValueError, AttributeError, TypeError):
        pass  # a failure of its own where the package is looked at as a whole
    for line in (info.text("has_prefix") or "").splitlines():
        first = line.split(" ")[0].strip('"')
        if first.startswith("/"):
            found.append(first)
    return tuple(dict.fromkeys(found))


def _info_in_cache(one: Installed) -> Info | None:
    """The recipe of an installed package, from the package cache."""
    if not one.unpacked:
        return None
    files: dict[str, tuple[int, bytes | str]] = {}
    for path in ("recipe/meta.yaml", "recipe/meta.yaml.template"):
        full = os.path.join(one.unpacked, "info", path)  # noqa: PTH118
        try:
            with open(full, "rb") as stream:  # noqa: PTH123
                files[path] = 0o644, stream.read()
        except OSError:
            continue
    return Info(Path(one.dist), files) if files else None
