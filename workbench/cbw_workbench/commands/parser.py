"""The one argparse parser, made from a command's declaration. It raises UsageError; it never prints and never exits."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import Arg, Command


class HelpAsked(Exception):
    """--help was given; the text is the argument."""


class _Help(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *args: Any, **kwargs: Any) -> None:
        raise HelpAsked(parser.format_help())


class RefusedOption(argparse.Action):
    """An option of conda-build's that cbw does not honour: refused by name. `const` holds the reason."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        why, hint = self.const
        raise UsageError(f"{option_string} is not supported", why=why or None, hint=hint or None)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=f"`{self.prog} --help` shows the arguments.")


def parser_of(command: Command) -> argparse.ArgumentParser:
    """The parser of a command. The arguments `--json` and `--help` belong to every command."""
    parser = _Parser(
        prog=f"cbw {command.name}",
        description=command.description or command.summary,
        epilog=_members(command) or _examples(command),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    for arg in command.args:
        _add(parser, arg)
    parser.add_argument("--json", action="store_true", help="print the result (and errors) as JSON")
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help")
    return parser


def parse(command: Command, words: Sequence[str]) -> argparse.Namespace:
    """The arguments of `command`. Raises UsageError, or HelpAsked with the help text."""
    parser = parser_of(command)
    args, rest = parser.parse_known_args(list(words))
    if rest:
        options = [name for arg in command.args for name in arg.names if name.startswith("-")]
        near = get_close_matches(rest[0].split("=")[0], options, n=1) if rest[0].startswith("-") else []
        hint = f"Did you mean {near[0]}?" if near else f"`cbw {command.name} --help` shows the arguments."
        if rest[0] in ("-c", "--channel", "-O", "--override-channels") and command.needs_session:
            hint = "A session keeps the channels it was made with; make a new one: cbw debug -c CHANNEL RECIPE."
        raise UsageError(f"cbw {command.name}: unrecognized arguments: {' '.join(rest)}", hint=hint)
    return args


def _add(parser: argparse.ArgumentParser, arg: Arg) -> None:
    options = dict(arg.options)
    help_text = arg.help if arg.help == argparse.SUPPRESS else arg.help.replace("%", "%%")
    parser.add_argument(*arg.names, help=help_text, **options)


def _members(command: Command) -> str | None:
    """A group's help: its members."""
    if not command.members:
        return None
    width = max(len(member.name) for member in command.members)
    lines = [f"  cbw {member.name:<{width}}  {member.summary}" for member in command.members]
    return "\n".join(["commands:", *lines, "", _examples(command) or ""])


def _examples(command: Command) -> str | None:
    return "examples:\n" + "\n".join(f"  {line}" for line in command.examples) if command.examples else None
