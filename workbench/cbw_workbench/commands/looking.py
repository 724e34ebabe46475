"""`status`, `sessions`, `log`, `config`: looking without changing anything."""

from __future__ import annotations

from argparse import Namespace

from cbw_core.errors import UsageError, from_os_error
from cbw_workbench.commands import options
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.phases import PHASE_NAMES, phase_name
from cbw_workbench.commands.results import LogText, SessionList, Settings, StatusReport


def status(context: Context, args: Namespace) -> Result:
    session = context.session
    assert session is not None
    look = session.look()
    return Result(StatusReport(look.status(session), look.group()))


def sessions(context: Context, args: Namespace) -> Result:
    from cbw_core.session import sessions as list_sessions

    current = str(context.session.root) if context.session else None
    return Result(SessionList(list_sessions(context.config), current, str(context.config.croot)))


def log(context: Context, args: Namespace) -> Result:
    session = context.session
    assert session is not None
    phase = args.phase or _latest_log(context)
    path = session.layout.log(phase)
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        raise UsageError(f"{phase} has no log: it has not run in {session.root}", hint=f"cbw run {phase}") from None
    except OSError as error:
        raise from_os_error(error, f"reading {path}") from error
    if args.tail is not None:
        lines = text.splitlines(keepends=True)
        text = "".join(lines[max(len(lines) - args.tail, 0) :])
    return Result(LogText(phase, str(path), text))


def _latest_log(context: Context) -> str:
    """The phase whose log was written last."""
    session = context.session
    assert session is not None
    paths = [path for name in PHASE_NAMES if (path := session.layout.log(name)).is_file()]
    if not paths:
        raise UsageError(f"no phase has run in {session.root}: there is no log", hint="cbw step")
    return max(paths, key=lambda path: path.stat().st_mtime_ns).stem


def config(context: Context, args: Namespace) -> Result:
    return Result(Settings(context.config.to_json()))


COMMANDS = (
    Command(
        "status",
        "show the phases of a session: state, seconds, what is stale and why, paths",
        status,
        args=(options.RECIPE, *options.SESSION),
        examples=("cbw status", "cbw status --json RECIPE"),
        group="sessions",
        needs_session=True,
        aliases=("st",),
    ),
    Command(
        "sessions",
        "list the sessions, newest first",
        sessions,
        args=(options.CROOT,),
        examples=("cbw sessions", "cbw sessions --json --croot /tmp/croot"),
        group="sessions",
    ),
    Command(
        "log",
        "show a phase's log",
        log,
        args=(
            Arg(
                ("phase",),
                "the phase (default: the one that wrote last)",
                {"nargs": "?", "type": phase_name, "metavar": "PHASE"},
                "phase",
            ),
            Arg(("--tail",), "the last N lines only", {"type": int, "metavar": "N"}),
            *options.SESSION,
        ),
        examples=("cbw log build", "cbw log --tail 20"),
        group="sessions",
        needs_session=True,
    ),
    Command(
        "config",
        "show the folders, channels and options in force",
        config,
        args=(options.CROOT, *options.CHANNELS, *options.PATHS),
        examples=("cbw config",),
        group="house",
    ),
)
