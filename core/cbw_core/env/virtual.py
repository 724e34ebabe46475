"""Virtual packages: what the machine offers, for any platform, with conda's CONDA_OVERRIDE_* variables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Virtual: TypeAlias = tuple[str, str, str]  # name, version, build string

_OF_OS = {"linux": ("__unix", "__linux", "__glibc"), "osx": ("__unix", "__osx"), "win": ("__win",)}
_OVERRIDES = ("linux", "glibc", "musl", "osx", "win", "cuda")
_ARCHSPEC = {"64": "x86_64", "32": "x86", "armv6l": "armv6l", "armv7l": "armv7l"}


def virtual_packages(
    detected: Sequence[Virtual], native: str, platform: str, environ: Mapping[str, str]
) -> tuple[Virtual, ...]:
    """The virtual packages of `platform`, on a machine of platform `native` where `detected` was found.

    A platform of the same system keeps the versions found here; of another one they are 0 until overridden
    (CONDA_OVERRIDE_OSX=13.0; conda.plugins.virtual_packages). An empty override takes the package away.
    """
    system, _, arch = platform.partition("-")
    found = {name: (name, version, build) for name, version, build in detected}
    if platform != native:
        names = _OF_OS.get(system, ())
        same_system = system == native.partition("-")[0]
        found = {name: found[name] if same_system and name in found else (name, "0", "0") for name in names}
        if not same_system:
            found.pop("__glibc", None)
        found["__archspec"] = ("__archspec", "1", _ARCHSPEC.get(arch, arch))
    for word in _OVERRIDES:
        version = environ.get(f"CONDA_OVERRIDE_{word.upper()}")
        if version is None or (word in ("linux", "glibc", "musl") and system != "linux"):
            continue
        if word in ("osx", "win") and system != word:
            continue
        found.pop(f"__{word}", None)
        if version.strip():
            found[f"__{word}"] = (f"__{word}", version.strip(), "0")
    if (microarchitecture := environ.get("CONDA_OVERRIDE_ARCHSPEC")) is not None:
        found.pop("__archspec", None)
        if microarchitecture.strip():
            found["__archspec"] = ("__archspec", "1", microarchitecture.strip())
    return tuple(sorted(found.values()))
