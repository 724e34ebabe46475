"""The variables a build script or a test sees: those conda-build sets, with its values, and no others.

The rules are those of conda_build.environ (get_dict and what it calls) and conda_build.build
(_set_env_variables_for_build, bundle_conda, test).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from cbw_core.build.script import script_of
from cbw_core.config import Config
from cbw_core.layout import Layout
from cbw_core.platforms import Platform
from cbw_core.render.output import Output

Purpose = Literal["build", "test"]

# variants of languages are told by variables of their own (conda_build.environ.LANGUAGES)
_LANGUAGES = frozenset({"PERL", "LUA", "R", "NUMPY", "PYTHON"})
_R_PACKAGES = frozenset({"r-base", "mro-base", "r-impl"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def environment(
    output: Output,
    layout: Layout,
    config: Config,
    *,
    purpose: Purpose = "build",
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Name -> value. Of `environ`, the caller's environment, come only the variables that conda-build lets through
    and those that `build/script_env` names.

    Empty variables are left out, as in conda-build's build_env_setup.sh. Variant keys become variables where a shell
    can have them: keys that are no identifiers and values that are lists or mappings are left out.
    """
    prefix = layout.host_prefix if purpose == "build" else layout.test_prefix
    values: dict[str, Any] = {
        **_build(output, layout, prefix, purpose, environ),
        **_languages(output, prefix),
        **_package(output, layout, environ),
        **_system(output, layout, config, prefix, purpose, environ),
    }
    for feature in ("DEBUG", "NOMKL", "OPT"):
        if environ.get(f"FEATURE_{feature}") in ("0", "1"):
            values[feature] = environ[f"FEATURE_{feature}"]
    for name, value in output.variant.items():
        if name.upper() not in values and name.upper() not in _LANGUAGES and name != "replacements":
            values[name] = None if isinstance(value, (Mapping, list, tuple, set, frozenset)) else value
    values |= _test(output) if purpose == "test" else _for_build(output, layout, environ)
    if purpose == "build" and output.script:
        values |= _for_output_script(values)
    else:
        values |= _expanded(output, values)
    return {k: str(v) for k, v in values.items() if v is not None and str(v) != "" and _NAME.fullmatch(k)}


def undefined(output: Output, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Names that the script asks for (`script_env`, `secrets`) and the caller's environment does not have."""
    script = script_of(output)
    asked = (*_script_env(output), *(script.secrets if script else ()))
    return tuple(name for name in asked if "=" not in name and name not in environ)


def build_prefix(output: Output, layout: Layout) -> Path:
    """Where build requirements are (Config.build_prefix): the host prefix when the two are one."""
    return layout.host_prefix if output.merges_build_and_host else layout.build_prefix


def active_prefixes(output: Output, layout: Layout) -> tuple[Path, ...]:
    """The prefixes to activate for a build, in order: the last one leads PATH (_write_sh_activation_text)."""
    build = build_prefix(output, layout)
    return (layout.host_prefix, build) if output.has_host and build != layout.host_prefix else (build,)


def _build(
    output: Output, layout: Layout, prefix: Path, purpose: Purpose, environ: Mapping[str, str]
) -> dict[str, Any]:
    """conda_build_vars."""
    values = {
        "CONDA_BUILD": "1",
        "PYTHONNOUSERSITE": "1",
        "CONDA_DEFAULT_ENV": layout.host_prefix,
        "ARCH": Platform(output.host_subdir or output.build_subdir).arch,
        "PREFIX": prefix,
        "BUILD_PREFIX": build_prefix(output, layout),
        "SYS_PREFIX": sys.prefix,
        "SYS_PYTHON": sys.executable,
        "SUBDIR": output.host_subdir,
        "build_platform": output.build_subdir,
        "SRC_DIR": layout.work if purpose == "build" else layout.test_dir,
        "HTTPS_PROXY": environ.get("HTTPS_PROXY"),
        "HTTP_PROXY": environ.get("HTTP_PROXY"),
        "ROOT": sys.prefix,
    }
    if purpose == "test":
        values |= {"CONDA_DEFAULT_ENV": prefix, "BUILD_PREFIX": None}
    return values


def _languages(output: Output, prefix: Path) -> dict[str, Any]:
    """python_vars, perl_vars, lua_vars, r_vars."""
    variant = output.variant
    python = _first_two(_text(variant.get("python"), "3.11"))
    numpy = _first_two(_text(variant.get("numpy"), "1.23"))
    perl = _first_two(_text(variant.get("perl"), "5.26.2"))
    lua = _text(variant.get("lua"), "5")
    r = ".".join(_text(variant.get("r_base"), "3.5").split(".")[:3])
    stdlib = _stdlib(prefix, python)
    values: dict[str, Any] = {
        "CONDA_PY": python.replace(".", ""),
        "PY3K": str(int(int(python.split(".")[0]) >= 3)),
        "PY_VER": python,
        "STDLIB_DIR": stdlib,
        "SP_DIR": stdlib / "site-packages",
        "NPY_VER": numpy,
        "CONDA_NPY": numpy.replace(".", ""),
        "NPY_DISTUTILS_APPEND_FLAGS": "1",
        "PERL_VER": perl,
        "CONDA_PERL": perl,
        "LUA_VER": _first_two(lua),
        "CONDA_LUA": _first_two(lua),
        "R_VER": r,
        "CONDA_R": r,
    }
    needed = _names(output.requirements.host if output.has_host else output.requirements.build)
    mine = needed | {output.name}
    if "python" in mine:
        values["PYTHON"] = prefix / "bin/python"
    if "perl" in mine:
        values["PERL"] = prefix / "bin/perl"
    if "lua" in needed:
        values["LUA"] = prefix / ("bin/luajit" if lua.startswith("2") else "bin/lua")
        values["LUA_INCLUDE_DIR"] = prefix / "include"
    if mine & _R_PACKAGES:
        values["R"] = prefix / "bin/R"
        values["R_USER"] = prefix / "Libs/R"
    return values


def _package(output: Output, layout: Layout, environ: Mapping[str, str]) -> dict[str, Any]:
    """meta_vars: script_env, what version control says of the source, the package's own names."""
    from cbw_core.source import git_variables

    values: dict[str, Any] = {}
    for name in _script_env(output):
        key, told, value = name.partition("=")
        values[key] = value if told else environ.get(key)
    values |= git_variables(output, layout.work)
    values |= {
        "PKG_NAME": output.name,
        "PKG_VERSION": output.version,
        "PKG_BUILDNUM": output.build_number,
        "PKG_BUILD_STRING": output.build_string,
        "PKG_HASH": _hash(output),
        "RECIPE_DIR": output.recipe_dir,
    }
    return values


def _system(
    output: Output, layout: Layout, config: Config, prefix: Path, purpose: Purpose, environ: Mapping[str, str]
) -> dict[str, Any]:
    """os_vars, unix_vars, linux_vars, osx_vars: the caller's value, else the variant's, else a default."""
    host = Platform(output.host_subdir or output.build_subdir)
    defaults: dict[str, Any] = {
        "CPU_COUNT": config.cpu_count or os.cpu_count() or 1,
        "LANG": None,
        "LC_ALL": None,
        "MAKEFLAGS": None,
        "REQUESTS_CA_BUNDLE": None,
        "HOME": "UNKNOWN",
        "PKG_CONFIG_PATH": prefix / "lib/pkgconfig",
        "CMAKE_GENERATOR": "Unix Makefiles",
        "SSL_CERT_FILE": None,
    }
    if host.os == "osx":
        defaults |= _osx(host, Platform(output.build_subdir))
    elif host.os == "linux":
        defaults |= _linux(output, prefix)
    values = {name: environ.get(name) or output.variant.get(name, value) for name, value in defaults.items()}
    if config.cpu_count:
        values["CPU_COUNT"] = config.cpu_count
    values["SHLIB_EXT"] = host.shared_library_suffix
    first = [prefix] if purpose == "test" else [build_prefix(output, layout), layout.host_prefix]
    folders = [str(folder / "bin") for folder in dict.fromkeys(first)]
    values["PATH"] = os.pathsep.join([*folders, environ.get("PATH") or os.defpath])
    return values


def _linux(output: Output, prefix: Path) -> dict[str, Any]:
    machine = platform.machine()
    if machine.startswith("ppc"):
        machine = machine.replace("ppc", "powerpc")
    distribution = "cos7" if machine.startswith(("powerpc", "aarch64", "s390x")) else "cos6"
    return {
        **dict.fromkeys(("CFLAGS", "CXXFLAGS", "LDFLAGS", "QEMU_LD_PREFIX", "QEMU_UNAME", "DEJAGNU", "DISPLAY")),
        "LD_RUN_PATH": prefix / "lib",
        "BUILD": f"{machine}-conda_{output.variant.get('cdt_name', distribution)}-linux-gnu",
    }


def _osx(host: Platform, build: Platform) -> dict[str, Any]:
    arm = "arm64-apple-darwin20.0.0"
    return {
        "OSX_ARCH": {"32": "i386", "arm64": "arm64"}.get(host.arch, "x86_64"),
        "MACOSX_DEPLOYMENT_TARGET": "11.0" if host.arch == "arm64" else "10.9",
        "BUILD": arm if build.arch == "arm64" else "x86_64-apple-darwin13.4.0",
    }


def _for_build(output: Output, layout: Layout, environ: Mapping[str, str]) -> dict[str, Any]:
    """_set_env_variables_for_build: pip must neither isolate nor fetch. Last what the script itself asks for."""
    script = script_of(output)
    section = output.section("build")
    independent = section.get("python_version_independent") or output.noarch == "python" or section.get("noarch_python")
    return {
        "CONDA_BUILD_STATE": "BUILD",
        "PIP_NO_BUILD_ISOLATION": "False",
        "PIP_NO_DEPENDENCIES": "True",
        "PIP_IGNORE_INSTALLED": "True",
        "PIP_CACHE_DIR": layout.pip_cache,
        "PIP_NO_INDEX": "True",
        "PYTHONDONTWRITEBYTECODE": "True" if independent else None,
        **({**{name: environ.get(name) for name in script.secrets}, **script.env} if script else {}),
    }


def _test(output: Output) -> dict[str, Any]:
    """What conda_build.build.test adds (set_language_env_vars: whole versions, but for python)."""
    keys = {"CONDA_NPY": "numpy", "CONDA_LUA": "lua", "CONDA_PERL": "perl", "CONDA_R": "r_base"}
    return {
        "CONDA_BUILD_STATE": "TEST",
        **{name: output.variant[key] for name, key in keys.items() if isinstance(output.variant.get(key), str)},
    }


def _for_output_script(values: Mapping[str, Any]) -> dict[str, Any]:
    """bundle_conda: there the names of the top package are those of the output, too."""
    return {
        "TOP_PKG_NAME": values["PKG_NAME"],
        "TOP_PKG_VERSION": values["PKG_VERSION"],
        "MSYS2_PATH_TYPE": "inherit",
        "CHERE_INVOKING": "1",
    }


def _expanded(output: Output, values: Mapping[str, Any]) -> dict[str, str]:
    """script_env's NAME=value with $OTHER in it: conda-build writes them in double quotes, for the shell to read."""

    def known(found: re.Match[str]) -> str:
        value = values.get(found[1] or found[2])
        return found[0] if value is None else str(value)

    pairs = (name.partition("=") for name in _script_env(output) if "=" in name)
    return {name: _REFERENCE.sub(known, value) for name, _, value in pairs}


def _script_env(output: Output) -> tuple[str, ...]:
    told = output.section("build").get("script_env") or ()
    return (told,) if isinstance(told, str) else tuple(str(name) for name in told)


def _hash(output: Output) -> str:
    """MetaData.hash_dependencies: what a build string has, with its "h"; empty where nothing is hashed."""
    if not output.hash_input:
        return ""
    return "h" + hashlib.sha1(json.dumps(dict(output.hash_input), sort_keys=True).encode()).hexdigest()[:7]


def _stdlib(prefix: Path, python: str) -> Path:
    """utils.get_stdlib_dir: the folder that is there, else the one there will be."""
    found = sorted(folder for folder in (prefix / "lib").glob("python?.*") if not folder.is_symlink())
    return found[0] if found else prefix / "lib" / f"python{python}"


def _names(specs: Iterable[str]) -> set[str]:
    return {spec.split()[0] for spec in specs if spec.strip()}


def _text(value: Any, default: str) -> str:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return default if value in (None, "") else str(value)


def _first_two(version: str) -> str:
    return ".".join(version.split(".")[:2])
