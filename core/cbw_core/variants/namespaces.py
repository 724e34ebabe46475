"""The names selectors and templates see: platform, Python version, environment and variant (get_selectors)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.platforms import KNOWN_SUBDIRS
from cbw_core.recipe import Namespace
from cbw_core.variants.defaults import LUA, NUMPY, PERL, PYTHON

_ARCH_NAMES = {"32": "x86", "64": "x86_64"}
_FEATURES = ("FEATURE_DEBUG", "FEATURE_NOMKL", "FEATURE_OPT")


class OsNames:
    """The part of `os` that selectors and templates may use: the environment, as it was given."""

    pathsep = os.pathsep
    sep = os.sep

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def getenv(self, name: str, default: str | None = None) -> str | None:
        return self.environ.get(name, default)


def features(environ: Mapping[str, str]) -> dict[str, bool]:
    """The features that FEATURE_DEBUG, FEATURE_NOMKL and FEATURE_OPT turn on or off (conda_build.features)."""
    found: dict[str, bool] = {}
    for key in _FEATURES:
        if key in environ:
            if environ[key] not in ("0", "1"):
                raise RecipeError(
                    f"the environment variable {key} is {environ[key]!r}", kind="variant", hint="Set it to 0 or 1."
                )
            found[key[8:].lower()] = environ[key] == "1"
    return found


@lru_cache(maxsize=64)
def _platform_names(host_subdir: str) -> dict[str, bool]:
    names = {
        "linux32": host_subdir == "linux-32",
        "linux64": host_subdir == "linux-64",
        "arm": host_subdir.startswith("linux-arm"),
        "unix": host_subdir.startswith(("linux-", "osx-", "emscripten-")),
        "win32": host_subdir == "win-32",
        "win64": host_subdir == "win-64",
    }
    subdirs = [s for s in (*KNOWN_SUBDIRS, host_subdir) if "-" in s]
    for subdir in subdirs:
        os_name, arch = subdir.split("-")[:2]
        names[os_name] = host_subdir.startswith(f"{os_name}-")
        names[_ARCH_NAMES.get(arch, arch)] = host_subdir.endswith(f"-{arch}")
    names["x86"] = host_subdir.endswith(("-32", "-64"))
    return names


def namespace(
    variant: Mapping[str, Any], *, host_subdir: str, build_subdir: str, environ: Mapping[str, str]
) -> Namespace:
    """The namespace of a variant on a host platform ("noarch" for an output of its own that is noarch).

    Raises RecipeError(kind="variant") where python or numpy are not versions.
    """
    names: dict[str, Any] = dict(_platform_names(host_subdir))
    given = OsNames(environ)
    names |= {"os": given, "environ": given.environ, "nomkl": bool(int(environ.get("FEATURE_NOMKL") or 0))}
    python = variant.get("python", PYTHON)
    if not isinstance(python, str):
        python = str(python[0]) if python else PYTHON
    major, minor = _version(python, "python")
    names["build_platform"] = build_subdir
    version = int(f"{major}{minor}")
    names |= {"py": version, "py3k": major == "3", "py2k": major == "2"}
    names |= {f"py{v}": version == v for v in (26, 27, 33, 34, 35, 36)}
    numpy = variant.get("numpy") or NUMPY
    try:
        names["np"] = int("".join(str(numpy).split(".")[:2]))
    except ValueError:
        raise _not_a_version("numpy", numpy) from None
    names["pl"] = variant.get("perl", PERL)
    lua = str(variant.get("lua", LUA))
    names |= {"lua": lua, "luajit": lua[:1] == "2"}
    names |= features(environ)
    names |= given.environ
    for key, value in variant.items():
        if key not in names:
            names[key] = _typed_text(value) if type(value) is str else _typed(value)
    return Namespace(names)


def _version(python: str, name: str) -> tuple[str, str]:
    parts = python.split(" ")[0].split(".")
    if len(parts) < 2 or not (parts[0] + parts[1]).isdigit():
        raise _not_a_version(name, python)
    return parts[0], parts[1]


def _not_a_version(name: str, value: object) -> RecipeError:
    return RecipeError(
        f"the variant's {name} is {value!r}, which is not a version",
        kind="variant",
        why=f"selectors compare {name} as a number",
        hint=f"Write {name} as major.minor in the variant, for example {'3.11' if name == 'python' else '1.26'}.",
    )


@lru_cache(maxsize=8192)
def _typed_text(value: str) -> Any:
    return _typed(value)


def _typed(value: Any) -> Any:
    try:
        return int(value)
    except (TypeError, ValueError):
        if isinstance(value, str) and value.lower() in ("false", "true"):
            return value.lower() == "true"
        return value
