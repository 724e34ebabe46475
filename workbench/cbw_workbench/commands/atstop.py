"""`where`, `list`, `vars`, `eval`: looking around at a stop, in the script's own shell."""

from __future__ import annotations

import argparse
import re
from argparse import Namespace
from dataclasses import replace

from cbw_core.errors import UsageError
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.standing import standing
from cbw_workbench.commands.stops import FunctionList, VariableList, WhereReport, changes_at, source_around, stop_report


def where(context: Context, args: Namespace) -> Result:
    own, stop = standing(context)
    debugger = own.debugger
    report = WhereReport(stop, source_around(debugger, stop), changes=changes_at(debugger, asked=True))
    if args.all:
        report = replace(report, jobs=debugger.jobs(), options=debugger.options())
    return Result(report)


def list_(context: Context, args: Namespace) -> Result:
    own, stop = standing(context)
    line = args.line
    if line is None and own.listed is not None and own.listed[0] == stop.serial:
        line = own.listed[1] + _LISTED + 1  # asked again: on from there
    rows = source_around(own.debugger, stop, line, _LISTED)
    if line is not None and not rows:
        raise UsageError(f"the script has no line {line}", hint="list 1 begins anew.")
    own.listed = (stop.serial, rows[-1].number) if rows else None
    return Result(WhereReport(stop, rows, only_source=True))


def variables(context: Context, args: Namespace) -> Result:
    from fnmatch import fnmatchcase

    own, _ = standing(context)
    found = own.debugger.variables()
    if args.name:
        names = [re.sub(r"^\$\{?|\}$", "", name) for name in args.name]  # $NAME and ${NAME} are as good
        found = tuple(v for v in found if any(fnmatchcase(v.name, pattern) for pattern in names))
        if not found:
            raise UsageError(
                f"the script has no variable {' '.join(args.name)}", kind="variable", hint="vars lists them."
            )
    else:
        wanted = "changed" if args.changed else "exported" if args.exported else ""
        found = tuple(v for v in found if not wanted or getattr(v, wanted))
        if not wanted:
            found = tuple(v for v in found if not v.exported or v.changed)
    return Result(VariableList(found, own.debugger.functions() if args.functions else {}))


def frame(context: Context, args: Namespace) -> Result:
    own, stop = standing(context)
    run = own.debugger.run
    assert run is not None
    run.select(args.number)
    there = replace(stop, frames=stop.frames[args.number :])
    return Result(WhereReport(there, source_around(own.debugger, there), only_source=True))


def functions(context: Context, args: Namespace) -> Result:
    """Where they are defined; or the text of those named."""
    from fnmatch import fnmatchcase

    own, _ = standing(context)
    if not args.name:
        return Result(FunctionList(own.debugger.function_places()))
    texts = own.debugger.functions()
    found = {name: text for name, text in texts.items() if any(fnmatchcase(name, one) for one in args.name)}
    if not found:
        raise UsageError(f"the script has no function {' '.join(args.name)}", hint="functions lists them.")
    return Result(FunctionList(tuple(f for f in own.debugger.function_places() if f.name in found), found))


def evaluate(context: Context, args: Namespace) -> Result:
    standing(context)
    if not args.words:
        raise UsageError("eval needs a command", hint="eval 'echo $CFLAGS'")
    return in_script(context, " ".join(args.words))


def in_script(context: Context, code: str) -> Result:
    """A command in the shell that stands. Where that one ends with it, what comes of the script."""
    from cbw_core.trace import ScriptEnded

    own, _ = standing(context)
    with own.attended():
        try:
            done = own.debugger.evaluate(code, context.cancel)
        except ScriptEnded:
            return own.wait(context)
    return Result(done, done.status)


def assign(context: Context, text: str) -> Result:
    """`set NAME=VALUE`: in the script's shell."""
    own, _ = standing(context)
    own.debugger.set(text)
    name = text.partition("=")[0].rstrip("+").partition("[")[0]
    return Result(VariableList(tuple(v for v in own.debugger.variables() if v.name == name)))


def stand(context: Context) -> Result:
    """Where the script stands, as a stop is shown."""
    return Result(stop_report(standing(context)[0].debugger))


_LISTED = 10  # lines before and behind the one that `list` shows
_WORDS = Arg(("words",), "the command", {"nargs": argparse.REMAINDER, "metavar": "COMMAND"})

COMMANDS = (
    Command(
        "where",
        "at a stop: the line, the calls that led there; --all: options and background jobs too",
        where,
        args=(Arg(("--all",), "options and background jobs too", {"action": "store_true"}),),
        examples=("where", "where --all"),
        group="debugger",
        faces=PROMPTS,
        aliases=("bt",),
    ),
    Command(
        "list",
        "at a stop: the source around it, or around a line; again: the lines behind those",
        list_,
        args=(Arg(("line",), "a line of the script", {"nargs": "?", "type": int, "metavar": "LINE"}, "line"),),
        examples=("list", "list 40"),
        group="debugger",
        faces=PROMPTS,
        aliases=("l",),
    ),
    Command(
        "vars",
        "at a stop: the script's variables, changed ones marked; by name, or all that are not exported",
        variables,
        args=(
            Arg(("name",), "names or patterns", {"nargs": "*", "metavar": "NAME"}, "variable"),
            Arg(("--changed",), "those that changed since the last stop", {"action": "store_true"}),
            Arg(("--exported",), "the exported ones", {"action": "store_true"}),
            Arg(("--functions",), "the functions too", {"action": "store_true"}),
        ),
        examples=("vars", "vars 'C*FLAGS' PREFIX", "vars --changed", "p CFLAGS"),
        group="debugger",
        faces=PROMPTS,
        aliases=("p",),
    ),
    Command(
        "frame",
        "at an exception of a Python test: look at another call (0 is where it was raised, as `where` counts)",
        frame,
        args=(Arg(("number",), "the call", {"type": int, "metavar": "N"}),),
        description="What vars, eval and list look at from then on. A shell script has one scope for all its calls.",
        examples=("frame 1",),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "functions",
        "at a stop: the script's functions and where they are defined; by name with their text",
        functions,
        args=(Arg(("name",), "names or patterns", {"nargs": "*", "metavar": "NAME"}, "function"),),
        examples=("functions", "functions build_all"),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "eval",
        "at a stop: run a command in the script's own shell; what it changes stays. In a Python test: an expression",
        evaluate,
        args=(_WORDS,),
        examples=("eval 'eval export VERBOSE=1'",),
        group="debugger",
        faces=PROMPTS,
        long=True,
    ),
)
