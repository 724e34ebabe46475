"""`break`, `delete`: where the debugger stops; kept with the session."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.held import Held
from cbw_workbench.commands.stops import BreakpointList

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Breakpoint, Debugger

_KINDS = {"line": "line", "function": "function", "func": "function", "cmd": "command", "command": "command",
          "file": "file", "var": "variable", "variable": "variable"}  # fmt: skip


def break_(context: Context, args: Namespace) -> Result:
    if args.delete is not None:
        return _delete(context, [args.delete])
    if not args.what:
        return Result(BreakpointList(_points(context)))
    kind, spec = _spec(args.what)
    debugger = _debugger(context)
    if kind == "fail":
        debugger.on_fail = spec != "off"
        if debugger.run is not None and context.held is not None and context.held.active:
            debugger.run.on_fail = debugger.on_fail
            debugger.run.points_changed()
        return Result(
            BreakpointList(debugger.breakpoints, f"a failing command stops: {'yes' if debugger.on_fail else 'no'}")
        )
    point = debugger.add(kind, spec, condition=args.condition or "", ignore=args.ignore, once=args.once)  # type: ignore[arg-type]
    _save(context, debugger)
    return Result(BreakpointList((point,)))


def delete(context: Context, args: Namespace) -> Result:
    return _delete(context, args.number)


def _delete(context: Context, numbers: list[int]) -> Result:
    debugger = _debugger(context)
    for number in numbers or [point.number for point in debugger.breakpoints]:
        debugger.remove(number)
    _save(context, debugger)
    return Result(BreakpointList(debugger.breakpoints))


def _spec(words: list[str]) -> tuple[str, str]:
    if words[0] == "fail":
        return "fail", words[1] if len(words) > 1 else "on"
    if words[0] in _KINDS and len(words) > 1:
        return _KINDS[words[0]], " ".join(words[1:])
    if len(words) == 1:
        spec = words[0]
        if spec.rpartition(":")[2].isdigit():
            return "line", spec
        return "function", spec
    raise UsageError(
        f"break {' '.join(words)}: what is {words[0]}?",
        kind="breakpoint",
        hint=f"break LINE, FILE:LINE, FUNCTION, or one of {', '.join(sorted(set(_KINDS)))} and what to look for.",
    )


def _debugger(context: Context) -> Debugger:
    """The prompt's debugger; on the command line one with the session's breakpoints."""
    from cbw_workbench.commands.choosing import resolve_session

    own = context.held or Held()
    session = context.session
    if context.held is None or (session is None and not own.active):
        session = resolve_session(context, None, None) if context.held is None else None
    if session is not None:
        own.use_points_of(session)
        context.session = session
    return own.debugger


def _points(context: Context) -> tuple[Breakpoint, ...]:
    return _debugger(context).breakpoints


def _save(context: Context, debugger: Debugger) -> None:
    from cbw_core.session.changes import breakpoints

    if context.session is not None:
        breakpoints.write(context.session.kept, debugger.breakpoints)


def keep_breakpoints(session: Session, places: Sequence[str]) -> None:
    """Set breakpoints in a session whose build does not run yet."""
    from cbw_core.session.changes import breakpoints

    own = Held()
    own.use_points_of(session)
    for place in places:
        kind, spec = _spec(place.split(maxsplit=1))
        own.debugger.add(kind, spec)  # type: ignore[arg-type]
    breakpoints.write(session.kept, own.debugger.breakpoints)


COMMANDS = (
    Command(
        "break",
        "stop the build and test scripts at a line, function, command, file or variable; list the stops",
        break_,
        args=(
            Arg(
                ("what",),
                "LINE, FILE:LINE, FUNCTION; cmd PATTERN, file GLOB (below the prefix), var NAME, fail on|off",
                {"nargs": "*", "metavar": "WHAT"},
            ),
            Arg(("--if",), "only when this bash command succeeds", {"metavar": "COMMAND", "dest": "condition"}),
            Arg(("--ignore",), "let it go by N times first", {"type": int, "default": 0, "metavar": "N"}),
            Arg(("--once",), "forget it when it has stopped", {"action": "store_true"}),
            Arg(("--delete",), "forget breakpoint N", {"type": int, "metavar": "N"}),
            *options.SESSION,
        ),
        description="""Where the debugger stops build.sh, scripts of outputs and run_test.sh. Kept with the session.
  break                      list the breakpoints
  break 12, break lib.sh:3   before a line runs (a line without a command: the next one that has one)
  break build_all            when a function is called
  break cmd 'make*'          before a command that matches the pattern (as [[ == ]] has it)
  break file 'lib/libz.so*'  when such a file appears or changes below $PREFIX
  break var CFLAGS           when the variable has changed
  break fail off             let failing commands end the script (on is how it begins)""",
        examples=("break build.sh:12", "break cmd 'make install*'", "break 20 --if '[[ $i = 3 ]]' --once"),
        group="debugger",
        aliases=("b",),
    ),
    Command(
        "delete",
        "forget breakpoints: those named, or all",
        delete,
        args=(Arg(("number",), "a breakpoint's number", {"nargs": "*", "type": int, "metavar": "N"}),),
        examples=("delete 1", "delete"),
        group="debugger",
        faces=PROMPTS,
    ),
)
