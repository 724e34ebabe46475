"""`break`, `tbreak`, `delete` and what changes a breakpoint: where the debugger stops; kept with the session."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import UsageError
from cbw_core.events import Note
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import LEDGER, absolute, resolve_session
from cbw_workbench.commands.command import PROMPTS, Arg, Command, Context, Result
from cbw_workbench.commands.held import Held
from cbw_workbench.commands.stops import BreakpointList

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import Breakpoint, Debugger

_KINDS = {"line": "line", "function": "function", "func": "function", "cmd": "command", "command": "command",
          "file": "file", "var": "variable", "variable": "variable"}  # fmt: skip


def break_(context: Context, args: Namespace) -> Result:
    words = list(args.what)
    given = args.session
    if context.face == "cli" and given is None and len(words) == 2 and _line_of(words[0]):
        given = words.pop()
    if args.delete is not None:
        return _delete(context, [args.delete], given)
    if not words:
        return _listed(context, given)
    kind, spec = _spec(words)
    if kind == "fail":
        return _fail(context, spec)
    if kind == "line":
        spec = _with_path(context, spec)
    with _changing(context, given, spec) as (debugger, session):
        point = debugger.add(kind, spec, condition=args.condition or "", ignore=args.ignore, once=args.once)  # type: ignore[arg-type]
    return Result(BreakpointList((point,), session=_name(session)))


def tbreak(context: Context, args: Namespace) -> Result:
    args.once = True
    return break_(context, args)


def _fail(context: Context, spec: str) -> Result:
    if context.held is None:
        raise UsageError("break fail is said at a prompt", hint="cbw repl, then break fail off")
    debugger = context.held.debugger
    debugger.on_fail = spec != "off"
    if debugger.run is not None and context.held.active:
        debugger.run.on_fail = debugger.on_fail
        debugger.run.points_changed()
    text = f"a failing command stops: {'yes' if debugger.on_fail else 'no'}"
    return Result(BreakpointList(debugger.breakpoints, text))


def delete(context: Context, args: Namespace) -> Result:
    return _delete(context, args.which, None)


def _delete(context: Context, which: Sequence[str], given: str | None) -> Result:
    with _changing(context, given, which[0] if which else "") as (debugger, session):
        for text in which or [str(point.number) for point in debugger.breakpoints]:
            debugger.remove(_numbered(context, debugger, text))
    return Result(BreakpointList(debugger.breakpoints, session=_name(session)))


def _numbered(context: Context, debugger: Debugger, text: str) -> int:
    """The number of a breakpoint that is given by it, or as FILE:LINE."""
    if text.isdigit():
        return int(text)
    if _line_of(text):
        path, _, line = _with_path(context, text).rpartition(":")
        for point in debugger.breakpoints:
            asked = point.spec.rpartition(":")[2]  # it may have moved to the next command
            if point.kind == "line" and line in (str(point.line), asked) and _same_file(path, point.file):
                return point.number
    raise UsageError(
        f"there is no breakpoint {text}", kind="breakpoint", hint="`break` lists them; delete N, or delete FILE:LINE."
    )


def _same_file(path: str, file: str) -> bool:
    return path == file or (Path(path).name == Path(file).name and ("/" not in path or "/" not in file))


def _listed(context: Context, given: str | None) -> Result:
    with _changing(context, given, "") as (debugger, session):
        points = debugger.breakpoints
    return Result(BreakpointList(points, session=_name(session)))


def _name(session: Session | None) -> str:
    return session.root.name if session is not None else ""


def _line_of(word: str) -> bool:
    return ":" in word and word.rpartition(":")[2].isdigit()


def _spec(words: Sequence[str]) -> tuple[str, str]:
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


def _with_path(context: Context, spec: str) -> str:
    """FILE:LINE with the file's whole path, where it is a path or lies in the folder of whoever asks."""
    file, _, line = spec.rpartition(":")
    if "/" in file or (file and context.face == "cli" and (context.cwd / file).is_file()):
        return f"{absolute(file, context)}:{line}"
    return spec


@contextmanager
def _changing(context: Context, given: str | None, spec: str) -> Iterator[tuple[Debugger, Session | None]]:
    """The debugger with a session's breakpoints, which are kept behind it. On the command line the session is the one
    given, the last one of the recipe that `spec` names a file of, or the last one at all."""
    own = context.held or Held()
    if context.held is not None and given is None:
        session = own.session if own.active else context.session
        if session is None:
            yield own.debugger, None  # kept with the session that is made or taken next
            return
    else:
        session = resolve_session(context, given, None if given else _recipe_above(spec))
        context.session = session
        if not given:
            context.sink(Note(f"session: {session.root.name}"))
    with own.changing_points(session, context.sink if context.held is not None else None):
        yield own.debugger, session


def _recipe_above(spec: str) -> str | None:
    """The recipe, or the session, that the file of FILE:LINE lies in."""
    file = Path(spec.rpartition(":")[0])
    if not file.is_absolute():
        return None
    session = next((folder for folder in file.parents if (folder / LEDGER).is_file()), None)
    recipe = next((folder for folder in file.parents if (folder / "meta.yaml").is_file()), None)
    found = session or recipe
    return str(found) if found is not None else None


def keep_breakpoints(context: Context, session: Session, places: Sequence[str]) -> None:
    """Set breakpoints in a session whose build does not run yet."""
    own = Held()
    with own.changing_points(session):
        for place in places:
            kind, spec = _spec(place.split(maxsplit=1))
            own.debugger.add(kind, _with_path(context, spec) if kind == "line" else spec)  # type: ignore[arg-type]


# -- changing one ---------------------------------------------------------------------------------------------------


def condition(context: Context, args: Namespace) -> Result:
    return _changed(context, [args.number], condition=" ".join(args.words))


def ignore(context: Context, args: Namespace) -> Result:
    return _changed(context, [args.number], ignore=args.count)


def enable(context: Context, args: Namespace) -> Result:
    return _changed(context, args.number, enabled=True)


def disable(context: Context, args: Namespace) -> Result:
    return _changed(context, args.number, enabled=False)


def _changed(context: Context, numbers: Sequence[int], **fields: object) -> Result:
    points: list[Breakpoint] = []
    with _changing(context, None, "") as (debugger, session):
        for number in numbers or [point.number for point in debugger.breakpoints]:
            points.append(debugger.change(number, **fields))
    return Result(BreakpointList(tuple(points), session=_name(session)))


_NUMBERS = Arg(("number",), "breakpoints (default: all)", {"nargs": "*", "type": int, "metavar": "N"}, "breakpoint")
_NUMBER = Arg(("number",), "a breakpoint", {"type": int, "metavar": "N"}, "breakpoint")

_BREAK = Command(
    "break",
    "stop the build and test scripts at a line, function, command, file or variable; list the stops",
    break_,
    args=(
        Arg(
            ("what",),
            "LINE, FILE:LINE, FUNCTION; cmd PATTERN, file GLOB (below the prefix), var NAME, fail on|off",
            {"nargs": "*", "metavar": "WHAT"},
            "place",
        ),
        Arg(("--if",), "only when this bash command succeeds", {"metavar": "COMMAND", "dest": "condition"}),
        Arg(("--ignore",), "let it go by N times first", {"type": int, "default": 0, "metavar": "N"}),
        Arg(("--once",), "forget it when it has stopped", {"action": "store_true"}),
        Arg(("--delete",), "forget breakpoint N, or the one at FILE:LINE", {"metavar": "N"}, "breakpoint"),
        *options.SESSION,
    ),
    description="""Where the debugger stops build.sh, scripts of outputs and run_test.sh. Kept with the session.
  break                      list the breakpoints
  break 12, break lib.sh:3   before a line runs (a line without a command: the next one that has one)
  break build_all            when a function is called
  break cmd 'make*'          before a command that matches the pattern (as [[ == ]] has it)
  break file 'lib/libz.so*'  when such a file appears or changes below $PREFIX
  break var CFLAGS           when the variable has changed
  break fail off             let failing commands end the script (on is how it begins)

On the command line, as editors call it: `cbw break PATH:LINE [SESSION]`. Without SESSION it is the last one of the
recipe that the file is in. A prompt or screen on that session takes it over at its next command or stop.""",
    examples=("break build.sh:12", "break cmd 'make install*'", "break 20 --if '[[ $i = 3 ]]' --once",
              "cbw break recipes/five/build.sh:12 --json", "cbw break --delete recipes/five/build.sh:12"),
    group="debugger",
    aliases=("b",),
)  # fmt: skip

COMMANDS = (
    _BREAK,
    replace(
        _BREAK,
        name="tbreak",
        summary="a breakpoint that is forgotten when it has stopped (`break --once`)",
        run=tbreak,
        description="",
        examples=("tbreak 12", "tbreak build_all"),
        faces=PROMPTS,
        aliases=(),
    ),
    Command(
        "delete",
        "forget breakpoints: those named, or all",
        delete,
        args=(
            Arg(
                ("which",),
                "a breakpoint's number, or FILE:LINE",
                {"nargs": "*", "metavar": "N"},
                "breakpoint",
            ),
        ),
        examples=("delete 1", "delete build.sh:12", "delete"),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "disable",
        "let breakpoints be passed, without forgetting them",
        disable,
        args=(_NUMBERS,),
        examples=("disable 1", "disable"),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "enable",
        "let breakpoints stop again",
        enable,
        args=(_NUMBERS,),
        examples=("enable 1",),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "condition",
        "let a breakpoint stop only when a bash command succeeds; without a command: always",
        condition,
        args=(_NUMBER, Arg(("words",), "the command", {"nargs": argparse.REMAINDER, "metavar": "COMMAND"})),
        examples=("condition 1 '[[ $i = 3 ]]'", "condition 1"),
        group="debugger",
        faces=PROMPTS,
    ),
    Command(
        "ignore",
        "let a breakpoint be passed a number of times, from now on",
        ignore,
        args=(_NUMBER, Arg(("count",), "how often", {"type": int, "metavar": "COUNT"})),
        examples=("ignore 1 10",),
        group="debugger",
        faces=PROMPTS,
    ),
)
