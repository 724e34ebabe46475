"""Which sections and fields a recipe may have, and what conda-build refuses of them."""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# conda_build.metadata.FIELDS: section -> field -> the type of its default (list, str, bool, dict), None for none
FIELDS: dict[str, dict[str, type | None]] = {
    "package": {"name": None, "version": str},
    "source": {
        **dict.fromkeys(
            [
                "fn",
                "url",
                "sha1",
                "sha224",
                "sha256",
                "sha384",
                "sha512",
                "content_sha256",
                "content_sha384",
                "content_sha512",
                "path_via_symlink",
                "git_depth",
                "hg_url",
                "hg_tag",
                "svn_rev",
                "svn_ignore_externals",
                "svn_username",
                "svn_password",
                "folder",
                "no_hoist",
            ]
        ),
        **dict.fromkeys(["md5", "path", "git_url", "git_tag", "git_branch", "git_rev", "svn_url"], str),
        **dict.fromkeys(["content_hash_skip", "patches"], list),
    },
    "build": {
        **dict.fromkeys(
            [
                "number",
                "disable_pip",
                "no_link",
                "has_prefix_files",
                "binary_has_prefix_files",
                "ignore_prefix_files",
                "rpaths",
                "rpaths_patcher",
                "always_include_files",
                "include_recipe",
                "merge_build_host",
                "missing_dso_whitelist",
                "missing_dso_allowlist",
                "runpath_whitelist",
                "runpath_allowlist",
                "error_overdepending",
                "error_overlinking",
                "overlinking_ignore_patterns",
            ]
        ),
        **dict.fromkeys(
            [
                "string",
                "noarch",
                "msvc_compiler",
                "pin_depends",
                "preferred_env",
                "pre-link",
                "post-link",
                "pre-unlink",
                "python_site_packages_path",
            ],
            str,
        ),
        **dict.fromkeys(
            [
                "entry_points",
                "features",
                "track_features",
                "script",
                "skip_compile_pyc",
                "script_env",
                "preferred_env_executable_paths",
                "run_exports",
                "ignore_run_exports",
                "ignore_run_exports_from",
                "force_use_keys",
                "force_ignore_keys",
            ],
            list,
        ),
        **dict.fromkeys(
            [
                "osx_is_app",
                "preserve_egg_dir",
                "binary_relocation",
                "noarch_python",
                "python_version_independent",
                "detect_binary_files_with_prefix",
                "skip",
            ],
            bool,
        ),
        **dict.fromkeys(["requires_features", "provides_features"], dict),
    },
    "outputs": dict.fromkeys(
        [
            "name",
            "version",
            "number",
            "entry_points",
            "script",
            "script_interpreter",
            "build",
            "requirements",
            "test",
            "about",
            "extra",
            "files",
            "type",
            "run_exports",
            "target",
        ]
    ),
    "requirements": dict.fromkeys(["build", "host", "run", "conflicts", "run_constrained"], list),
    "app": {**dict.fromkeys(["entry", "icon", "summary", "type", "cli_opts"]), "own_environment": bool},
    "test": dict.fromkeys(["requires", "commands", "files", "imports", "source_files", "downstreams"], list),
    "about": {
        **dict.fromkeys(
            [
                "home",
                "dev_url",
                "doc_url",
                "doc_source_url",
                "license_url",
                "license",
                "summary",
                "description",
                "license_family",
                "license_file",
                "prelink_message",
                "readme",
            ]
        ),
        **dict.fromkeys(["identifiers", "tags", "keywords"], list),
    },
    "extra": {},
}
ITERABLE = ("source", "outputs")
NOARCH_TYPES = ("python", "generic", True)
# read by conda-build in these sections, though not in its own list
_ALSO_KNOWN = {
    "build": frozenset(("activate_in_script", "ignore_verify_codes")),
    "outputs": frozenset(
        ["noarch", "noarch_python", "python_version_independent", "string", "track_features", "features", "source"]
    ),
    "about": frozenset(("keywords", "license_exception", "maintainers", "doc_source_url")),
    "test": frozenset(("script", "script_interpreter")),
}
_FAMILIES = [
    "AGPL",
    "LGPL",
    "GPL3",
    "GPL2",
    "GPL",
    "BSD",
    "MIT",
    "APACHE",
    "PSF",
    "CC",
    "MOZILLA",
    "PUBLIC-DOMAIN",
    "PROPRIETARY",
    "OTHER",
    "NONE",
]
_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")


@dataclass(frozen=True)
class Finding:
    """Something wrong with a recipe's data. `path` leads to it: ("build", "nubmer")."""

    message: str
    path: tuple[str | int, ...]
    hint: str | None = None


def refused(meta: Any) -> Finding | None:
    """The first thing conda-build refuses when it reads a rendered recipe (conda_build.metadata.parse), if any."""
    if not isinstance(meta, dict):
        hint = "Write sections, such as  package:  with name and version below it."
        return Finding(f"the recipe should be a mapping of sections, not {kind_of(meta)}", (), hint)
    for section in FIELDS:
        value = meta.get(section)
        if not value or isinstance(value, dict) or (section in ITERABLE and isinstance(value, list)):
            continue
        wanted = "a mapping or a list of mappings" if section in ITERABLE else "a mapping"
        hint = "Write its fields below it, each as  field: value."
        return Finding(f"the {section} section should be {wanted}, not {kind_of(value)}", (section,), hint)
    if isinstance(meta.get("outputs"), dict) and meta["outputs"]:
        hint = "Begin each output with  - name: ..."
        return Finding("the outputs section should be a list of mappings, not a mapping", ("outputs",), hint)
    for section in ITERABLE:
        items = meta.get(section)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if item is not None and not isinstance(item, dict):
                start = "Begin it with a field, as in  - name: ..." if section == "outputs" else None
                return Finding(f"{section} {index} should be a mapping, not {kind_of(item)}", (section, index), start)
    build = meta.get("build") or {}
    pins = build.get("pin_depends")
    if pins and pins not in ("record", "strict"):
        return Finding(
            f"build/pin_depends must be record or strict, not {pins!r}",
            ("build", "pin_depends"),
            "Remove it, or write record.",
        )
    noarch = build.get("noarch")
    if noarch and noarch not in NOARCH_TYPES:
        return Finding(
            f"build/noarch must be python or generic, not {noarch!r}",
            ("build", "noarch"),
            nearest(str(noarch), NAMES) or "Remove it from a package that depends on the platform.",
        )
    return _license_family(meta)


NAMES = ("python", "generic")


def _license_family(meta: Mapping[str, Any]) -> Finding | None:
    about = meta.get("about")
    if not isinstance(about, dict) or "license_family" not in about:
        return None
    family = about["license_family"]
    allowed = {_family(f) for f in _FAMILIES}
    if isinstance(family, str) and _family(family) in allowed:
        return None
    hint = nearest(str(family).upper(), _FAMILIES) or f"Use one of {', '.join(sorted(_FAMILIES))}."
    return Finding(f"about/license_family {family!r} is not allowed", ("about", "license_family"), hint)


def _family(text: str) -> str:
    text = text.upper()
    text = re.sub("GENERAL PUBLIC LICENSE", "GPL", text)
    text = re.sub("LESSER *", "L", text)
    text = re.sub("AFFERO *", "A", text).strip()
    return re.sub(r"\s+", "", _PUNCTUATION.sub(" ", text))


def unknown_fields(meta: Mapping[str, Any]) -> Iterator[Finding]:
    """Sections and fields conda-build does not know: it ignores them, so most are misspelt."""
    for section, value in meta.items():
        if section == "extra":
            continue
        if section not in FIELDS:
            yield Finding(f"unknown section {section!r}", (section,), nearest(str(section), FIELDS))
            continue
        if isinstance(value, dict):
            yield from _unknown(section, value, (section,))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(section, item, (section, index))


def _unknown(section: str, fields: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Finding]:
    known = {*FIELDS[section], *_ALSO_KNOWN.get(section, ())}
    for name, value in fields.items():
        if name not in known:
            yield Finding(f"unknown field {name!r} in section {section}", (*path, name), nearest(str(name), known))
        elif section == "outputs" and name in ("build", "test", "about", "requirements") and isinstance(value, dict):
            yield from _unknown(name, value, (*path, name))


def nearest(name: str, names: Any) -> str | None:
    """ "Did you mean ...?" with the name nearest to `name`, None where none is near."""
    found = difflib.get_close_matches(name, [str(n) for n in names], 1, 0.6)
    return f"Did you mean {found[0]!r}?" if found else None


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    kinds = {str: "text", list: "a list", dict: "a mapping", bool: "a boolean", type(None): "nothing"}
    return kinds.get(type(value), type(value).__name__)
