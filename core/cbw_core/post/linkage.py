"""Where the libraries come from that the package's programs and libraries need, told as verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cbw_core import linkage
from cbw_core.errors import BuildError
from cbw_core.events import Verdict
from cbw_core.layout import Layout
from cbw_core.linkage import Glob, Judge, Owner, PackageLinkage, System, World
from cbw_core.linkage.scan import Scan, scan, tree_of
from cbw_core.objects import Failure, ReadFile, looks_like, read_files
from cbw_core.post.recipe import build_field, place_of, texts
from cbw_core.process import Cancel
from cbw_core.render.output import Output

# what post tells of; untracked: the host prefix has it, in a file that neither a package nor the build made
_TOLD = ("overlinked", "missing", "untracked", "absolute rpath")
_GLIBC = re.compile(r"__glibc\s*>=\s*(\d+(?:\.\d+)+)")


def check(
    output: Output,
    layout: Layout,
    files: Sequence[str],
    *,
    owned: Mapping[str, str],
    cancel: Cancel,
    strict: bool = False,
    strict_run: bool = False,
) -> tuple[Verdict, ...]:
    """Findings about linkage, sorted (docs/linkage.md): of the libraries that programs and libraries among `files` need
    "overlinked", "missing" and "untracked", of their rpaths "absolute rpath", of requirements/run "overdepending".

    With `build/error_overlinking: true`, or with `strict` where the recipe does not say, findings about files are a
    BuildError(kind="overlinking"); with `build/error_overdepending: true` or `strict_run` those about requirements/run
    one of kind "overdepending". It lists them all, of both kinds.
    """
    judged, _ = judge(output, layout, files, owned=owned, cancel=cancel)
    linked = _of_files(judged)
    unused = tuple(Verdict(v.word, "requirements/run", v.why, _changes(v)) for v in judged.verdicts if v.is_finding)
    wrong: list[Verdict] = []
    reasons = []
    for found, field, given in ((linked, "error_overlinking", strict), (unused, "error_overdepending", strict_run)):
        told = build_field(output, field)
        if found and (given if told is None else told):
            wrong += found
            reasons.append((field, told))
    if wrong:
        field, told = reasons[0]
        raise BuildError(
            f"{wrong[0].file} {wrong[0].why}" if field == "error_overlinking" else wrong[0].why,
            kind=field.removeprefix("error_"),
            place=place_of(output, field) if told else None,
            why=f"build/{field} is set." if told else f"--{field.replace('_', '-')} is given.",
            hint=_HINTS[field],
            details="\n".join(f"{v.what}: {v.file} {v.why}" for v in wrong),
        )
    return (*linked, *unused)


_HINTS = {
    "error_overlinking": "Add the package to requirements/run (or host, for its run_exports), or the library to "
    "build/missing_dso_whitelist.",
    "error_overdepending": "Take it out of requirements/run; where a run_export brings it, name it in "
    "build/ignore_run_exports.",
}


def _of_files(judged: PackageLinkage) -> tuple[Verdict, ...]:
    found = set()
    for file in judged.files:
        if file.path.endswith(".debug"):
            continue
        texts_of = [(verdict, verdict.why) for verdict in file.verdicts]
        texts_of += [(need.verdict, f"needs {need.name}: {need.verdict.why}") for need in file.needs]
        found |= {Verdict(v.word, file.path, why, _changes(v)) for v, why in texts_of if v.word in _TOLD}
    return tuple(sorted(found, key=lambda v: (v.file, v.what, v.why)))


def _changes(verdict: linkage.Verdict) -> str:
    return "; or ".join(str(change) for change in verdict.changes)


def judge(
    output: Output,
    layout: Layout,
    files: Sequence[str],
    *,
    owned: Mapping[str, str],
    cancel: Cancel | None = None,
    sysroot: str | None = None,
    everything: bool = False,
) -> tuple[PackageLinkage, tuple[Failure, ...]]:
    """The files `files` of the host prefix as those of the output's package; and those that could not be read.

    owned: path -> dist of the files of installed packages. sysroot: None for the build environment's, if it has one,
    or this machine. everything: read all of the prefix, so that run requirements of no use are found, too.
    """
    prefix, known = str(layout.host_prefix), set(files)
    found = scan(prefix, only=None if everything else lambda path: path in known or _is_usual(path), cancel=cancel)
    mine = [path for path in found.candidates if path in known]
    if not mine and not everything:
        return Judge(World(tree_of(found, {}))).package(owner_of(output), ()), ()
    read = _read(prefix, found.candidates, cancel)
    if not everything:
        read |= _read(prefix, _elsewhere(prefix, found, read), cancel)
    owners = {**owned, **dict.fromkeys(files, output.dist)}
    root = sysroot if sysroot is not None else _sysroot(layout.build_prefix)
    built = scan(str(layout.build_prefix), only=lambda _: False, cancel=cancel)
    world = World(
        tree_of(
            found,
            {path: one.binaries for path, one in read.items()},
            owners=owners,
            folded=output.host_subdir.startswith("win-"),
        ),
        System(root or "/") if output.host_subdir.startswith("linux-") else None,
        None if output.merges_build_and_host else tree_of(built, {}),
    )
    failures = [_inside(read[path], path) for path in mine]
    return Judge(world).package(owner_of(output), mine), tuple(one for one in failures if one is not None)


def _is_usual(path: str) -> bool:
    """Where libraries mostly are, and the program that loads extension modules."""
    return path.rpartition("/")[0] in ("lib", "lib64", "Library/bin", "") or path.startswith("bin/python")


def _read(prefix: str, paths: Iterable[str], cancel: Cancel | None) -> dict[str, ReadFile]:
    paths = list(paths)
    return dict(zip(paths, read_files([f"{prefix}/{path}" for path in paths], cancel=cancel), strict=True))


def _elsewhere(prefix: str, found: Scan, read: Mapping[str, ReadFile]) -> list[str]:
    """Files of unusual places that have the name of a library that is needed."""
    names = {n.name.rpartition("/")[2] for one in read.values() for b in one.binaries for n in b.needed}
    tree = tree_of(found, {})
    paths = {tree.real(path) for path in (*found.files, *found.links) if path.rpartition("/")[2] in names}
    return sorted(path for path in paths if path and path not in read and looks_like(f"{prefix}/{path}"))


def _inside(read: ReadFile, path: str) -> Failure | None:
    return None if read.failure is None else Failure(path, read.failure.kind, read.failure.why)


def _sysroot(build_prefix: Path) -> str:
    """Compilers bring one: <build prefix>/<triplet>/sysroot (conda_build.post.check_overlinking_impl)."""
    return next((str(folder) for folder in sorted(build_prefix.glob("*/sysroot")) if folder.is_dir()), "")


def owner_of(output: Output) -> Owner:
    """What the recipe says of its package's linkage."""
    run = tuple(dict.fromkeys(spec.split()[0].lower() for spec in output.requirements.run if spec.split()))
    oldest = next((m[1] for spec in output.requirements.run if (m := _GLIBC.match(spec))), None)
    return Owner(
        dist=output.dist,
        name=output.name,
        run=run,
        ignored=_ignored(output),
        allowed=(*_globs(output, "missing_dso_whitelist"), *_globs(output, "missing_dso_allowlist")),
        ignored_files=_globs(output, "overlinking_ignore_patterns"),
        rpaths=(*_globs(output, "runpath_whitelist"), *_globs(output, "runpath_allowlist")),
        run_place=place_of(output, "run"),
        build_place=place_of(output, "build"),
        places={name: place for name in run if (place := place_of(output, "run", name)).line},
        glibc=(oldest, "the oldest that requirements/run allows") if oldest else None,
    )


def _ignored(output: Output) -> tuple[str, ...]:
    return tuple(spec.split()[0] for spec in texts(build_field(output, "ignore_run_exports")) if spec.split())


def _globs(output: Output, field: str) -> tuple[Glob, ...]:
    return tuple(
        Glob(pattern, f"build/{field}", place_of(output, field, pattern))
        for pattern in texts(build_field(output, field))
    )
