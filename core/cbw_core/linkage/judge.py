"""Verdicts: of each library that a file needs, of its rpath, and of a package's run requirements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from cbw_core.linkage.loading import Loader
from cbw_core.linkage.model import Change, FileLinkage, Glob, Need, Owner, PackageLinkage, Resolution, Verdict
from cbw_core.linkage.places import World
from cbw_core.linkage.system import is_system
from cbw_core.objects import Binary, Needed, newest_glibc

RUN = "requirements/run"
_DSO = "build/missing_dso_whitelist"
# packages whose libraries nothing links to: programs run what is in them (conda_build.post: "interpreter")
_INTERPRETERS = (
    "python", "pypy", "r-base", "mro-base", "perl", "ruby", "lua", "luajit", "nodejs", "julia", "openjdk", "tcl", "tk",
)  # fmt: skip
# they come with the compilers' run_exports, and a static libgcc needs none (conda_build.post.check_overlinking_impl)
_RUNTIMES = (
    "libgcc", "libgcc-ng", "libstdcxx", "libstdcxx-ng", "libcxx", "vc", "vs2015_runtime", "vc14_runtime", "ucrt",
)  # fmt: skip


class Judge:
    """Judges files of one world. dependencies: package name -> names it depends on, of all at hand."""

    def __init__(self, world: World, *, dependencies: Mapping[str, Sequence[str]] | None = None) -> None:
        self.world, self.loader = world, Loader(world)
        self._dependencies = dependencies or {}
        self._libraries: dict[str, list[str]] | None = None
        self._build_names: dict[str, str] | None = None
        self._names: dict[str, list[str]] | None = None

    def package(self, owner: Owner, paths: Sequence[str]) -> PackageLinkage:
        """The files `paths` as those of one package, and its run requirements."""
        files = [self.file(owner, path, binary) for path in paths for binary in self.world.tree.binaries.get(path, ())]
        return PackageLinkage(owner.dist, owner.name, owner.run or (), tuple(files), tuple(self._unused(owner, files)))

    def file(self, owner: Owner, path: str, binary: Binary) -> FileLinkage:
        needs = tuple(self._need(owner, path, binary, needed) for needed in binary.needed)
        verdicts = tuple(self._rpaths(owner, path, binary))
        skipped = next((g for g in owner.ignored_files if fnmatchcase(path, g.pattern)), None)
        if skipped is not None:
            needs = tuple(replace(n, verdict=_allowed(n.verdict, skipped)) for n in needs)
            verdicts = tuple(_allowed(v, skipped) for v in verdicts)
        return FileLinkage(path, owner.dist, binary, needs, verdicts)

    def _need(self, owner: Owner, path: str, binary: Binary, needed: Needed) -> Need:
        found = self.loader.find(path, binary, needed.name)
        if found.where == "prefix" and owner.dist and found.owner == owner.dist:
            found = replace(found, where="package")
        if found.where == "nowhere":
            found = self._elsewhere(found, needed.name)
        verdict = self._verdict(owner, binary, needed, found)
        if verdict.is_finding:
            allowed = next((g for g in owner.allowed if _allows(g.pattern, needed.name, found)), None)
            verdict = _allowed(verdict, allowed) if allowed else verdict
        return Need(needed, found, verdict)

    def _elsewhere(self, found: Resolution, name: str) -> Resolution:
        """The build prefix has what no environment of the package will have."""
        if self.world.build is None:
            return found
        if self._build_names is None:
            build = self.world.build
            self._build_names = {p.rpartition("/")[2]: p for p in sorted((*build.files, *build.links), reverse=True)}
        path = self._build_names.get(name.rpartition("/")[2])
        if path is None:
            return found
        return replace(found, where="build", path=path, owner=self.world.build.owners.get(path, ""))

    def _verdict(self, owner: Owner, binary: Binary, needed: Needed, found: Resolution) -> Verdict:
        if found.where == "system":
            return self._of_system(owner, binary, needed, found)
        if found.where in ("build", "nowhere"):
            return self._missing(owner, needed, found)
        lacking = self._versions(binary, needed, found)
        if lacking:
            return Verdict("missing", f"{found.path} does not define {', '.join(lacking)}", _need_newer(found))
        if found.where == "package":
            return Verdict("ok", "in the package itself")
        if not found.owner:
            return Verdict("untracked", f"{found.path} is of no package") if owner.dist else Verdict("ok", found.by)
        name = name_of(found.owner)
        if not owner.dist or owner.run is None:
            return Verdict("ok", f"in {found.owner}")
        if name in owner.run:
            return Verdict("ok", f"{name} is in {RUN}")
        through = self._through(name, owner.run)
        why = f"{found.path} is of {name}, which is not in {RUN}"
        if through:
            why += f" (it comes along with {through}, as long as that depends on it)"
        return Verdict("overlinked", why, (Change("add", RUN, f"- {name}", owner.run_place),))

    def _of_system(self, owner: Owner, binary: Binary, needed: Needed, found: Resolution) -> Verdict:
        newest = newest_glibc([needed.versions])
        if owner.glibc is not None and newest and _number(newest) > _number(owner.glibc[0]):
            change = Change("add", RUN, f"- __glibc >={newest},<3.0.a0", owner.run_place)
            return Verdict("missing", f"needs GLIBC_{newest}, but {owner.glibc[1]} is {owner.glibc[0]}", (change,))
        root = self.world.system.root if self.world.system else ""
        known = is_system(needed.name, binary.format) or not owner.dist or owner.run is None
        if known or (root and found.path):
            shown = f"{root}{found.path}" if found.path.startswith("/") else found.path
            return Verdict("system", shown)
        return Verdict(
            "missing",
            f"only this machine's {found.path} is it: it is in no package, and other machines may not have it",
            _wanted(needed.name, owner),
        )

    def _missing(self, owner: Owner, needed: Needed, found: Resolution) -> Verdict:
        if found.where == "build":
            package = f" (of {name_of(found.owner)})" if found.owner else ""
            add = (Change("add", "requirements/host", f"- {name_of(found.owner)}"),) if found.owner else ()
            why = f"found in the build environment only: {found.path}{package}"
            return Verdict("missing", why, (*add, *_wanted(needed.name, owner)))
        if needed.link == "weak":
            return Verdict("ok", "it is nowhere, but may be: the link is weak")
        if not owner.at_hand:
            return Verdict("unknown", "not in the package itself; the packages it depends on are not at hand")
        same_name = self._same_name(needed.name)
        if same_name:
            shown = ", ".join(same_name[:3])
            return Verdict("missing", f"no rpath leads to {shown}", _wanted(needed.name, owner))
        when = "; it is loaded at the first call only" if needed.link in ("delay", "lazy") else ""
        return Verdict("missing", f"it is nowhere{when}", _wanted(needed.name, owner))

    def _same_name(self, name: str) -> list[str]:
        if self._names is None:
            self._names = {}
            for path in sorted((*self.world.tree.files, *self.world.tree.links)):
                self._names.setdefault(path.rpartition("/")[2], []).append(path)
        return self._names.get(name.rpartition("/")[2], [])

    def _versions(self, binary: Binary, needed: Needed, found: Resolution) -> list[str]:
        """Versions of symbols that the library found does not define. One that defines none at all is let through by
        the loader, with a warning."""
        if not needed.versions:
            return []
        for library in self.world.tree.binaries.get(found.path, ()):
            if library.arch == binary.arch and library.defines:
                return [version for version in needed.versions if version not in library.defines]
        return []

    def _through(self, name: str, run: Sequence[str]) -> str:
        """The run requirement that depends on a package, near or far."""
        for start in run:
            seen, todo = {start}, [start]
            while todo:
                for below in self._dependencies.get(todo.pop(), ()):
                    if below == name:
                        return start
                    if below not in seen:
                        seen.add(below)
                        todo.append(below)
        return ""

    def _rpaths(self, owner: Owner, path: str, binary: Binary) -> Iterator[Verdict]:
        for entry in (*binary.rpath, *binary.runpath):
            if not entry.startswith("/") or self.world.tree.inside(entry.rstrip("/")) is not None:
                continue
            if binary.format == "Mach-O" and is_system(f"{entry}/", "Mach-O"):
                continue
            verdict = Verdict(
                "absolute rpath",
                f"its rpath has {entry}, outside the prefix",
                (
                    Change("add", "build", "binary_relocation: true", owner.build_place),
                    Change("add", "build/runpath_whitelist", f"- '{path}'", owner.build_place),
                ),
            )
            allowed = next((g for g in owner.rpaths if fnmatchcase(path, g.pattern)), None)
            yield _allowed(verdict, allowed) if allowed else verdict

    def _unused(self, owner: Owner, files: Sequence[FileLinkage]) -> Iterator[Verdict]:
        """Run requirements that have libraries, none of which is needed (conda_build.post: overdepending)."""
        if owner.run is None or not files:
            return
        used = {name_of(n.resolution.owner) for f in files for n in f.needs if n.resolution.owner}
        for name in owner.run:
            libraries = self._libraries_of().get(name, [])
            if not libraries or name in used or name in _INTERPRETERS or name in _RUNTIMES or name in owner.ignored:
                continue
            place = owner.places.get(name)
            changes = (
                Change("remove", RUN, f"- {name}", place),
                Change("add", "build/ignore_run_exports", f"- {name}", owner.build_place),
            )
            some = ", ".join(libraries[:2])
            yield Verdict("overdepending", f"{name} has {some}, and no file of the package needs it", changes)

    def _libraries_of(self) -> Mapping[str, list[str]]:
        """Package name -> its shared libraries, those in the folders that the linker looks into."""
        if self._libraries is None:
            self._libraries = {}
            tree = self.world.tree
            for path in sorted(tree.binaries):
                folder, _, _ = path.rpartition("/")
                shared = any(b.kind == "library" and b.soname for b in tree.binaries[path])
                if shared and folder in ("lib", "lib64", "Library/bin", "bin") and tree.owners.get(path):
                    self._libraries.setdefault(name_of(tree.owners[path]), []).append(path)
        return self._libraries


def name_of(dist: str) -> str:
    """The package's name of a dist: "libz" of "libz-1.3-h1_0"."""
    return dist.rsplit("-", 2)[0]


def _allows(pattern: str, name: str, found: Resolution) -> bool:
    """As conda_build.post.caseless_sepless_fnmatch; conda-build writes $RPATH/ before what it did not find."""
    pattern = pattern.replace("\\", "/").lower()
    texts = (name, f"/{name}", f"$RPATH/{name}", found.path, f"/{found.path}")
    return any(fnmatchcase(text.replace("\\", "/").lower(), pattern) for text in texts if text)


def _allowed(verdict: Verdict, glob: Glob) -> Verdict:
    """A finding that a glob allows."""
    if not verdict.is_finding:
        return verdict
    return Verdict("whitelisted", f"by {glob}; else {verdict.word}: {verdict.why}", (), glob)


def _wanted(name: str, owner: Owner) -> tuple[Change, ...]:
    pattern = f"- '*/{name.rpartition('/')[2]}'"
    return (Change("add", _DSO, pattern, owner.build_place),)


def _need_newer(found: Resolution) -> tuple[Change, ...]:
    return (Change("add", RUN, f"- {name_of(found.owner)} >=(the version it was linked to)"),) if found.owner else ()


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
