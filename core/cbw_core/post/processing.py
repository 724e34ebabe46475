"""Post-processing as a whole, in conda-build's order (conda_build.build.post_process_files)."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch

from cbw_core.config import Config
from cbw_core.errors import BuildError, from_os_error
from cbw_core.events import Event, Note, Sink
from cbw_core.layout import Layout
from cbw_core.post import files as trees
from cbw_core.post import linkage, menus, noarch, prefixes, python, relocate, replace, scripts
from cbw_core.post.recipe import build_field, is_python_anywhere, place_of, texts
from cbw_core.post.result import PostResult
from cbw_core.post.select import packageable, select
from cbw_core.process import Cancel
from cbw_core.render.output import Output


def process(
    output: Output,
    layout: Layout,
    config: Config,
    *,
    new_files: Sequence[str],
    owned: Mapping[str, str],
    sink: Sink,
    cancel: Cancel,
) -> PostResult:
    """Make what the build left in `layout.host_prefix` fit to be packaged, in place. Linux and noarch packages; for
    other systems only those without files.

    new_files: files and links the build made, relative to the host prefix; owned: path -> dist of the files of
    installed packages. A second run over the same prefix changes nothing and gives the same result.
    Raises BuildError (kinds "unsupported", "files", "links", "relocation", "prefix", "noarch", "overlinking",
    "overdepending", "post"),
    RecipeError for fields that make no sense, Interrupted.
    """
    _refuse(output)
    layout.host_prefix.mkdir(parents=True, exist_ok=True)
    try:
        return _process(output, layout, config, new_files, owned, sink, cancel)
    except OSError as error:
        raise from_os_error(error, "post-processing") from error


def _process(
    output: Output,
    layout: Layout,
    config: Config,
    new_files: Sequence[str],
    owned: Mapping[str, str],
    sink: Sink,
    cancel: Cancel,
) -> PostResult:
    prefix, told = layout.host_prefix, _Told(sink)
    files = select(output, prefix, new_files=new_files, owned=owned, sink=told)
    _refuse_platform(output, files)
    trees.unshare(prefix, files)
    files |= set(scripts.link_scripts(output, prefix))
    if output.noarch != "python":
        files |= set(scripts.write_entry_points(output, prefix))
    files = _python(output, layout, files, told, cancel)
    files = {path for path in files if packageable(path) and os.path.lexists(prefix / path)}
    _relocate(output, layout, config, sorted(files), told, cancel)
    targets = _targets(output, layout, files)
    if targets is not None:
        files = set(targets)
    trees.fix_permissions(prefix, files)
    ordered = tuple(sorted(files))
    replace.replace(output, prefix, ordered)
    menus.check(prefix, ordered, told)
    verdicts = linkage.check(
        output,
        layout,
        ordered,
        owned=owned,
        cancel=cancel,
        strict=config.error_overlinking,
        strict_run=config.error_overdepending,
    )
    for verdict in verdicts:
        sink(verdict)
    found = prefixes.find(
        output, prefix, ordered, targets=targets or {}, prefix_length=config.prefix_length, sink=told, cancel=cancel
    )
    missing = tuple(sorted(path for path in owned if not os.path.lexists(prefix / path)))
    if missing:
        names = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        told(Note(f"the build deleted {len(missing)} files of dependencies: {names}", "warning", "post"))
    return PostResult(
        files=ordered,
        targets={path: target for path, target in (targets or {}).items() if path != target},
        prefix_files=found,
        no_link=_no_link(output, ordered),
        entry_points=tuple(texts(build_field(output, "entry_points"))) if is_python_anywhere(output) else (),
        missing=missing,
        verdicts=verdicts,
        warnings=tuple(told.warnings),
    )


class _Told:
    """A sink that passes everything on and keeps the warnings."""

    def __init__(self, sink: Sink) -> None:
        self.sink, self.warnings = sink, list[str]()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Note) and event.level == "warning":
            self.warnings.append(event.text)
        self.sink(event)


def _refuse(output: Output) -> None:
    """What post-processing cannot do, by name."""
    if build_field(output, "noarch_python"):
        raise BuildError(
            "`build/noarch_python`, the old form, is not supported: use `noarch: python`",
            kind="unsupported",
            place=place_of(output, "noarch_python"),
            why="Its packages carry programs for Windows and a script that conda no longer runs.",
        )


def _refuse_platform(output: Output, files: Collection[str]) -> None:
    """Files for other systems would have to be made fit to move in other ways; one without files is."""
    platform = output.host_subdir or output.subdir
    if files and platform.split("-", 1)[0] not in ("linux", "noarch", ""):
        raise BuildError(
            f"files for {platform} cannot be packaged: only packages for Linux and noarch ones are supported",
            kind="unsupported",
            place=place_of(output, "package"),
            why=f"{len(files)} files, {min(files)} first, are in the host prefix.",
        )


def _python(output: Output, layout: Layout, files: set[str], sink: Sink, cancel: Cancel) -> set[str]:
    prefix = layout.host_prefix
    files = python.remove_bytecode(prefix, files, every=bool(output.noarch))
    files = python.open_eggs(output, prefix, files)
    if not output.noarch:
        files |= python.compile_bytecode(output, layout, files, sink=sink, cancel=cancel)
    python.say_conda_installed(prefix, files)
    if "share/info/dir" in files:  # every GNU package has one: they would collide
        (prefix / "share/info/dir").unlink(missing_ok=True)
        files.discard("share/info/dir")
    python.check_dist_info(output, files)
    return files


def _relocate(output: Output, layout: Layout, config: Config, files: Sequence[str], sink: Sink, cancel: Cancel) -> None:
    changes = (
        ("links made relative", trees.fix_links(layout, config.croot, files)),
        ("first lines of scripts corrected", scripts.fix_shebangs(layout.host_prefix, files)),
        ("rpaths rewritten", relocate.relocate(output, layout, files, sink=sink, cancel=cancel)),
    )
    for what, changed in changes:
        if changed:
            names = ", ".join(changed[:5]) + (", ..." if len(changed) > 5 else "")
            sink(Note(f"{what}: {names}", "info", "post"))


def _targets(output: Output, layout: Layout, files: set[str]) -> dict[str, str] | None:
    """Path in the package by path in the prefix, for packages whose files move; None for the others."""
    if not is_python_anywhere(output):
        return None
    by_installer = scripts.entry_points(output) if output.noarch == "python" else {}
    return noarch.targets(layout.host_prefix, files, made_by_installer=by_installer)


def _no_link(output: Output, files: Sequence[str]) -> tuple[str, ...]:
    patterns = texts(build_field(output, "no_link"))
    return tuple(path for path in files if any(fnmatch(path, pattern) for pattern in patterns))
