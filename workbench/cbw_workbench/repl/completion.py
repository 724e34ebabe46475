"""What may come next at the prompt: commands, options, phases, sessions, recipes and paths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from cbw_core.errors import CbwError
from cbw_workbench.commands.choosing import LEDGER
from cbw_workbench.commands.completion import wanted
from cbw_workbench.commands.finding import commands_of, find
from cbw_workbench.commands.live import LIVE, live_words
from cbw_workbench.commands.registry import all_commands

if TYPE_CHECKING:
    from cbw_workbench.commands.command import Context

_MOST = 200


def candidates(context: Context, text: str) -> Iterator[tuple[str, str]]:
    """(word, what it is) for the last word of `text`, the line up to the cursor."""
    before = text.split()
    current = before.pop() if before and not text[-1:].isspace() else ""
    if not before:
        yield from _fitting(
            ((name, command.summary) for name, command in commands_of(all_commands(), "repl").items()), current
        )
        return
    try:
        command = find(all_commands(), before[0], "repl")
    except CbwError:
        return
    if command.name == "fails":
        yield from candidates(context, text.lstrip()[len(before[0]) :].lstrip())
        return
    want = wanted(command, before[1:], current)
    yield from _fitting(want.words, current)
    if want.kind in ("path", "recipe"):
        yield from _paths(context.cwd, current, folders=want.kind == "recipe")
    elif want.kind == "session":
        yield from _fitting(_sessions(context), current)
        yield from _paths(context.cwd, current, folders=True)
    elif want.kind in LIVE:
        yield from _fitting(live_words(want.kind, context.held, context.session), current)
    elif want.kind == "command":
        yield from _fitting(((name, c.summary) for name, c in commands_of(all_commands(), "repl").items()), current)


def _fitting(words: Iterable[tuple[str, str]], current: str) -> Iterator[tuple[str, str]]:
    return ((word, what) for word, what in words if word.startswith(current))


def _sessions(context: Context) -> Iterator[tuple[str, str]]:
    from cbw_core.session import sessions

    for info in sessions(context.config)[:_MOST]:
        yield Path(info.root).name, info.output


def _paths(cwd: Path, current: str, *, folders: bool) -> Iterator[tuple[str, str]]:
    """Paths that begin with `current`; with `folders` packages and recipes only, and folders on the way to them."""
    head, tail = os.path.split(current)
    folder = cwd / Path(head).expanduser() if head else cwd
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries[:5000]:
        if not entry.name.startswith(tail) or (entry.name.startswith(".") and not tail.startswith(".")):
            continue
        path = os.path.join(head, entry.name)  # noqa: PTH118 (as it was written)
        if entry.is_dir():
            yield path + ("" if folders and _is_recipe(entry.path) else "/"), _what(entry.path)
        elif not folders or entry.name.endswith((".conda", ".tar.bz2", "meta.yaml")):
            yield path, ""


def _is_recipe(path: str) -> bool:
    return (Path(path) / "meta.yaml").is_file()


def _what(path: str) -> str:
    if _is_recipe(path):
        return "recipe"
    return "session" if (Path(path) / LEDGER).is_file() else ""


class CommandCompleter(Completer):
    """`candidates` for prompt_toolkit."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        word = "" if text[-1:].isspace() or not text else text.split()[-1]
        if text.lstrip().startswith("!"):
            return
        for candidate, what in candidates(self.context, text):
            yield Completion(candidate, start_position=-len(word), display_meta=what[:60])
