"""Where the libraries come from that the package's programs and libraries need: a first look, told as verdicts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from cbw_core.errors import BuildError
from cbw_core.events import Verdict
from cbw_core.layout import Layout
from cbw_core.post import elf
from cbw_core.post.recipe import build_field, place_of, texts
from cbw_core.process import Cancel
from cbw_core.render.output import Output

# glibc's: no package has them, every Linux does
_GLIBC = (
    "ld-linux*", "ld64.so*", "libc.so.*", "libm.so.*", "libmvec.so.*", "libpthread.so.*", "libdl.so.*", "librt.so.*",
    "libutil.so.*", "libresolv.so.*", "libnsl.so.*", "libcrypt.so.*", "libanl.so.*", "libthread_db.so.*",
    "libBrokenLocale.so.*", "linux-vdso*",
)  # fmt: skip


def check(
    output: Output,
    layout: Layout,
    files: Sequence[str],
    *,
    owned: Mapping[str, str],
    cancel: Cancel,
    strict: bool = False,
) -> tuple[Verdict, ...]:
    """Findings about the libraries that ELF files among `files` need, sorted.

    "overlinking":     it is in a package that requirements/run does not have.
    "missing-library": no file of the host prefix is it, glibc does not have it and `missing_dso_whitelist` (or
                       _allowlist) does not name it.
    "build-prefix":    it is found in the build prefix, which is gone after the build.
    `overlinking_ignore_patterns` takes files out. With `build/error_overlinking: true`, or with `strict` where the
    recipe does not say, findings are a BuildError(kind="overlinking") that lists them all.
    """
    ignored = texts(build_field(output, "overlinking_ignore_patterns"))
    world = _World(output, layout, set(files), owned)
    found: list[Verdict] = []
    for path in files:
        cancel.check()
        file = layout.host_prefix / path
        if any(fnmatch(path, pattern) for pattern in ignored) or path.endswith(".debug") or not elf.is_elf(file):
            continue
        dynamic = elf.read(file)
        if dynamic is not None:
            found += world.verdicts(path, dynamic)
    verdicts = tuple(sorted(found, key=lambda v: (v.file, v.what, v.why)))
    told = build_field(output, "error_overlinking")
    if verdicts and (strict if told is None else told):
        first = verdicts[0]
        raise BuildError(
            f"{first.file} {first.why}",
            kind="overlinking",
            place=place_of(output, "error_overlinking") if told else None,
            why="build/error_overlinking is set." if told else "--error-overlinking is given.",
            hint="Add the package to requirements/run (or host, for its run_exports), or the library to "
            "build/missing_dso_whitelist.",
            details="\n".join(f"{v.what}: {v.file} {v.why}" for v in verdicts),
        )
    return verdicts


class _World:
    """What can be linked to."""

    def __init__(self, output: Output, layout: Layout, files: set[str], owned: Mapping[str, str]) -> None:
        self.prefix, self.layout, self.files, self.owned = layout.host_prefix, layout, files, owned
        self.run = {spec.split()[0].lower() for spec in output.requirements.run if spec.split()} | {output.name}
        self.allowed = [
            pattern
            for field in ("missing_dso_whitelist", "missing_dso_allowlist")
            for pattern in texts(build_field(output, field))
        ]

    def verdicts(self, path: str, dynamic: elf.Dynamic) -> Iterable[Verdict]:
        folder = str((self.prefix / path).parent)
        folders = [entry.replace("$ORIGIN", folder).replace("${ORIGIN}", folder) for entry in dynamic.rpath]
        for name in dynamic.needed:
            verdict = self._verdict(path, name, folders)
            if verdict is not None:
                yield verdict

    def _verdict(self, path: str, name: str, folders: Sequence[str]) -> Verdict | None:
        if any(fnmatch(name, pattern) for pattern in _GLIBC):
            return None
        places = [name] if name.startswith("/") else [f"{folder}/{name}" for folder in folders]
        found = next((os.path.normpath(place) for place in places if Path(place).exists()), None)
        inside = None if found is None else self._inside(found)
        if inside is not None:
            return self._owner(path, name, inside)
        if any(_matches(name, pattern) or (found and _matches(found, pattern)) for pattern in self.allowed):
            return None
        if found is not None and found.startswith(f"{self.layout.build_prefix}/"):
            return Verdict("build-prefix", path, f"needs {name}, found in the build prefix only")
        return Verdict("missing-library", path, f"needs {name}, which no package in the host environment has")

    def _inside(self, found: str) -> str | None:
        """The path relative to the prefix, through links in it."""
        prefix = str(self.prefix)
        return found[len(prefix) + 1 :] if found.startswith(prefix + os.sep) else None

    def _owner(self, path: str, name: str, inside: str) -> Verdict | None:
        real = os.path.relpath(os.path.realpath(self.prefix / inside), os.path.realpath(self.prefix))
        if inside in self.files or real in self.files or any(_matches(inside, pattern) for pattern in self.allowed):
            return None
        dist = self.owned.get(inside) or self.owned.get(real)
        if dist is None:
            return Verdict("missing-library", path, f"needs {name}, which is in the host prefix but in no package")
        package = dist.rsplit("-", 2)[0]
        if package.lower() in self.run:
            return None
        return Verdict("overlinking", path, f"needs {name} of {package}, which is not in requirements/run")


def _matches(name: str, pattern: str) -> bool:
    return fnmatch(name, pattern) or fnmatch(name, f"*/{pattern}") or fnmatch(f"/{name}", pattern)
