"""The host channel: a conda channel made from what this machine has: its CPython, wheels, its compilers and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.events import Sink, silent

if TYPE_CHECKING:
    from pathlib import Path

    from cbw_core.config import Config
    from cbw_core.process import Cancel

__all__ = ["host_channel", "is_host_made"]

_BUILD_PREFIX = "host_"


def host_channel(config: Config, *, sink: Sink = silent, cancel: Cancel | None = None) -> Path:
    """The folder of this machine's host channel, an indexed conda channel; made when it is not there yet.

    It lies in `config.cache`/host-channel/<key>; the key follows the interpreter, its libc, the compilers and tools
    found and the maker's own version, so that an upgrade of any of them makes a new one. One that is there and whole
    costs a few milliseconds. Making it fetches wheels with pip (by name, from the index pip is set up with) and reports
    Progress(task="host channel", unit="steps").
    Raises EnvironmentFailure: kind "host-channel" (this Python or machine cannot be packed), "missing-tool" (no pip),
    "network" (pip cannot fetch), "disk"; Interrupted.
    """
    from cbw_core.env.host.make import host_channel as make

    return make(config, sink=sink, cancel=cancel)


def is_host_made(build_string: str) -> bool:
    """Whether a package with this build string comes from a host channel: all of them begin with "host_"."""
    return build_string.startswith(_BUILD_PREFIX)
