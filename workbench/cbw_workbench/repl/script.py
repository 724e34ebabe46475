"""Scripts of commands: run without a terminal, each echoed with its prompt; a script is a test."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import Interrupted, UsageError
from cbw_workbench.commands.choosing import absolute
from cbw_workbench.repl.engine import Engine
from cbw_workbench.repl.screen import Screen

if TYPE_CHECKING:
    from cbw_workbench.commands.command import Context


def run_script(context: Context, script: str, *, strict: bool) -> int:
    """Run the commands of a file ("-": stdin). A failure is shown and the script goes on.

    strict (or `set -e` in it): the script ends at its first failure. Returns the exit status of the last failure, 0
    without one; 130 as soon as it is interrupted; N after `quit N`. UsageError when there is no such file.
    """
    lines = _stdin() if script == "-" else _file(absolute(script, context))
    name = "stdin" if script == "-" else script
    screen = Screen(sys.stdout)
    engine = Engine(context, screen)
    with closing(engine):
        status = _run(engine, chain(((0, line) for line in context.opening), lines), name, strict, context)
    context.session = engine.context.session
    return status


def _run(engine: Engine, lines: Iterable[tuple[int, str]], name: str, strict: bool, context: Context) -> int:
    screen = engine.screen
    failed: list[int] = []
    status = count = 0
    for number, line in lines:
        if line.lstrip().startswith("#"):
            screen.echo(line.rstrip())
            continue
        screen.echo(engine.prompt + line.strip())
        count += 1
        outcome = engine.run(line)
        strict = strict if outcome.strict is None else outcome.strict
        if outcome.failed:
            status = outcome.status
            failed.append(number)
            screen.echo(f"  at {name}:{number}")
        if outcome.interrupted or context.cancel.requested:
            return Interrupted.exit_status
        if outcome.failed and strict:
            screen.echo(f"{name}:{number}: the script ends at its first failure (set -e)")
            break
        if outcome.leave:
            status = status if outcome.failed_by_quit is None else outcome.failed_by_quit
            break
    if failed:
        screen.echo(f"{len(failed)} of {count} commands failed: line {', '.join(map(str, failed))}")
    return status


def _file(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text()
    except OSError as error:
        raise UsageError(f"the script {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the script {path} is not text (UTF-8)") from None
    return joined(enumerate(text.splitlines(), 1))


def _stdin() -> Iterator[tuple[int, str]]:
    return joined(enumerate((line.rstrip("\n") for line in sys.stdin), 1))


def joined(lines: Iterator[tuple[int, str]] | enumerate[str]) -> Iterator[tuple[int, str]]:
    """Lines that hold something, with the number of their first one; one that ends with a backslash goes on."""
    held, first = "", 0
    for number, line in lines:
        first = first if held else number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        if (held + line).strip():
            yield first, held + line
        held = ""
    if held.strip():
        yield first, held
