"""The build script and the world it runs in: variables, build_env_setup.sh, conda_build.sh, and running them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.build.digests import inputs
    from cbw_core.build.explaining import Variable, explained
    from cbw_core.build.running import run_build
    from cbw_core.build.script import WHEELS, Script, script_of
    from cbw_core.build.variables import active_prefixes, build_prefix, environment, undefined
    from cbw_core.build.writing import Scripts, script_file_name, write_scripts

__all__ = [
    "WHEELS",
    "Script",
    "Scripts",
    "Variable",
    "active_prefixes",
    "build_prefix",
    "environment",
    "explained",
    "inputs",
    "run_build",
    "script_file_name",
    "script_of",
    "undefined",
    "write_scripts",
]

_HOME = {
    "WHEELS": "script",
    "Script": "script",
    "Scripts": "writing",
    "Variable": "explaining",
    "explained": "explaining",
    "active_prefixes": "variables",
    "build_prefix": "variables",
    "environment": "variables",
    "inputs": "digests",
    "run_build": "running",
    "script_file_name": "writing",
    "script_of": "script",
    "undefined": "variables",
    "write_scripts": "writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
