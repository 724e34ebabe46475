"""The overview of commands: what `cbw --help` and `help` show."""

from __future__ import annotations

from cbw_workbench.commands.command import Command, Face
from cbw_workbench.commands.finding import Table, leaves_of

_GROUPS = {
    "sessions": "sessions",
    "phases": "phases of a session",
    "debugger": "the debugger of build and test scripts",
    "recipes": "recipes and packages",
    "prompt": "at a prompt",
    "house": "keeping house",
}


def overview(commands: Table, face: Face) -> str:
    """The commands of a face, by group, each with its summary."""
    leaves = leaves_of(commands, face)
    width = max(len(name) for name in leaves)
    lines = [_HEAD if face == "cli" else "Commands (`help COMMAND` shows one):", ""]
    for group, title in _GROUPS.items():
        members = [command for command in leaves.values() if command.group == group]
        if members:
            lines += [f"{title}:", *(_line(command, width) for command in members), ""]
    return "\n".join(lines).rstrip() + ("\n" + _FOOT if face == "cli" else "") + "\n"


def _line(command: Command, width: int) -> str:
    also = f" (also: {', '.join(command.aliases)})" if command.aliases else ""
    return f"  {command.name:<{width}}  {command.summary}{also}"


_HEAD = """usage: cbw COMMAND [arguments]

A workbench for debugging conda recipes: a recipe is rendered as conda-build would, run phase by phase, stopped
anywhere, looked into, changed, continued."""

_FOOT = """
`cbw COMMAND --help` shows a command's arguments and examples; every command takes --json.
Exit status: 0 fine, 1 the build or test failed, 2 the recipe or the arguments are wrong, 3 the environment failed
(solve, network, disk), 70 a bug in cbw, 130 interrupted."""
