"""The variant conda-build starts from (conda_build.variants.DEFAULT_VARIANTS and get_default_variant).

conda-build takes the default of `python` from the Python it runs under. Here it is fixed, so that a recipe renders
alike wherever cbw runs: to 3.11, and numpy to what belongs to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbw_core.platforms import Platform

PYTHON = "3.11"
NUMPY = "1.23"
PERL = "5.26.2"
LUA = "5"
EXTEND_KEYS = ("pin_run_as_build", "ignore_version", "ignore_build_only_deps", "extend_keys")

_COMPILERS = {
    "linux": {"c": "gcc", "cxx": "gxx", "fortran": "gfortran"},
    "osx": {"c": "clang", "cxx": "clangxx", "fortran": "gfortran"},
    "win": {"fortran": "gfortran"},
}
_WINDOWS_C = {"2.7": "vs2008", "3.3": "vs2010", "3.4": "vs2010", "3.5": "vs2017", "3.6": "vs2022"}
_WINDOWS_VC = {"2.7": "9", "3.3": "10", "3.4": "10", "3.5": "14", "3.6": "17"}


def default_variant(build_subdir: str, variant: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The default variant on a build platform; on Windows the compilers follow from the variant's python."""
    os = Platform(build_subdir).os
    values: dict[str, Any] = {
        "python": PYTHON,
        "numpy": NUMPY,
        "perl": PERL,
        "lua": LUA,
        "r_base": default_r(build_subdir),
        "cpu_optimization_target": "nocona",
        "pin_run_as_build": {
            "python": {"min_pin": "x.x", "max_pin": "x.x"},
            "r-base": {"min_pin": "x.x", "max_pin": "x.x"},
        },
        "ignore_version": [],
        "ignore_build_only_deps": ["python", "numpy"],
        "extend_keys": list(EXTEND_KEYS),
        "cran_mirror": "https://cran.r-project.org",
        "target_platform": build_subdir,
    }
    python = str((variant or {}).get("python") or PYTHON)
    values.update(_default_compilers(os, python))
    return values


def default_r(build_subdir: str) -> str:
    """The default of r_base on a build platform."""
    return "3.4" if Platform(build_subdir).os == "win" else "3.5"


def native_compiler(language: str, os: str, python: str) -> str:
    """The package that `compiler(language)` means where the variant does not say."""
    if os == "win" and language in ("c", "cxx"):
        return _WINDOWS_C.get(python, "vs2017")
    return _COMPILERS.get(os, {}).get(language, language)


def _default_compilers(os: str, python: str) -> dict[str, str]:
    compilers = {f"{language}_compiler": package for language, package in _COMPILERS.get(os, {}).items()}
    if os == "win":
        version = _windows_python(python)
        compilers |= {"c_compiler": _WINDOWS_C[version], "cxx_compiler": _WINDOWS_C[version]}
        compilers["vc"] = _WINDOWS_VC[version]
    return compilers


def _windows_python(python: str) -> str:
    digits = [int(p) for p in python.split(" ")[0].split(".")[:2] if p.isdigit()]
    if digits >= [3, 5]:
        return "3.5"
    return "2.7" if digits <= [3, 2] else ".".join(map(str, digits))
