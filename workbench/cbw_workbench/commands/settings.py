"""Flags to Config: the one place that says what an option means for the engine."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.errors import UsageError

if TYPE_CHECKING:
    from cbw_core.config import Config

# as conda_build.config.CondaPkgFormat.normalize takes them
_FORMATS = {
    ".conda": ".conda",
    "conda": ".conda",
    "2": ".conda",
    ".tar.bz2": ".tar.bz2",
    "tar.bz2": ".tar.bz2",
    "1": ".tar.bz2",
}


def config_of(args: Namespace, base: Config, cwd: Path) -> Config:
    """`base` with what the flags in `args` say. Paths become absolute, from `cwd`. Raises UsageError."""
    given = {name: value for name, value in vars(args).items() if value not in (None, False, [])}
    changes: dict[str, Any] = {}
    for flag, field in (("croot", "croot"), ("cache_dir", "cache"), ("output_folder", "output_folder")):
        if flag in given:
            changes[field] = _path(given[flag], cwd)
    channels = [*given.get("channel", ()), *(["local"] if "use_local" in given else [])]
    if channels:
        changes["channels"] = tuple(_channel(name, cwd) for name in channels)
    for flag, field, value in (
        ("override_channels", "override_channels", True),
        ("offline", "offline", True),
        ("no_activate", "activate", False),
        ("isolate", "isolate", True),
        ("error_overlinking", "error_overlinking", True),
        ("error_overdepending", "error_overdepending", True),
        ("no_include_recipe", "include_recipe", False),
        ("no_copy_test_source_files", "copy_test_files", False),
        ("no_long_test_prefix", "long_test_prefix", False),
        ("test_run_post", "test_run_post", True),
    ):
        if flag in given:
            changes[field] = value
    for flag, field in (
        ("prefix_length", "prefix_length"),
        ("zstd_compression_level", "compression_level"),
        ("channel_priority", "channel_priority"),
    ):
        if flag in given:
            changes[field] = given[flag]
    if "extra_meta" in given:
        changes["extra_meta"] = dict(_pair(text) for text in given["extra_meta"])
    if "extra_deps" in given:
        changes["extra_deps"] = tuple(given["extra_deps"])
    if "package_format" in given:
        changes["package_format"] = _package_format(given["package_format"])
    for name in given.get("repodata_fn", ()):
        if name != "repodata.json":
            raise UsageError(f"--repodata-fn {name} is not supported", why="channels are read by their repodata.json")
    render = _render_changes(given, cwd)
    if not changes and not render:
        return base
    return replace(base, **changes, render=replace(base.render, **render))


def variants_of(text: str) -> Mapping[str, Any]:
    """The mapping of --variants. Values stay text, as conda-build reads them (YAML's base types). Raises UsageError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="base", pure=True).load(text)
    except YAMLError as error:
        reason = str(getattr(error, "problem", None) or error)
        raise UsageError(f"--variants is not valid YAML: {text}", why=reason) from None
    if not isinstance(value, dict):
        raise UsageError(f"--variants is not a mapping: {text}", hint='Write it as "{python: [3.11, 3.12]}".')
    return value


def _render_changes(given: Mapping[str, Any], cwd: Path) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for flag in ("variant_config_files", "exclusive_config_files"):
        if flag in given:
            changes[flag] = tuple(_existing(path, cwd, flag) for path in given[flag])
    for flag in ("append_file", "clobber_file"):
        if flag in given:
            changes[flag] = _existing(given[flag], cwd, flag)
    for flag in ("python", "numpy", "perl", "r", "lua"):
        if flag in given:
            changes[flag] = tuple(given[flag])
    if "bootstrap" in given:
        from cbw_workbench.commands.prefixes import environment

        changes["bootstrap"] = str(environment(given["bootstrap"], cwd, os.environ))
    if "variants" in given:
        changes["variants"] = variants_of(given["variants"])
    if "subdir" in given:
        changes["host_platform"] = _known_subdir(given["subdir"])
    for flag in ("no_source", "no_code"):
        if flag in given:
            changes[flag] = True
    if "no_finalize" in given:
        changes["finalize"] = False
    return changes


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise UsageError(f"--extra-meta: {text!r} is not of the form KEY=VALUE", hint="--extra-meta ticket=123 by=me")
    return name, value


def _path(text: str, cwd: Path) -> Path:
    return Path(os.path.normpath(cwd / Path(text).expanduser()))


def _existing(text: str, cwd: Path, flag: str) -> str:
    path = _path(text, cwd)
    if not path.is_file():
        raise UsageError(f"--{flag.replace('_', '-')}: there is no file {path}")
    return str(path)


def _channel(name: str, cwd: Path) -> str:
    """A channel as the engine takes it: a folder written as a relative path (with a `.` or `~` first) made absolute."""
    return str(_path(name, cwd)) if name.startswith((".", "~")) else name


def _known_subdir(name: str) -> str:
    from difflib import get_close_matches

    from cbw_core.platforms import KNOWN_SUBDIRS

    if name not in KNOWN_SUBDIRS:
        near = get_close_matches(name, KNOWN_SUBDIRS, n=1)
        raise UsageError(
            f"--subdir: there is no platform {name!r}",
            hint=f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(KNOWN_SUBDIRS)}.",
        )
    return name


def _package_format(name: str) -> str:
    if name not in _FORMATS:
        raise UsageError(f"--package-format: {name!r} is none", hint="Use .conda or .tar.bz2.")
    return _FORMATS[name]
