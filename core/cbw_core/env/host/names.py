"""PyPI's names and requirements in conda's words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cbw_core.errors import EnvironmentFailure

# Where conda's name is another than PyPI's normalised one (conda-forge's package names).
_CONDA_NAMES = {
    "backports-zstd": "backports.zstd",
    "build": "python-build",
    "graphviz": "python-graphviz",
    "matplotlib": "matplotlib-base",
    "msgpack": "msgpack-python",
    "ruamel-yaml": "ruamel.yaml",
    "tables": "pytables",
    "torch": "pytorch",
    "typing-extensions": "typing_extensions",
    "zope-interface": "zope.interface",
}
# Other names under which conda-forge offers the same package, as an empty package that requires it.
_ALIASES = {
    "importlib-metadata": ("importlib_metadata",),
    "prompt-toolkit": ("prompt_toolkit",),
    "setuptools-scm": ("setuptools_scm",),
    "typing_extensions": ("typing-extensions",),
}


def normalised(name: str) -> str:
    """A PyPI name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def conda_name(name: str) -> str:
    """conda's name of the PyPI project `name`."""
    plain = normalised(name)
    return _CONDA_NAMES.get(plain, plain)


def aliases(name: str) -> tuple[str, ...]:
    """Other names of the conda package `name`."""
    return _ALIASES.get(name, ())


def version_spec(specifier: str) -> str:
    """A PEP 440 specifier set (">=1.2,~=1.4") as a conda version spec (">=1.2,>=1.4,1.*"); "" for any version.

    Raises EnvironmentFailure(kind="host-channel") for what conda cannot say (===).
    """
    parts: list[str] = []
    for part in sorted(filter(None, (p.strip() for p in specifier.split(",")))):
        match = re.fullmatch(r"(~=|===|==|!=|<=|>=|<|>)\s*(\S+)", part)
        if match is None or match[1] == "===":
            raise EnvironmentFailure(f"the version requirement {part!r} has no meaning for conda", kind="host-channel")
        operator, version = match[1], match[2]
        if operator == "~=":
            parts += [f">={version}", ".".join(version.split(".")[:-1]) + ".*"]
        else:
            parts.append(operator + version)
    return ",".join(parts)


def conda_spec(requirement: str, environment: Mapping[str, str]) -> str | None:
    """A Requires-Dist line as a conda spec ("packaging >=22"); None where its marker does not hold.

    environment: the values of PEP 508 markers (python_version, sys_platform, ...) of the interpreter that is packed.
    """
    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    if parsed.marker is not None and not parsed.marker.evaluate({**environment, "extra": ""}):
        return None
    return f"{conda_name(parsed.name)} {version_spec(str(parsed.specifier))}".strip()
