"""From a line to a result, with the commands that there are: split, find, parse, find the session, run."""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import Command, Context, Face, Result
from cbw_workbench.commands.finding import Table, resolve
from cbw_workbench.commands.parser import HelpAsked, parse
from cbw_workbench.commands.results import Text
from cbw_workbench.commands.settings import config_of

_PATTERN = re.compile(r"(?P<words>assert(\s+not)*\s+output)\s+(?P<pattern>/.+/)(\s+#.*)?")


@dataclass(frozen=True)
class Parsed:
    """A command with its arguments. `command` None: an empty line or a comment. `help`: the text --help asked for."""

    command: Command | None = None
    args: Namespace = field(default_factory=Namespace)
    help: str | None = None

    @property
    def json(self) -> bool:
        return bool(getattr(self.args, "json", False))


def split(line: str) -> list[str]:
    """The words of a line, as a shell splits them; `#` begins a comment.

    `!rest` is the words "!" and rest, also after `fails`; the /pattern/ of `assert output` is one word as it is.
    """
    text = line.strip()
    pattern = _PATTERN.fullmatch(text)
    if pattern:
        return [*pattern["words"].split(), pattern["pattern"]]
    if text.startswith("!"):
        return ["!", text[1:].strip()]
    if text.startswith("fails "):
        return ["fails", *split(text.removeprefix("fails "))]
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"{line.strip()}: {error}".replace("No closing quotation", "a quote is not closed")) from None


def read(line: str | Sequence[str], face: Face, commands: Table) -> Parsed:
    """The command of a line, one of `commands`. Raises UsageError."""
    words = split(line) if isinstance(line, str) else list(line)
    if not words:
        return Parsed()
    command, rest = resolve(commands, words, face)
    try:
        return Parsed(command, parse(command, rest))
    except HelpAsked as asked:
        return Parsed(command, Namespace(json=False), help=str(asked))


def run(parsed: Parsed, context: Context) -> Result:
    """Run a parsed command. Its flags are laid over `context.config` for this command only; `context.session` follows
    what the command made or chose, also when it fails."""
    if parsed.command is None:
        return Result()
    if parsed.help is not None:
        return Result(Text(parsed.help))
    own = replace(context, config=config_of(parsed.args, context.config, context.cwd))
    try:
        if parsed.command.needs_session:
            from cbw_workbench.commands.choosing import resolve_session

            own.session = resolve_session(
                own, getattr(parsed.args, "session", None), getattr(parsed.args, "recipe", None)
            )
        return parsed.command.run(own, parsed.args)
    finally:
        context.session = own.session
