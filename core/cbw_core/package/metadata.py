"""The small files of info/: index.json, about.json, link.json, run_exports.json, hash_input.json."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cbw_core import __version__
from cbw_core.platforms import Platform
from cbw_core.post.recipe import as_list, build_field, is_python_anywhere, texts
from cbw_core.render.output import Output

# the fields of the build section that packaging looks at: a change of one makes the package stale
BUILD_FIELDS = (
    "features", "include_recipe", "no_link", "noarch", "pin_depends", "preferred_env",
    "preferred_env_executable_paths", "provides_features", "python_site_packages_path", "python_version_independent",
    "requires_features", "script", "track_features",
)  # fmt: skip

# conda_build.metadata.FIELDS["about"]: text, then lists
_ABOUT = (
    "home", "dev_url", "doc_url", "doc_source_url", "license_url", "license", "summary", "description",
    "license_family", "license_file", "prelink_message", "readme",
)  # fmt: skip
_ABOUT_LISTS = ("identifiers", "tags", "keywords")


def index(output: Output, *, timestamp: int, depends: Sequence[str] | None = None) -> dict[str, Any]:
    """info/index.json (conda_build.metadata.MetaData.info_index). timestamp in seconds (the file has milliseconds);
    depends: instead of the output's own run requirements, as they are (`pin_depends: strict`)."""
    platform = Platform("noarch" if output.noarch else output.host_subdir or output.subdir)
    data: dict[str, Any] = {
        "name": output.name,
        "version": output.version,
        "build": output.build_string,
        "build_number": output.build_number,
        "platform": platform.index_platform,
        "arch": platform.index_arch,
        "subdir": "noarch" if output.noarch else output.subdir or output.host_subdir,
        "depends": sorted(dependency(spec) for spec in dict.fromkeys(output.requirements.run))
        if depends is None
        else list(depends),
        "timestamp": timestamp * 1000,
    }
    about, build = output.section("about"), output.section("build")
    data.update({key: about[key] for key in ("license", "license_family") if about.get(key)})
    if output.requirements.run_constrained:
        data["constrains"] = [spec for spec in output.requirements.run_constrained if spec]
    for key in ("features", "track_features"):
        if build.get(key):
            data[key] = " ".join(texts(build[key]))
    for key in ("preferred_env", "provides_features", "requires_features", "python_site_packages_path"):
        if build.get(key):
            data[key] = build[key]
    if output.noarch:
        data["noarch"] = output.noarch
    elif is_python_anywhere(output):
        data["noarch"] = "python"
    return data | _app(output)


def dependency(spec: str) -> str:
    """A requirement as conda writes it (MatchSpec.spec): name, version and build, a space between them, no channel.

    Without a build "==1.0" is 1.0, and "=1.0" is 1.0.*; what conda does not read stays as it is.
    """
    from cbw_core.render.specs import SpecError, parse_spec

    try:
        parsed = parse_spec(spec)
    except SpecError:
        return " ".join(spec.split())
    version = parsed.version or ""
    rest = version[1:]
    if version.startswith("==") and parsed.build is None:
        version = version[2:]
    elif version.startswith("=") and not set("=,|") & set(rest):
        version = f"{rest}.*" if parsed.build is None and not rest.endswith("*") else rest
    return " ".join(part for part in (parsed.name, version, parsed.build) if part)


def _app(output: Output) -> dict[str, Any]:
    app = output.section("app")
    if not app.get("entry"):
        return {}
    data: dict[str, Any] = {"type": "app"}
    if app.get("icon"):
        icon = Path(output.recipe_dir) / str(app["icon"])
        data["icon"] = hashlib.md5(icon.read_bytes(), usedforsecurity=False).hexdigest() + ".png"
    names = {"entry": "app_entry", "type": "app_type", "cli_opts": "app_cli_opts", "summary": "summary"}
    names["own_environment"] = "app_own_environment"
    return data | {name: app[key] for key, name in names.items() if app.get(key)}


def about(output: Output, channels: Sequence[str], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """info/about.json (conda_build.build.write_about_json), without what differs by machine; `more` goes to `extra`."""
    section = output.section("about")
    data: dict[str, Any] = {key: section[key] for key in _ABOUT if section.get(key)}
    data.update({key: as_list(section.get(key)) for key in _ABOUT_LISTS})
    extra = {"final": True, **output.section("extra"), **(more or {})}
    if output.is_output and "parent_recipe" not in extra:
        package = output.top.get("package") or {}
        extra["parent_recipe"] = {"name": package.get("name"), "version": package.get("version")}
    if isinstance(extra.get("parent_recipe"), Mapping):
        extra["parent_recipe"] = {k: v for k, v in extra["parent_recipe"].items() if k != "path"}
    data["extra"] = extra
    data["channels"] = [without_secrets(channel) for channel in channels]
    data["conda_build_version"] = f"cbw {__version__}"
    return data


def without_secrets(channel: str) -> str:
    """A channel without user, password and token."""
    parts = urlsplit(channel)
    if not parts.scheme or not parts.netloc:
        return channel
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, re.sub(r"^/t/[^/]+", "", parts.path), "", ""))


def link(output: Output, entry_points: Sequence[str]) -> dict[str, Any] | None:
    """info/link.json (conda_build.build.write_link_json); None when the package has none."""
    data: dict[str, Any] = {}
    kind = output.noarch or ("python" if is_python_anywhere(output) else "")
    if kind:
        data["noarch"] = {"type": kind}
        if kind.lower() == "python" and entry_points:
            data["noarch"]["entry_points"] = list(entry_points)
    preferred = build_field(output, "preferred_env")
    if preferred:
        data["preferred_env"] = {"name": str(preferred)}
        paths = texts(build_field(output, "preferred_env_executable_paths"))
        if paths:
            data["preferred_env"]["executable_paths"] = paths
    return data | {"package_metadata_version": 1} if data else None


def run_exports(output: Output) -> dict[str, list[str]]:
    """info/run_exports.json; empty when the package exports nothing."""
    return {kind: list(specs) for kind, specs in output.run_exports.items() if specs}


def json_text(data: Any) -> str:
    """As conda-build writes the JSON of info/ (conda_build.build.write_info_json): sorted, two spaces deep."""
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True)
