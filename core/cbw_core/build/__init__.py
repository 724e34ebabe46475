"""The build script and the world it runs in: variables, build_env_setup.sh, conda_build.sh, and running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.build.digests import inputs, script_digest
    from cbw_core.build.explaining import Variable, explained
    from cbw_core.build.running import run_build
    from cbw_core.build.script import WHEELS, Script, script_of
    from cbw_core.build.variables import active_prefixes, build_prefix, environment, undefined
    from cbw_core.build.writing import Scripts, header, script_file_name, write_scripts

__all__ = [
    "WHEELS",
    "Script",
    "Scripts",
    "Variable",
    "active_prefixes",
    "build_prefix",
    "environment",
    "explained",
    "header",
    "inputs",
    "run_build",
    "script_digest",
    "script_file_name",
    "script_of",
    "undefined",
    "write_scripts",
]

__getattr__ = lazily(
    __name__,
    {
        "digests": ("inputs", "script_digest"),
        "explaining": ("Variable", "explained"),
        "running": ("run_build",),
        "script": ("WHEELS", "Script", "script_of"),
        "variables": ("active_prefixes", "build_prefix", "environment", "undefined"),
        "writing": ("Scripts", "header", "script_file_name", "write_scripts"),
    },
)
