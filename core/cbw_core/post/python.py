"""What Python packages need before they are packed: bytecode, eggs laid open, INSTALLER, the right dist-info."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from cbw_core.errors import BuildError
from cbw_core.events import Note, Sink
from cbw_core.layout import Layout
from cbw_core.platforms import native_subdir
from cbw_core.post.recipe import build_field, texts
from cbw_core.process import Cancel, run
from cbw_core.render.output import Output

_OPTIMISED = re.compile(r".*\.pyo$|.*\.opt-[0-9]\.pyc$")
_EGG = re.compile(r"(?P<site>lib/python[^/]*/site-packages)/(?P<egg>[^/]+-py[^/]*\.egg)(?:/(?P<rest>.+))?$")

# Runs in the host prefix's python, of whatever version: prints one JSON list, [source, bytecode or null, error] each.
# Bytecode that knows its source by hash, not by time, is the same on every build and valid wherever it is unpacked.
_COMPILE = """\
import io, json, py_compile, sys
done, more = [], {}
if hasattr(py_compile, "PycInvalidationMode"):
    more["invalidation_mode"] = py_compile.PycInvalidationMode.CHECKED_HASH
with io.open(sys.argv[1], encoding="utf-8") as stream:
    paths = json.load(stream)
for path in paths:
    try:
        done.append([path, py_compile.compile(path, doraise=True, **more) or path + "c", ""])
    except Exception as error:
        done.append([path, None, str(error)])
with io.open(sys.argv[2], "w", encoding="utf-8") as stream:
    text = json.dumps(done)
    stream.write(text if isinstance(text, type(u"")) else text.decode("ascii"))
"""


def remove_bytecode(prefix: Path, files: Iterable[str], *, every: bool) -> set[str]:
    """Remove optimised bytecode, or `every` bytecode (noarch packages), from the prefix; the files that are left."""
    left = set()
    for path in files:
        if _OPTIMISED.match(path) or (every and path.endswith(".pyc")):
            (prefix / path).unlink(missing_ok=True)
        else:
            left.add(path)
    return left


def interpreter(output: Output, layout: Layout) -> Path | None:
    """The python that compiles bytecode: the host prefix's, or the build prefix's where that one does not run here
    or is not there; None without any."""
    found = [layout.host_prefix / "bin/python", layout.build_prefix / "bin/python"]
    if output.host_subdir and output.host_subdir != native_subdir():
        found.reverse()
    return next((path for path in found if path.is_file()), None)


def compile_bytecode(output: Output, layout: Layout, files: set[str], *, sink: Sink, cancel: Cancel) -> set[str]:
    """Compile every .py among `files`, as conda_build.post.compile_missing_pyc does; the paths of the bytecode.

    What is in bin/ and what `build/skip_compile_pyc` names is left out. All are compiled anew, by names relative to
    the prefix, so that the bytecode does not hold the prefix. A file that is no valid Python is told, not an error.
    """
    python = interpreter(output, layout)
    skipped = [os.path.normpath(pattern) for pattern in texts(build_field(output, "skip_compile_pyc"))]
    sources = sorted(
        path
        for path in files
        if path.endswith(".py")
        and not path.startswith("bin")  # sic: as conda-build
        and not any(fnmatch.fnmatch(path, pattern) for pattern in skipped)
    )
    if python is None or not sources:
        return set()
    made = set()
    for source, bytecode, error in _run_compiler(python, layout, sources, cancel):
        if bytecode is None:
            sink(Note(f"{source} is not compiled: {error.strip().splitlines()[-1] if error else '?'}", "info", "post"))
        else:
            made.add(os.path.normpath(bytecode))
    return made


def _run_compiler(
    python: Path, layout: Layout, sources: Sequence[str], cancel: Cancel
) -> list[tuple[str, str | None, str]]:
    folder = layout.private / "post"
    folder.mkdir(parents=True, exist_ok=True)
    script, given, answer = folder / "compile.py", folder / "sources.json", folder / "compiled.json"
    script.write_text(_COMPILE)
    given.write_text(json.dumps(list(sources)))
    answer.unlink(missing_ok=True)
    argv = [str(python), "-E", "-s", "-S", "-Wi", str(script), str(given), str(answer)]
    environment = {"PATH": f"{python.parent}:{os.defpath}", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    done = run(argv, cwd=layout.host_prefix, env=environment, cancel=cancel)
    if done.status or not answer.is_file():
        raise BuildError(
            f"compiling .pyc files with {python} failed (exit status {done.status})",
            kind="post",
            details="\n".join(done.tail) or None,
            hint="Run that python by hand: it has to start in the host prefix.",
        )
    rows = json.loads(answer.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    return [(row[0], row[1], row[2]) for row in rows]


def open_eggs(output: Output, prefix: Path, files: set[str]) -> set[str]:
    """Egg folders laid open in site-packages, egg files given a .pth; no easy-install.pth. The files there are now.

    conda_build.post.remove_easy_install_pth. `build/preserve_egg_dir: true` keeps folders and gives them a .pth.
    Raises BuildError(kind="post") where a file is in two eggs, or in an egg and beside it.
    """
    left, keep = set(files), bool(build_field(output, "preserve_egg_dir"))
    eggs: set[tuple[str, str]] = set()
    for path in sorted(files):
        match = _EGG.match(path)
        if path.endswith("/site-packages/easy-install.pth"):
            (prefix / path).unlink(missing_ok=True)
            left.discard(path)
        elif match is not None and (match["rest"] is None or keep):
            eggs.add((match["site"], match["egg"]))
        elif match is not None:
            left.discard(path)
            left |= _laid_open(prefix, path, match["egg"])
    for site, egg in sorted(eggs):
        pth = f"{site}/{egg.split('-', 1)[0]}.pth"
        (prefix / pth).write_text(f"./{egg}\n")
        left.add(pth)
    return left


def opened(path: str) -> str | None:
    """Where `open_eggs` puts a file of an egg folder; None for bytecode and for what is in no egg folder."""
    egg = _EGG.match(path)
    rest = egg["rest"] if egg else None
    if egg is None or rest is None or "__pycache__/" in rest:
        return None
    if rest.startswith("EGG-INFO/"):
        return f"{egg['site']}/{egg['egg']}-info/{rest.removeprefix('EGG-INFO/')}"
    return f"{egg['site']}/{rest}"


def _laid_open(prefix: Path, path: str, egg: str) -> set[str]:
    """One file of an egg folder, moved to its place; its new path (none for bytecode)."""
    old, new = prefix / path, opened(path)
    if new is None:
        old.unlink(missing_ok=True)
        return set()
    target = prefix / new
    if os.path.lexists(target) and target.read_bytes() != old.read_bytes():
        raise BuildError(
            f"{new} is both in {egg} and beside it",
            kind="post",
            hint="Set `build/preserve_egg_dir: true`, or remove one of them in the build script.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    old.replace(target)
    return {new}


def say_conda_installed(prefix: Path, files: Iterable[str]) -> None:
    """INSTALLER files say "conda", whatever put the package into the prefix."""
    for path in files:
        if path.endswith(".dist-info/INSTALLER"):
            (prefix / path).write_text("conda")


def check_dist_info(output: Output, files: Iterable[str]) -> None:
    """The package's own .dist-info must be of the package's version (conda_build.post.check_dist_info_version)."""
    for path in sorted(files):
        folder, _, name = path.rpartition("/")
        if name != "METADATA" or not folder.endswith(".dist-info"):
            continue
        stem = folder.rpartition("/")[2].lower().removesuffix(".dist-info")
        dist, found, version = stem.rpartition(f"{output.name}-")
        if found and not dist and version != output.version:
            raise BuildError(
                f"{path} is of version {version}, the package of version {output.version}",
                kind="post",
                hint="Correct `package/version`, or the version the sources give themselves.",
            )
