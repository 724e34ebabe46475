"""All commands, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cbw_workbench.commands.command import Command


@cache
def all_commands() -> Mapping[str, Command]:
    """Every command under its name (aliases are not keys), in the order help lists them."""
    from cbw_workbench.commands import (
        asserting,
        atstop,
        breaking,
        building,
        debugging,
        diffing,
        environments,
        following,
        house,
        inspecting,
        keeping,
        looking,
        patching,
        phases,
        prompt,
        reloading,
        rendering,
        shelling,
        stepping,
        testing,
        tracing,
    )

    known = (
        debugging,
        rendering,
        inspecting,
        diffing,
        building,
        testing,
        phases,
        patching,
        keeping,
        environments,
        looking,
    )
    rooms = (*known, tracing, breaking, stepping, following, atstop, reloading, shelling, prompt, asserting, house)
    return MappingProxyType({command.name: command for room in rooms for command in room.COMMANDS})
