"""A package from post-processed files: info/ put together, the archive written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.archive.pack import SUFFIXES, Member, write_package
from cbw_core.config import Config
from cbw_core.errors import UsageError, from_os_error
from cbw_core.events import Note, Progress, Sink
from cbw_core.layout import Layout
from cbw_core.package import checks, contents, metadata, pins
from cbw_core.package.contents import Item
from cbw_core.package.recipe import write_recipe
from cbw_core.package.stamp import release_time
from cbw_core.package.testfiles import write_tests
from cbw_core.package.texts import write_texts
from cbw_core.post import PostResult
from cbw_core.process import Cancel
from cbw_core.render.output import Output


def create(
    output: Output,
    layout: Layout,
    config: Config,
    post: PostResult,
    *,
    folder: Path,
    sink: Sink,
    cancel: Cancel,
    environ: Mapping[str, str] | None = None,
) -> Path:
    """Write `folder`/SUBDIR/NAME-VERSION-BUILD with `config.package_format` as suffix; its path.

    info/ is put together in `layout.info` as conda-build does it (conda_build.build.create_info_files). The same
    inputs give the same bytes, in any session: the time is `release_time(output)`, and where files hold the host
    prefix, the package holds a placeholder of the same length.
    environ: where SOURCE_DATE_EPOCH is looked up; None: the process's own environment.
    Raises BuildError (kinds "package", "names", "license", "test-files", ...), EnvironmentFailure, Interrupted.
    """
    if config.package_format not in SUFFIXES:
        raise UsageError(
            f"{config.package_format} is no package format", hint=f"Use one of {' and '.join(SUFFIXES)}.", kind="usage"
        )
    target = folder / _subdir(output) / output.file_name(config.package_format)
    staging = layout.private / "staging"
    try:
        for scratch in (staging, layout.info):
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
        members, timestamp = _members(output, layout, config, post, folder, staging, sink, cancel, environ)
        write_package(
            target,
            members,
            level=config.compression_level,
            timestamp=timestamp,
            threads=config.cpu_count or 0,
            on_progress=lambda done, total, path: sink(Progress("packing", done, total, "bytes", path, done == total)),
            cancel=cancel,
        )
    except OSError as error:
        raise from_os_error(error, f"packaging {output.dist}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _subdir(output: Output) -> str:
    return "noarch" if output.noarch else output.subdir or output.host_subdir


def _members(
    output: Output,
    layout: Layout,
    config: Config,
    post: PostResult,
    folder: Path,
    staging: Path,
    sink: Sink,
    cancel: Cancel,
    environ: Mapping[str, str] | None,
) -> tuple[list[Member], int]:
    info = layout.info
    not_recipe = (config.croot, folder, layout.root)
    timestamp = release_time(output, environ, without=not_recipe)
    checks.check_names(output, [post.target(path) for path in post.files], sink)
    if not post.files:
        sink(Note(f"{output.dist} has no files", "warning" if _has_script(output) else "info", "package"))
    _write_metadata(output, config, post, info, timestamp, sink, cancel)
    if config.include_recipe:
        write_recipe(output, info, without=not_recipe)
    counted = write_texts(output, layout, info)
    write_tests(output, layout, info / "test", sink, source_files=config.copy_test_files)
    cancel.check()
    items = contents.items(output, layout, post, staging, sink=sink, cancel=cancel)
    _write_lists(output, info, items + contents.info_items(info, counted))
    members = {f"info/{path}": _info_member(info, path) for path in _files_below(info)}
    for item in items:
        if item.target in members:
            sink(Note(f"{item.target} of the build gives way to the package's own", "warning", "package"))
        members.setdefault(item.target, item.member)
    return list(members.values()), timestamp


def _has_script(output: Output) -> bool:
    """Whether something was to make files: an empty package is a surprise then."""
    script = output.script or output.section("build").get("script")
    return bool(script) or (bool(output.recipe_dir) and (Path(output.recipe_dir) / "build.sh").is_file())


def _write_metadata(
    output: Output, config: Config, post: PostResult, info: Path, timestamp: int, sink: Sink, cancel: Cancel
) -> None:
    depends, lock = pins.pinned(output, config, sink=sink, cancel=cancel)
    files = {
        "index.json": metadata.index(output, timestamp=timestamp, depends=depends),
        "about.json": metadata.about(output, config.channels, _extra(output, config)),
        "hash_input.json": dict(output.hash_input),
        "link.json": metadata.link(output, post.entry_points),
        "run_exports.json": metadata.run_exports(output) or None,
    }
    for name, data in files.items():
        if data is not None:
            (info / name).write_text(metadata.json_text(data), encoding="utf-8")
    if lock:
        (info / "requires").write_text(lock, encoding="utf-8")


def _extra(output: Output, config: Config) -> dict[str, Any]:
    """What about.json has under `extra` beside the recipe's own."""
    found: dict[str, Any] = dict(config.extra_meta)
    if not config.copy_test_files and "copy_test_source_files" in output.section("extra"):
        found["copy_test_source_files"] = False
    return found


def _write_lists(output: Output, info: Path, items: Sequence[Item]) -> None:
    """info/files, paths.json, has_prefix and no_link, in conda's order: by path."""
    ordered = sorted(items, key=lambda item: item.target)
    (info / "files").write_text("".join(f"{item.target}\n" for item in ordered), encoding="utf-8")
    paths = {"paths": [item.row() for item in ordered], "paths_version": 1}
    (info / "paths.json").write_text(metadata.json_text(paths), encoding="utf-8")
    prefixed = "".join(f"{item.placeholder} {item.kind} {item.target}\n" for item in ordered if item.kind)
    if prefixed:
        (info / "has_prefix").write_text(prefixed, encoding="utf-8")
    if output.section("build").get("no_link"):
        (info / "no_link").write_text("".join(f"{item.target}\n" for item in ordered if item.no_link))


def _files_below(folder: Path) -> list[str]:
    found = []
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if Path(root, name).is_symlink()]
        found += [str(Path(root, name).relative_to(folder)) for name in (*files, *links)]
    return sorted(found)


def _info_member(info: Path, path: str) -> Member:
    file = info / path
    if file.is_symlink():
        return Member(f"info/{path}", link=os.readlink(file))  # noqa: PTH115 (the text of the link, as it is)
    return Member(f"info/{path}", file, 0o755 if file.stat().st_mode & 0o100 else 0o644)
