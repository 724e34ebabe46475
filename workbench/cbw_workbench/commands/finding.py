"""A command found among all by what a person wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import Command, Face

Table: TypeAlias = Mapping[str, Command]  # commands under their names, as `registry.all_commands` has them


def commands_of(commands: Table, face: Face) -> Mapping[str, Command]:
    """The commands that exist in `face`."""
    return {name: command for name, command in commands.items() if face in command.faces}


def leaves_of(commands: Table, face: Face) -> Mapping[str, Command]:
    """The commands of `face` that can be run: the members in place of their group, under their full names."""
    leaves: dict[str, Command] = {}
    for command in commands_of(commands, face).values():
        leaves.update((leaf.name, leaf) for leaf in command.members or (command,))
    return leaves


def resolve(commands: Table, words: Sequence[str], face: Face | None = None) -> tuple[Command, list[str]]:
    """The command that `words` begin with, and the words left for its arguments. A group's own --help stays with it.
    Raises UsageError as `find`, and for a group without one of its members."""
    command, rest = find(commands, words[0], face), list(words[1:])
    if not command.members or rest[:1] in (["-h"], ["--help"]):
        return command, rest
    members = {member.word: member for member in command.members}
    if not rest:
        raise UsageError(f"{command.name} what?", hint=f"One of {', '.join(f'{command.name} {m}' for m in members)}.")
    if rest[0] not in members:
        near = get_close_matches(rest[0], members, n=1)
        known = f"One of {', '.join(members)}."
        raise UsageError(
            f"there is no command {command.name} {rest[0]}",
            hint=f"Did you mean `{command.name} {near[0]}`?" if near else known,
        )
    return members[rest[0]], rest[1:]


def find(commands: Table, name: str, face: Face | None = None) -> Command:
    """The command of that name or alias. UsageError names the nearest one when there is none, and the face when the
    command is not for `face`."""
    command = commands.get(name) or next((c for c in commands.values() if name in c.aliases), None)
    if command is None:
        known = commands if face is None else commands_of(commands, face)
        near = get_close_matches(name, [*known, *(a for c in known.values() for a in c.aliases)], n=1)
        raise UsageError(
            f"there is no command {name!r}",
            hint=f"Did you mean {near[0]!r}?" if near else f"The commands are: {', '.join(known)}.",
        )
    if face is not None and face not in command.faces:
        places = " and ".join(
            {"cli": "the command line", "repl": "the REPL", "tui": "the screen"}[f] for f in sorted(command.faces)
        )
        raise UsageError(f"{command.name!r} exists in {places} only")
    return command
