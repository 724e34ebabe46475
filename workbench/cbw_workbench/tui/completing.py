"""Completion at the screen's prompt: from a line to the lines it may become."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from cbw_core.errors import CbwError
from cbw_workbench.commands.completion import wanted
from cbw_workbench.commands.finding import commands_of, find
from cbw_workbench.commands.registry import all_commands


def completions(line: str, cwd: Path, sessions: Callable[[], Sequence[str]] = tuple) -> tuple[str, ...]:
    """What `line` may become when its last word is completed, in order. `sessions` names the sessions there are."""
    head, word = _cut(line)
    if not head.strip():
        names = (f"{name} " for name in commands_of(all_commands(), "tui") if name != "!")
        return tuple(name for name in names if name.startswith(word))
    try:
        words = shlex.split(head)
        command = find(all_commands(), words[0], "tui")
    except (ValueError, CbwError):
        return ()
    want = wanted(command, words[1:], word)
    choices = [f"{name} " for name, _ in want.words]
    if want.kind == "command":
        choices += [f"{name} " for name in commands_of(all_commands(), "tui")]
    elif want.kind == "session":
        choices += [f"{shlex.quote(name)} " for name in sessions()]
    if want.kind in ("path", "recipe", "session"):
        choices += paths(word, cwd)
    return tuple(head + choice for choice in dict.fromkeys(choices) if choice.startswith(word))


def _cut(line: str) -> tuple[str, str]:
    """The line up to its last word, and that word."""
    at = line.rfind(" ") + 1
    return line[:at], line[at:]


def paths(word: str, cwd: Path) -> list[str]:
    """The paths that begin with `word`; folders end with a slash."""
    head, _, start = word.rpartition("/")
    folder = cwd / Path(f"{head}/" if "/" in word else ".").expanduser()
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    lead = f"{head}/" if "/" in word else ""
    return [
        f"{lead}{entry.name}" + ("/" if entry.is_dir() else " ")
        for entry in entries
        if entry.name.startswith(start) and (start.startswith(".") or not entry.name.startswith("."))
    ]
