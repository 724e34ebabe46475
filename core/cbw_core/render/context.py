"""The names a template sees: variables of conda-build's environment, the variant, and functions (environ.get_dict,
jinja_context.context_processor).

Paths that exist only once there is a session are given as references that a build script expands: {{ PREFIX }} is the
text $PREFIX, {{ PYTHON }} is $PYTHON, and so on.
"""

from __future__ import annotations

import datetime
import os
import platform as machine
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from cbw_core.render import functions, loading
from cbw_core.render.hashing import build_string, hash_contents, hash_of, specs_of
from cbw_core.render.memory import Recorder
from cbw_core.render.others import Key
from cbw_core.render.sources import vcs_variables
from cbw_core.render.state import State
from cbw_core.render.values import freeze
from cbw_core.variants import Variant, as_list, features
from cbw_core.variants.defaults import LUA, NUMPY, PERL, PYTHON, default_r

# passed on under names of their own, not as variant keys
_LANGUAGES = ("PERL", "LUA", "R", "NUMPY", "PYTHON")
_R_PACKAGES = ("r-base", "mro-base", "r-impl")
_PATHS = ["CONDA_DEFAULT_ENV:PREFIX", "PREFIX", "BUILD_PREFIX", "SRC_DIR", "STDLIB_DIR", "SP_DIR"]


@dataclass(frozen=True, eq=False)
class Naming:
    """The names that one rendering of a state sees, made as far as they are asked for.

    strict: undefined names are errors, and pins need a solved environment unless `offline`. alone: other outputs may
    not be known yet. package_name: what PKG_NAME is to be instead of the state's name. moving: the names that depend
    on the state's sections; the rest follows from variant and platform.
    """

    state: State
    strict: bool
    alone: bool
    offline: bool
    skip_build_id: bool
    variant: Variant
    package_name: str | None
    moving: dict[str, Any]

    @classmethod
    def of(
        cls,
        state: State,
        *,
        strict: bool,
        alone: bool,
        offline: bool,
        skip_build_id: bool = False,
        variant: Variant | None = None,
        package_name: str | None = None,
    ) -> Naming:
        """Raises RecipeError for a name, version or requirements that cannot be."""
        moving = _moving(state, skip_build_id)
        if package_name:
            moving["PKG_NAME"] = package_name
        return cls(state, strict, alone, offline, skip_build_id, variant or state.variant, package_name, moving)

    def values(self, used: frozenset[str] | None) -> Key:
        """The values of the names that a template uses (None: it may use any) as a key; functions aside."""
        state, work = self.state, self.state.work
        if used is None or "environ" in used:
            everything = (work.key_of(state.variant), work.key_of(self.variant), state.host_subdir)
            return (*everything, freeze(self.moving), freeze(state.section("source")))
        # files that templates load may come from the source
        loads = any(name in used for name in loading.NAMES)
        base, platform = _base(state), state.names.names
        values: list[Any] = [freeze(state.section("source"))] if loads else []
        for name in sorted(used):
            for names in (self.variant, self.moving, base, platform):
                if name in names:
                    values.append(freeze(names[name]))
                    break
            else:
                values.append(None)
        return tuple(values)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Functions whose answers depend on the state, and may be remembered."""
        return functions.bound(
            self.state,
            strict=self.strict,
            alone=self.alone,
            offline=self.offline,
            skip_build_id=self.skip_build_id,
        )

    def names(self, used: frozenset[str] | None = None, recorder: Recorder | None = None) -> dict[str, Any]:
        """Those that a template uses; None: all of them. recorder: notes what the functions are asked."""
        state = self.state
        bound = self.functions()
        layers: list[Mapping[str, Any]] = [
            {"PKG_NAME": self.package_name} if self.package_name else {},
            _CONSTANTS,
            bound,
            loading.functions(state, permissive=not self.strict),
            self.variant,
            self.moving,
            _base(state),
            {"CONDA_BUILD_STATE": "RENDER"},
            state.names.names,
        ]
        names: dict[str, Any] = {}
        for name in set().union(*layers) if used is None else used:
            layer = next((layer for layer in layers if name in layer), None)
            if layer is bound:
                names[name] = recorder.wrapped(name, bound[name]) if recorder else bound[name]
            elif layer is not None:
                names[name] = _copied(layer[name]) if layer is self.variant else layer[name]
        if used is None or "environ" in used:
            names["environ"] = self._environ()
        return names

    def _environ(self) -> dict[str, Any]:
        """The build's environment, as far as it is known: what `environ` is in a template."""
        state = self.state
        plain = {**_base(state), **self.moving}
        more = {k: v for k, v in self.variant.items() if k.upper() not in plain and k.upper() not in _LANGUAGES}
        return {**state.work.environ, **plain, **more}


def names_for(state: State, **options: Any) -> dict[str, Any]:
    """All names of a rendering; see Naming for the options."""
    return Naming.of(state, **options).names()


def _copied(value: Any) -> Any:
    """Templates may change what they are given; give them their own."""
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return [_copied(v) for v in value] if isinstance(value, (list, tuple)) else value


def _base(state: State) -> dict[str, Any]:
    """What follows from variant and platform alone."""
    work = state.work
    key = (work.key_of(state.variant), state.host_subdir)
    known = work.base_names.get(key)
    if known is None:
        known = work.base_names[key] = _base_names(state)
    return known


def _base_names(state: State) -> dict[str, Any]:
    environ = state.work.environ
    values: dict[str, Any] = {
        "CONDA_BUILD": "1",
        "PYTHONNOUSERSITE": "1",
        "ARCH": state.host_arch,
        "SYS_PREFIX": sys.prefix,
        "SYS_PYTHON": sys.executable,
        "SUBDIR": state.host_subdir,
        "build_platform": state.build_subdir,
        "HTTPS_PROXY": environ.get("HTTPS_PROXY", ""),
        "HTTP_PROXY": environ.get("HTTP_PROXY", ""),
        "DIRTY": "",
        "ROOT": sys.prefix,
        "RECIPE_DIR": str(state.work.recipe_dir),
    }
    for path in _PATHS:
        name, _, target = path.partition(":")
        values[name] = f"${target or name}"
    values |= _language_versions(state)
    values |= _system(state)
    values |= {name.upper(): str(int(on)) for name, on in features(environ).items()}
    return values


def _language_versions(state: State) -> dict[str, Any]:

    def version(key: str, default: str, places: int) -> str:
        value = state.variant.get(key) or default
        value = value if isinstance(value, str) else str(value[0])
        return ".".join(value.split(".")[:places])

    python, perl, lua = version("python", PYTHON, 2), version("perl", PERL, 2), version("lua", LUA, 2)
    r, numpy = version("r_base", default_r(state.build_subdir), 3), version("numpy", NUMPY, 2)
    return {
        "CONDA_PY": "".join(python.split(".")[:2]),
        "PY3K": str(int(python[:1] >= "3")),
        "PY_VER": python,
        "NPY_VER": numpy,
        "CONDA_NPY": numpy.replace(".", ""),
        "NPY_DISTUTILS_APPEND_FLAGS": "1",
        "PERL_VER": perl,
        "CONDA_PERL": perl,
        "LUA_VER": lua,
        "CONDA_LUA": lua,
        "R_VER": r,
        "CONDA_R": r,
    }


def _system(state: State) -> dict[str, Any]:
    """The operating system's variables (environ.os_vars): from the environment, else the variant, else a default."""
    environ, variant = state.work.environ, state.variant
    host = state.host_os
    prefix = "$PREFIX"
    wanted: dict[str, Any] = {
        "CPU_COUNT": str(state.work.config.cpu_count or _cpus()),
        **dict.fromkeys(("LANG", "LC_ALL", "MAKEFLAGS", "REQUESTS_CA_BUNDLE"), ""),
        "HOME": "UNKNOWN",
        "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig",
        "CMAKE_GENERATOR": "Unix Makefiles",
        "SSL_CERT_FILE": "",
    }
    if host == "osx":
        arm = state.host_arch == "arm64"
        build_arm = state.build_subdir.endswith("-arm64")
        wanted |= {
            "OSX_ARCH": "arm64" if arm else {"32": "i386"}.get(state.host_arch, "x86_64"),
            "MACOSX_DEPLOYMENT_TARGET": 11.0 if arm else 10.9,
            "BUILD": "arm64-apple-darwin20.0.0" if build_arm else "x86_64-apple-darwin13.4.0",
        }
    elif host == "linux":
        arch = machine.machine().replace("ppc", "powerpc") or "x86_64"
        old = not arch.startswith(("powerpc", "aarch64", "s390x"))
        distribution = variant.get("cdt_name", "cos6" if old else "cos7")
        empty = ["CFLAGS", "CXXFLAGS", "LDFLAGS", "QEMU_LD_PREFIX", "QEMU_UNAME", "DEJAGNU", "DISPLAY"]
        wanted |= dict.fromkeys(empty, "")
        wanted |= {"LD_RUN_PATH": f"{prefix}/lib", "BUILD": f"{arch}-conda_{distribution}-linux-gnu"}
    values: dict[str, Any] = {}
    for key, default in wanted.items():
        value = environ.get(key) or variant.get(key, default)
        if value:
            values[key] = value
    values["SHLIB_EXT"] = {"win": ".dll", "osx": ".dylib"}.get(host, ".so")
    values["PATH"] = environ.get("PATH", "")
    return values


@lru_cache(maxsize=1)
def _cpus() -> int:
    return os.cpu_count() or 1


def _moving(state: State, skip_build_id: bool) -> dict[str, Any]:
    """What changes as the recipe becomes known: its name, version, build, and which languages it builds with."""
    kind = "host" if state.is_cross else "build"
    packages = {s.name for s in specs_of(state, kind)}
    name = state.name()
    values: dict[str, Any] = {}
    for package, variables in (("python", ("PYTHON",)), ("perl", ("PERL",)), ("lua", ("LUA", "LUA_INCLUDE_DIR"))):
        if package in packages or (package != "lua" and name == package):
            values |= {v: f"${v}" for v in variables}
    if packages.intersection(_R_PACKAGES) or name in _R_PACKAGES:
        values |= {v: f"${v}" for v in ("R", "R_USER")}
    for entry in as_list(state.value("build/script_env", [])):
        key, mark, value = str(entry).partition("=")
        if mark:
            values[key] = value
        elif key in state.work.environ:
            values[key] = state.work.environ[key]
    values |= vcs_variables(state)
    values |= {"PKG_NAME": name, "PKG_VERSION": state.version(), "PKG_BUILDNUM": str(state.build_number())}
    if state.final and not skip_build_id:
        values |= {"PKG_BUILD_STRING": build_string(state), "PKG_HASH": hash_of(hash_contents(state))}
    else:
        values |= {"PKG_BUILD_STRING": "placeholder", "PKG_HASH": "1234567"}
    return values


_CONSTANTS: dict[str, Any] = {
    "ccache": lambda method=None: "ccache",
    "installed": {},
    "time": SimpleNamespace(
        time=time.time,
        time_ns=time.time_ns,
        strftime=time.strftime,
        strptime=time.strptime,
        gmtime=time.gmtime,
        localtime=time.localtime,
        mktime=time.mktime,
        ctime=time.ctime,
        asctime=time.asctime,
        timezone=time.timezone,
        tzname=time.tzname,
    ),
    "datetime": SimpleNamespace(
        datetime=datetime.datetime,
        date=datetime.date,
        timedelta=datetime.timedelta,
        timezone=datetime.timezone,
        UTC=datetime.UTC,
    ),
}
