"""Where a debug shell begins: a folder, and the script that makes the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError

if TYPE_CHECKING:
    from cbw_core.layout import Layout


@dataclass(frozen=True)
class Place:
    """cwd: where the shell stands. script: sourced first. name: for the prompt ("libfoo-1.0-0 build")."""

    cwd: Path
    script: Path
    name: str


def place_of(layout: Layout, phase: str | None, output: str) -> Place:
    """The environment of a session: "build" or "test"; None: build, or test where there is no build (a package).
    UsageError(kind="session") when it has not been made yet."""
    if phase is None:
        phase = "build" if layout.env_file.is_file() or not layout.test_env_file.is_file() else "test"
    cwd, script = (layout.work, layout.env_file) if phase == "build" else (layout.test_dir, layout.test_env_file)
    if not script.is_file():
        first = "env" if phase == "build" else "test"
        raise UsageError(
            f"the {phase} environment of {output} is not there yet: {script} does not exist",
            kind="session",
            hint=f"`cbw run {first}` makes it.",
        )
    return Place(cwd, script, f"{output} {phase}")


def command_line(place: Place, command: str) -> list[str]:
    """The words that run `command` in the environment, by bash without any start-up file."""
    entered = f"cd {quote(str(place.cwd))} && source {quote(str(place.script))} || exit $?\n"
    return ["bash", "--noprofile", "--norc", "-c", entered + command]


def start_up(place: Place, first: str = "") -> str:
    """The rc file of an interactive bash: `first`, a command; the user's own; then the environment, which has the last
    word."""
    return f"""\
{first}
if [ -f ~/.bashrc ]; then . ~/.bashrc; fi
cd {quote(str(place.cwd))} && . {quote(str(place.script))}
PROMPT_COMMAND=
PROMPT_DIRTRIM=2
PS1={quote(f"(cbw {place.name}) ")}'\\w\\$ '
"""
