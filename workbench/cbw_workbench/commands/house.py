"""`purge`, `purge-all`, `repl`, `completion`: keeping house, and the ways in."""

from __future__ import annotations

from argparse import Namespace

from cbw_core.errors import UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import Purged, Text


def purge(context: Context, args: Namespace) -> Result:
    if args.damaged:
        return _purge_damaged(context)
    return _purge(context, everything=False)


def purge_all(context: Context, args: Namespace) -> Result:
    return _purge(context, everything=True)


def _purge(context: Context, *, everything: bool) -> Result:
    from cbw_core.session import purge as remove

    paths = remove(context.config, everything=everything)
    if context.session is not None and not context.session.layout.ledger.exists():
        context.session = None
    return Result(Purged(tuple(str(path) for path in paths), str(context.config.croot)))


def _purge_damaged(context: Context) -> Result:
    from cbw_core.env import cached_packages
    from cbw_core.env.cache import folder, remove, sweep

    half = sweep(context.config)
    found = [p for p in cached_packages(context.config, sink=context.sink, cancel=context.cancel) if p.problems]
    remove(context.config, found)
    root = folder(context.config)
    return Result(Purged((*(str(root / name) for name in half), *(package.path for package in found))))


def repl(context: Context, args: Namespace) -> Result:
    if context.open_repl is None:
        raise UsageError("there is a prompt already")
    if args.session or context.session:
        from cbw_workbench.commands.choosing import resolve_session

        context.session = resolve_session(context, args.session, None)
    return Result(status=context.open_repl(context, args.script, args.strict))


def completion(context: Context, args: Namespace) -> Result:
    from cbw_workbench.commands.completion import script_for

    return Result(Text(script_for(context.commands, args.shell)))


COMMANDS = (
    Command(
        "repl",
        "a prompt that takes these commands; or a script of them",
        repl,
        args=(
            Arg(
                ("--script",),
                "run the commands of this file (- is stdin) without a terminal, echoing each",
                {"metavar": "FILE"},
                "path",
            ),
            Arg(("--strict",), "end the script at the first failure (as `set -e` in it)", {"action": "store_true"}),
            Arg(("--session",), "the session to begin with: its folder, or its name", {"metavar": "PATH"}, "session"),
            *options.RENDERING,
            *options.PATHS,
        ),
        examples=("cbw repl", "cbw repl --script steps.cbw --strict", "echo 'run test' | cbw repl --script -"),
        description="A prompt that takes cbw's commands, with completion and history; docs/repl.md tells the rest.",
        group="house",
        faces=frozenset({"cli"}),
    ),
    Command(
        "purge",
        "remove the folders of all sessions; built packages stay",
        purge,
        args=(
            Arg(
                ("--damaged",),
                "instead, take packages out of the cache whose files are not what they were (`cbw inspect cache`)",
                {"action": "store_true"},
            ),
            options.CROOT,
            options.CACHE_DIR,
        ),
        examples=("cbw purge", "cbw purge --damaged"),
        group="house",
    ),
    Command(
        "purge-all",
        "remove the folders of all sessions, and the packages in the croot",
        purge_all,
        args=(options.CROOT,),
        examples=("cbw purge-all --croot /tmp/croot",),
        group="house",
    ),
    Command(
        "completion",
        "print a script that completes cbw's commands in a shell",
        completion,
        args=(Arg(("shell",), "bash, zsh or fish", {"choices": ("bash", "zsh", "fish"), "metavar": "SHELL"}),),
        examples=('eval "$(cbw completion bash)"', "cbw completion fish > ~/.config/fish/completions/cbw.fish"),
        group="house",
        faces=frozenset({"cli"}),
    ),
)
