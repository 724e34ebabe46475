"""Package specs as conda reads them (conda.models.match_spec): the name, and whether the rest is valid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cbw_core.render.versions import VersionError, check_version_spec

_BRACKETS = re.compile(r".*(?:(\[.*\]))")
_PARENS = re.compile(r".*(?:(\(.*\)))")
_KEY_VALUE = re.compile(r"""([a-zA-Z0-9_-]+?)=(["']?)([^'"]*?)(\2)(?:[, ]|$)""")
_NAME_VERSION = re.compile(r"([^ =<>!~]+)?([><!=~ ].+)?")
_VERSION_BUILD = re.compile(r"((?:.+?)[^><!,|]?)(?:(?<![=!|,<>~])(?:[ =])([^-=,|<>~]+?))?$")
# CEP 26
_NAME = re.compile(r"^(([a-z0-9])|([a-z0-9_](?!_)))[._-]?([a-z0-9]+(\.|-|_|$))*$")
_VIRTUAL_NAME = re.compile(r"^__[a-z0-9][._-]?([a-z0-9]+(\.|-|_|$))*$")
_BAD_IN_NAME = set("=!@#$%^&*:;\"'\\|<>?/")
_NEEDS_STAR = re.compile(r"([\w\d\.\-\_]+)\s+((?<![><=])[\w\d\.\-\_]+?(?!\*))(\s+[\w\d\.\_]+)?$")


# Characters of a spec; the patterns above take time by the square of it
_LONGEST = 2_000


class SpecError(ValueError):
    """A spec that conda refuses."""


@dataclass(frozen=True)
class Spec:
    """name is "*" for a pattern; version and build as written, None where not given."""

    name: str
    version: str | None = None
    build: str | None = None


def parse_spec(spec: Any) -> Spec:
    """Raises SpecError with conda's reason."""
    if not isinstance(spec, str):
        raise SpecError(f"{spec!r} is not a package spec")
    return _parse(spec)


@lru_cache(maxsize=8192)
def _parse(original: str) -> Spec:
    if len(original) > _LONGEST:
        raise SpecError(f"Invalid spec '{original[:60]}...': {len(original):,} characters are too many")
    text = original
    if text.endswith("@"):
        return Spec("*")
    text = text.partition("#")[0].split(" if ", 1)[0]
    if text.endswith((".tar.bz2", ".conda")):
        stem, _, tail = text.rsplit("/", 1)[-1].removesuffix(".conda").removesuffix(".tar.bz2").rpartition("-")
        stem, _, middle = stem.rpartition("-")
        return Spec(stem or "*", middle or None, tail or None)
    given: dict[str, str] = {}
    brackets = _BRACKETS.match(text)
    if brackets:
        text = text.replace(brackets[1], "")
        for key, _, value, _ in _KEY_VALUE.findall(brackets[1][1:-1]):
            if not key or not value:
                raise SpecError(f"Invalid spec '{original}': key-value mismatch in brackets")
            given[key] = value
    parens = _PARENS.match(text)
    if parens:
        text = text.replace(parens[1], "")
    text = text.rsplit(":", 2)[-1]
    match = _NAME_VERSION.match(text)
    if not match or match[1] is None:
        raise SpecError(f"Invalid spec '{original}': no package name found")
    name, rest = match[1], (match[2] or "").strip()
    _check_name(name, original)
    version: str | None = None
    build: str | None = None
    if rest:
        if "[" in rest:
            raise SpecError(f"Invalid spec '{original}': multiple brackets sections not allowed")
        version, build = _version_and_build(rest)
    version, build = given.get("version", version), given.get("build", build)
    if version is not None:
        try:
            check_version_spec(_sanitized(version, build))
        except VersionError as error:
            raise SpecError(f"Invalid spec '{original}': {error}") from None
    return Spec("*" if "*" in name else name.lower(), version, build)


def _check_name(name: str, original: str) -> None:
    lower = name.lower()
    if "*" in name:
        return
    bad = re.findall(r"[^a-z0-9._-]", lower)
    if bad:
        listed = "".join(dict.fromkeys(bad))
        raise SpecError(f"Invalid spec '{original}': package name contains invalid characters ({listed})")
    # two long runs without separators would make the pattern slow; conda has the same pattern
    if len(lower) > 200 or not (_NAME.match(lower) or _VIRTUAL_NAME.match(lower)):
        raise SpecError(f"Invalid spec '{original}': invalid package name")


def _version_and_build(text: str) -> tuple[str, str | None]:
    match = _VERSION_BUILD.search(text)
    if not match:
        return text.replace(" ", ""), None
    return match[1].replace(" ", ""), match[2].strip() if match[2] else None


def _sanitized(version: str, build: str | None) -> str:
    if version in ("=", "==") or not version.startswith("="):
        return version
    bare = version.lstrip("=")
    if version.startswith("==") and build is None:
        return bare
    if not any(c in bare for c in "=,|"):
        return bare + "*" if build is None and not bare.endswith("*") else bare
    return version


def bad_name_character(name: str) -> str | None:
    return next((c for c in name if c in _BAD_IN_NAME), None)


def with_star(spec: str) -> str:
    """`name 1.2` as `name 1.2.*` (conda_build.utils.ensure_valid_spec): what a bare version means in a recipe."""
    match = _NEEDS_STAR.match(spec) if len(spec) <= _LONGEST else None
    if not match or match[3]:
        return spec
    if match[1] in ("python", "numpy") and match[2] == "x.x":
        return _NEEDS_STAR.sub(r"\1 \2", spec)
    return spec if "*" in spec else _NEEDS_STAR.sub(r"\1 \2.*", spec)
