"""The debugger's commands: breakpoints, stepping, looking around at a stop, editing and going on."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_workbench.commands import options
from cbw_workbench.commands.command import Arg, Command, Context, Face, Result
from cbw_workbench.commands.held import Held
from cbw_workbench.commands.stops import (
    BreakpointList,
    VariableList,
    WhereReport,
    source_around,
    stop_report,
)

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Breakpoint, Debugger, Stop

_PROMPTS: frozenset[Face] = frozenset({"repl", "tui"})
_KINDS = {"line": "line", "function": "function", "func": "function", "cmd": "command", "command": "command",
          "file": "file", "var": "variable", "variable": "variable"}  # fmt: skip


def held(context: Context) -> Held:
    """The debugger of this prompt. UsageError where there is none."""
    if context.held is None:
        raise UsageError(
            "only a prompt can hold a script at a stop", kind="not-stopped", hint="cbw repl, then run build"
        )
    return context.held


def standing(context: Context) -> tuple[Held, Stop]:
    """The debugger and the stop. UsageError when nothing stands."""
    own = held(context)
    stop = own.stop
    if stop is None:
        raise UsageError(
            "no script stands at a stop",
            kind="not-stopped",
            hint="`break LINE` and `run build` stop one; a build that fails stops by itself.",
        )
    return own, stop


# -- breakpoints ----------------------------------------------------------------------------------------------------


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
    from cbw_core.session import breakpoints

    if context.session is not None:
        breakpoints.write(context.session.kept, debugger.breakpoints)


def keep_breakpoints(session: Session, places: Sequence[str]) -> None:
    """Set breakpoints in a session whose build does not run yet."""
    from cbw_core.session import breakpoints

    own = Held()
    own.use_points_of(session)
    for place in places:
        kind, spec = _spec(place.split(maxsplit=1))
        own.debugger.add(kind, spec)  # type: ignore[arg-type]
    breakpoints.write(session.kept, own.debugger.breakpoints)


# -- going on -------------------------------------------------------------------------------------------------------


def next_(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.next())


def finish(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.finish())


def until(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.until(args.line))


def continue_(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.cont(ignore=args.ignore))


# -- looking --------------------------------------------------------------------------------------------------------


def where(context: Context, args: Namespace) -> Result:
    own, stop = standing(context)
    debugger = own.debugger
    if not args.all:
        return Result(WhereReport(stop, source_around(debugger, stop)))
    return Result(WhereReport(stop, source_around(debugger, stop), debugger.jobs(), debugger.options()))


def list_(context: Context, args: Namespace) -> Result:
    own, stop = standing(context)
    return Result(WhereReport(stop, source_around(own.debugger, stop, args.line, 10)))


def variables(context: Context, args: Namespace) -> Result:
    from fnmatch import fnmatchcase

    own, _ = standing(context)
    found = own.debugger.variables()
    if args.name:
        found = tuple(v for v in found if any(fnmatchcase(v.name, pattern) for pattern in args.name))
    else:
        wanted = "changed" if args.changed else "exported" if args.exported else ""
        found = tuple(v for v in found if not wanted or getattr(v, wanted))
        if not wanted:
            found = tuple(v for v in found if not v.exported or v.changed)
    return Result(VariableList(found, own.debugger.functions() if args.functions else {}))


def evaluate(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    if not args.words:
        raise UsageError("eval needs a command", hint="eval 'echo $CFLAGS'")
    done = own.debugger.evaluate(" ".join(args.words))
    return Result(done, done.status)


def assign(context: Context, text: str) -> Result:
    """`set NAME=VALUE`: in the script's shell."""
    own, _ = standing(context)
    own.debugger.set(text)
    name = text.partition("=")[0].rstrip("+").partition("[")[0]
    return Result(VariableList(tuple(v for v in own.debugger.variables() if v.name == name)))


# -- editing --------------------------------------------------------------------------------------------------------


def edit(context: Context, args: Namespace) -> Result:
    """The script in the user's editor; then what `reload` says."""
    import os
    import shlex

    from cbw_workbench.shell import inherit

    own, stop = standing(context)
    run = own.debugger.run
    assert run is not None
    if run.target.file is None or context.run_in_terminal is None:
        raise UsageError("edit needs a terminal and a file", hint=f"Edit {run.target.file}, then `reload`.")
    editor = shlex.split(context.environ.get("VISUAL") or context.environ.get("EDITOR") or "vi")
    line = [f"+{stop.line}"] if stop.file == run.target.file and os.path.basename(editor[0]) in _WITH_LINE else []  # noqa: PTH119
    argv = [*editor, *line, run.target.file]
    context.run_in_terminal(lambda: inherit(argv, context.cwd, context.environ or os.environ))
    return Result(own.debugger.reload())


_WITH_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "ed", "micro", "joe"})


def reload(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return Result(own.debugger.reload(args.line))


def stand(context: Context) -> Result:
    """Where the script stands, as a stop is shown."""
    return Result(stop_report(standing(context)[0].debugger))


def back(context: Context, args: Namespace) -> Result:
    own, _ = standing(context)
    return own.go_on(context, lambda debugger: debugger.back(args.line))


def snapshots(context: Context, args: Namespace) -> Result:
    own = held(context)
    if args.which is not None:
        own.debugger.snapshots = args.which
    run = own.debugger.run
    kept = run.snapshots.kept if run is not None and run.snapshots is not None and own.active else ()
    lines = ", ".join(str(one.line) for one in kept)
    cost = f"; kept: line {lines}, in {sum(one.seconds for one in kept):.1f} s" if kept else ""
    return Result(BreakpointList((), f"snapshots: {own.debugger.snapshots}{cost}"))


_WORDS = Arg(("words",), "the command", {"nargs": argparse.REMAINDER, "metavar": "COMMAND"})

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
        faces=_PROMPTS,
    ),
    Command(
        "next",
        "at a stop: to the next command, over functions, sourced files and subshells",
        next_,
        examples=("next",),
        group="debugger",
        faces=_PROMPTS,
        aliases=("n",),
        long=True,
    ),
    Command(
        "finish",
        "at a stop: to the end of this function or sourced file",
        finish,
        examples=("finish",),
        group="debugger",
        faces=_PROMPTS,
        long=True,
    ),
    Command(
        "until",
        "at a stop: on to a line of the script",
        until,
        args=(Arg(("line",), "the line", {"type": int, "metavar": "LINE"}),),
        examples=("until 20",),
        group="debugger",
        faces=_PROMPTS,
        long=True,
    ),
    Command(
        "continue",
        "at a stop: on to the next stop or the end; behind `reload` with the edited script",
        continue_,
        args=(
            Arg(
                ("--ignore",),
                "at a failure: go on behind the failed command (without, the script ends there)",
                {"action": "store_true"},
            ),
        ),
        examples=("continue", "continue --ignore"),
        group="debugger",
        faces=_PROMPTS,
        aliases=("c",),
        long=True,
    ),
    Command(
        "where",
        "at a stop: the line, the calls that led there; --all: options and background jobs too",
        where,
        args=(Arg(("--all",), "options and background jobs too", {"action": "store_true"}),),
        examples=("where", "where --all"),
        group="debugger",
        faces=_PROMPTS,
        aliases=("bt",),
    ),
    Command(
        "list",
        "at a stop: the source around it, or around a line",
        list_,
        args=(Arg(("line",), "a line of the script", {"nargs": "?", "type": int, "metavar": "LINE"}),),
        examples=("list", "list 40"),
        group="debugger",
        faces=_PROMPTS,
        aliases=("l",),
    ),
    Command(
        "vars",
        "at a stop: the script's variables, changed ones marked; by name, or all that are not exported",
        variables,
        args=(
            Arg(("name",), "names or patterns", {"nargs": "*", "metavar": "NAME"}),
            Arg(("--changed",), "those that changed since the last stop", {"action": "store_true"}),
            Arg(("--exported",), "the exported ones", {"action": "store_true"}),
            Arg(("--functions",), "the functions too", {"action": "store_true"}),
        ),
        examples=("vars", "vars 'C*FLAGS' PREFIX", "vars --changed"),
        group="debugger",
        faces=_PROMPTS,
    ),
    Command(
        "eval",
        "at a stop: run a command in the script's own shell; what it changes stays",
        evaluate,
        args=(_WORDS,),
        examples=("eval 'eval export VERBOSE=1'",),
        group="debugger",
        faces=_PROMPTS,
        long=True,
    ),
    Command(
        "edit",
        "at a stop: open the script in $VISUAL or $EDITOR, then reload it",
        edit,
        examples=("edit",),
        group="debugger",
        faces=_PROMPTS,
    ),
    Command(
        "snapshots",
        "keep the shell, work folder and prefix as they are before each top-level command, for `back`; say the cost",
        snapshots,
        args=(Arg(("which",), "commands or off", {"nargs": "?", "choices": ("commands", "off"), "metavar": "WHICH"}),),
        description="Said before the build runs. Each is a whole copy (sharing blocks where the file system can); all "
        "go when the script ends.",
        examples=("snapshots commands",),
        group="debugger",
        faces=_PROMPTS,
    ),
    Command(
        "back",
        "at a stop: to where a top-level command began, with shell, work folder and prefix as they were (`snapshots`)",
        back,
        args=(Arg(("line",), "a line of the command", {"type": int, "metavar": "LINE"}),),
        examples=("back 12",),
        group="debugger",
        faces=_PROMPTS,
        long=True,
    ),
    Command(
        "reload",
        "at a stop: read the edited script; `continue` then goes on with its text from the command that stands here",
        reload,
        args=(
            Arg(("line",), "the line of the new text to go on with", {"nargs": "?", "type": int, "metavar": "LINE"}),
        ),
        examples=("reload", "reload 12"),
        group="debugger",
        faces=_PROMPTS,
    ),
)
