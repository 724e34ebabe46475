"""A command, declared once: at once a `cbw` subcommand, a REPL command and an entry of the screen's palette."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cbw_workbench.commands.result import Result

if TYPE_CHECKING:
    from cbw_core.config import Config
    from cbw_core.errors import CbwError
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.session import Session
    from cbw_workbench.commands.held import Held

__all__ = ["PROMPTS", "Arg", "Command", "Context", "Face", "Last", "Result"]

Face = Literal["cli", "repl", "tui"]
PROMPTS: frozenset[Face] = frozenset({"repl", "tui"})  # where commands come one after another


@dataclass(frozen=True)
class Arg:
    """One argument. `names` as argparse takes them ("recipe", or "-c", "--channel"); `options` go to add_argument.

    complete: what the REPL and completion scripts offer: "path", "recipe", "phase", "session", "command", one that
    `live` knows ("breakpoint", "place", "line", "snapshot", "variable", "function", "made"), or "".
    """

    names: tuple[str, ...]
    help: str
    options: Mapping[str, Any] = field(default_factory=dict)
    complete: str = ""


@dataclass(frozen=True)
class Last:
    """How the command before this one ended: what `assert output`, `assert status` and `assert error` look at."""

    status: int = 0
    output: str = ""
    error: CbwError | None = None


@dataclass
class Context:
    """What a command works with. The faces make it; commands change `session` only.

    ask: offers a person a choice (title, entries) and gives the index chosen, None when declined; None where there is
         nobody to ask.
    run_in_terminal: runs a function that takes over the terminal (the screen suspends itself); None: there is none.
    open_screen: opens the workbench's screen on `session`; open_repl: the prompt, or a script of it (None where the
         face has none to offer: there is no terminal, or one is open already).
    held: the debugger of a prompt and the phase that stands under it; None where commands come alone.
    opening: lines that a prompt opened with this context begins with.
    last: how the command before ended; kept by the faces that run several (REPL, scripts, the screen's prompt).
    commands: all of them by name, while one runs: for those that are about commands (help, completion, fails).
    """

    config: Config
    sink: Sink
    cancel: Cancel
    face: Face = "cli"
    cwd: Path = field(default_factory=Path.cwd)
    session: Session | None = None
    ask: Callable[[str, Sequence[str]], int | None] | None = None
    run_in_terminal: Callable[[Callable[[], int]], int] | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    open_screen: Callable[[Context, Session], int] | None = None
    open_repl: Callable[[Context, str | None, bool], int] | None = None
    held: Held | None = None
    opening: tuple[str, ...] = ()
    last: Last | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """A verb. `run` raises CbwError on failure; `examples` are whole command lines, shown by --help.

    faces: where it exists. needs_session: the current session (or --session, or the last one) is put into the context
    before `run`. long: it runs phases; faces run it off their event loop.
    members: its subcommands, each a command in itself, named in full ("inspect hash-inputs"). A command that has some
    is only a name for them: it has no arguments, and `run` is never called.
    """

    name: str
    summary: str
    run: Callable[[Context, Namespace], Result]
    args: tuple[Arg, ...] = ()
    examples: tuple[str, ...] = ()
    description: str = ""
    group: str = "session"
    faces: frozenset[Face] = frozenset({"cli", "repl", "tui"})
    needs_session: bool = False
    long: bool = False
    aliases: tuple[str, ...] = ()
    members: tuple[Command, ...] = ()

    @property
    def word(self) -> str:
        """The last word of its name: what is written for a member behind its group's."""
        return self.name.rpartition(" ")[2]
