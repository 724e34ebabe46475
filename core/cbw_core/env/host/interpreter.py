"""What the interpreter to be packed says of itself, and whether it can be packed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.errors import EnvironmentFailure, Place

_HINT = (
    "Run cbw with a CPython that lives in a folder of its own (python.org's source, pyenv, uv, an official python "
    "container image), or use a conda channel: -c conda-forge."
)

# Runs in the interpreter itself; prints one JSON object.
_QUESTION = """
import json, os, sys, sysconfig
info = sys.implementation
v = sys.version_info
config = sysconfig.get_config_vars()
try:
    data = __import__(sysconfig._get_sysconfigdata_name()).build_time_vars
except (ImportError, AttributeError):
    data = {}
scheme = sysconfig.get_default_scheme()
print(json.dumps(dict(
    implementation=info.name, version='%d.%d.%d' % v[:3], full_version=sys.version, release=v.releaselevel,
    prefix=sys.base_prefix, recorded_prefix=data.get('prefix') or sys.base_prefix, scheme=scheme,
    platlibdir=sys.platlibdir, multiarch=getattr(info, '_multiarch', ''),
    abiflags=sys.abiflags, platform=sys.platform, cache_tag=info.cache_tag, debug=hasattr(sys, 'gettotalrefcount'),
    free_threaded=bool(config.get('Py_GIL_DISABLED')),
    markers=dict(
        implementation_name=info.name, implementation_version='%d.%d.%d' % v[:3], os_name=os.name,
        platform_machine=os.uname().machine, platform_python_implementation='CPython',
        platform_release=os.uname().release, platform_system=os.uname().sysname, platform_version=os.uname().version,
        python_full_version='%d.%d.%d' % v[:3],
        python_version='%d.%d' % v[:2], sys_platform=sys.platform))))
"""


@dataclass(frozen=True)
class Interpreter:
    """A CPython: where it is and what it is. Paths are absolute.

    executable:      the base interpreter (not a virtual environment's).
    prefix:          its sys.base_prefix, links resolved; recorded_prefix: the prefix its build wrote down.
    version:         "3.11.7"; short: "3.11"; tag: "311".
    scheme:          sysconfig's default install scheme: "posix_prefix", or "posix_local" for a Debian-style one.
    multiarch:       "x86_64-linux-gnu", or "" where the build has none.
    markers:         the values of PEP 508 markers.
    """

    executable: Path
    prefix: Path
    recorded_prefix: str
    version: str
    full_version: str
    scheme: str
    multiarch: str
    markers: Mapping[str, str]

    @property
    def short(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def tag(self) -> str:
        return self.short.replace(".", "")

    @property
    def lib(self) -> str:
        """The folder of the standard library, relative to the prefix."""
        return f"lib/python{self.short}"

    @property
    def site_packages(self) -> str:
        return f"{self.lib}/site-packages"

    @property
    def abi(self) -> str:
        """The spec that binds a package to this Python's ABI (conda-forge's python_abi)."""
        return f"python_abi {self.short}.* *_cp{self.tag}"

    @property
    def pin(self) -> str:
        """The spec of a package built for this Python: "python >=3.11,<3.12.0a0"."""
        major, minor = self.short.split(".")
        return f"python >={self.short},<{major}.{int(minor) + 1}.0a0"


def base_executable() -> Path:
    """The interpreter below this process: outside of any virtual environment, links resolved."""
    prefix = Path(sys.base_prefix).resolve()
    found = prefix / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return found if found.exists() else Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def describe(executable: Path) -> Interpreter:
    """Ask `executable` what it is. Raises EnvironmentFailure(kind="host-channel") where it cannot be packed."""
    try:
        answer = subprocess.run([executable, "-I", "-c", _QUESTION], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EnvironmentFailure(
            f"{executable} does not run, so no host channel can be made from it",
            kind="host-channel",
            details=getattr(error, "stderr", None) or str(error),
        ) from error
    facts = json.loads(answer)
    if reason := _refusal(facts):
        raise EnvironmentFailure(
            f"the host channel cannot be made from {executable}: {reason[0]}",
            kind="host-channel",
            place=Place(str(executable)),
            why=reason[1],
            hint=_HINT,
        )
    prefix = Path(facts["prefix"]).resolve()
    return Interpreter(
        executable=executable,
        prefix=prefix,
        recorded_prefix=facts["recorded_prefix"],
        version=facts["version"],
        full_version=facts["full_version"],
        scheme=facts["scheme"],
        multiarch=facts["multiarch"],
        markers=facts["markers"],
    )


def _refusal(facts: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with an interpreter, and why that matters; None when it can be packed."""
    if facts["implementation"] != "cpython":
        return f"it is {facts['implementation']}", "Only CPython is packed: conda's Python packages are built for it."
    if facts["platform"] != "linux":
        return f"it runs on {facts['platform']}", "Host channels are made on Linux only, for now."
    if facts["free_threaded"] or facts["debug"] or facts["abiflags"]:
        return "it is a debug or free-threaded build", "Its ABI is another than that of conda's `python` packages."
    if facts["release"] != "final":
        return f"{facts['version']} is a {facts['release']} release", "Few wheels exist for a Python that is not final."
    if facts["scheme"] not in ("posix_prefix", "posix_local") or facts["platlibdir"] != "lib":
        return (
            f"it is the system's own Python, patched to install elsewhere (scheme {facts['scheme']})",
            "Distributions change where their Python looks for packages; a copy would not find its site-packages.",
        )
    return None
