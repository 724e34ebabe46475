"""`assert`: what makes a script of commands a test. Each failure tells what was expected and what is."""

from __future__ import annotations

import argparse
import re
from argparse import Namespace
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from cbw_core.errors import BuildError, CbwError, Interrupted, UsageError
from cbw_workbench.commands.choosing import absolute, resolve_session
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.line import read, run
from cbw_workbench.commands.phases import PHASE_NAMES
from cbw_workbench.commands.results import Asserted, FailedAsExpected
from cbw_workbench.commands.standing import standing

STATES = ("pending", "running", "done", "failed", "stale", "interrupted", "skipped")
PLACES = ("work", "host", "build", "test", "session", "package")
_SHOWN = 20

# What a check found: whether it holds, and the actual state of affairs in words.
Found = tuple[bool, str]


def assert_(context: Context, args: Namespace) -> Result:
    words = list(args.words)
    wanted = True
    while words and words[0] == "not":
        wanted, words = not wanted, words[1:]
    if not words:
        raise UsageError("assert needs something to check", hint="`help assert` shows the forms.")
    check = _CHECKS.get(words[0]) or (_phase if words[0] in PHASE_NAMES else None)
    if check is None:
        raise UsageError(
            f"assert {words[0]}: there is no such check",
            hint=f"Check a phase ({', '.join(PHASE_NAMES)}), or {', '.join(_CHECKS)}.",
        )
    holds, actual = check(context, words)
    text = " ".join(args.words)
    if holds != wanted:
        raise BuildError(f"assert {text}: does not hold", kind="assert", why=f"actual: {actual}")
    return Result(Asserted(text))


def fails(context: Context, args: Namespace) -> Result:
    """Run a command that is to fail: its failure is fine, its success is not. A stop asked for stays a stop, and a
    line that cannot be read is no failure to expect: a misspelt test would pass."""
    if not args.words:
        raise UsageError("fails needs a command", hint="fails run test")
    parsed = read(args.words, context.face, context.commands)
    try:
        result = run(parsed, context)
    except Interrupted:
        raise
    except CbwError as error:
        return Result(FailedAsExpected(error.exit_status, error))
    if result.status == 0:
        raise BuildError(f"fails {' '.join(args.words)}: it did not fail", kind="assert")
    return Result(FailedAsExpected(result.status, None, result.value))


def _phase(context: Context, words: Sequence[str]) -> Found:
    if len(words) != 2 or words[1] not in STATES:
        raise UsageError(f"assert {words[0]} needs a state", hint=f"One of {', '.join(STATES)}.")
    status = resolve_session(context, None, None).status()[words[0]]
    said = f"{words[0]} is {status.state}"
    if status.error:
        said += f": {status.error.get('message')}"
    elif status.why_stale:
        said += f" because of {', '.join(status.why_stale)}"
    held = context.held
    if held is not None and held.failed and held.stop is not None and held.stop.phase == words[0]:
        return words[1] in ("failed", "running"), f"{words[0]} is failed, and stands at the failing command"
    return status.state.value == words[1], said


def _file(context: Context, words: Sequence[str]) -> Found:
    rest = list(words[1:])
    place = None
    if len(rest) == 3 and rest[1] == "in":
        place, rest = rest[2], rest[:1]
        if place not in PLACES:
            raise UsageError(f"assert file: there is no place {place!r}", hint=f"One of {', '.join(PLACES)}.")
    if len(rest) != 1:
        raise UsageError("assert file needs one path", hint=f"assert file PATH [in {'|'.join(PLACES)}]")
    if place == "package":
        return _file_in_package(context, rest[0])
    folder = context.cwd if place is None else _folder(context, place)
    path = absolute(rest[0], context) if place is None else folder / rest[0]
    if path.exists() or path.is_symlink():
        return True, f"{path} is there"
    found = sorted(folder.glob(rest[0])) if rest[0] and not Path(rest[0]).is_absolute() else []
    if found:
        return True, f"{found[0]} is there"
    near = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else None
    seen = "its folder does not exist" if near is None else f"beside it are {_listed(near)}"
    return False, f"{path} is not there; {seen}"


def _folder(context: Context, place: str) -> Path:
    layout = resolve_session(context, None, None).layout
    return {
        "work": layout.work,
        "host": layout.host_prefix,
        "build": layout.build_prefix,
        "test": layout.test_prefix,
        "session": layout.root,
    }[place]


def _file_in_package(context: Context, pattern: str) -> Found:
    package = resolve_session(context, None, None).status().paths.get("package")
    if not package or not Path(package).is_file():
        return False, "there is no package yet"
    names = _members(Path(package))
    found = [name for name in names if fnmatchcase(name, pattern)]
    name = Path(package).name
    return bool(found), f"{name} has {found[0]}" if found else f"{name} has {_listed(names)}"


def _members(package: Path) -> list[str]:
    from conda_package_streaming import package_streaming

    kinds = ("info", "pkg") if package.suffix == ".conda" else ("pkg",)
    names: set[str] = set()
    for kind in kinds:
        for tar, member in package_streaming.stream_conda_component(package, component=kind):
            names.add(member.name)
            tar.members.clear()
    return sorted(names)


def _output(context: Context, words: Sequence[str]) -> Found:
    if len(words) < 2:
        raise UsageError("assert output needs a text or a /pattern/", hint="assert output /built in [0-9]+ s/")
    wanted = " ".join(words[1:])
    output = context.last.output if context.last else ""
    if len(wanted) > 2 and wanted.startswith("/") and wanted.endswith("/"):
        try:
            holds = re.search(wanted[1:-1], output, re.MULTILINE) is not None
        except re.error as error:
            raise UsageError(f"assert output: {wanted} is not a pattern: {error}") from None
    else:
        holds = wanted in output
    lines = output.rstrip("\n").splitlines()
    tail = "\n  ".join(lines[-_SHOWN:])
    shown = f"the output was\n  {tail}" if lines else "there was no output"
    return holds, shown


def _status(context: Context, words: Sequence[str]) -> Found:
    if len(words) != 2 or not words[1].isdigit():
        raise UsageError("assert status needs a number", hint="assert status 0")
    status = context.last.status if context.last else 0
    return status == int(words[1]), f"the status was {status}"


def _error(context: Context, words: Sequence[str]) -> Found:
    if len(words) > 2:
        raise UsageError("assert error takes one kind", hint="assert error solve")
    error = context.last.error if context.last else None
    if error is None:
        return False, "there was no error"
    return len(words) == 1 or error.kind == words[1], f"the error was of kind {error.kind}: {error.message}"


def _stop(context: Context, words: Sequence[str]) -> Found:
    if len(words) > 2:
        raise UsageError("assert stop takes one place or reason", hint="assert stop build.sh:4")
    stop = context.held.stop if context.held is not None else None
    if stop is None:
        return False, "no script stands at a stop"
    actual = f"{stop.reason} at {stop.file}:{stop.line}"
    if len(words) == 1:
        return True, actual
    name, _, line = words[1].rpartition(":")
    if line.isdigit():
        here = (str(stop.line), str(stop.text_line)) if not name else (str(stop.line),)
        return line in here and (not name or f"/{stop.file}".endswith(f"/{name}")), actual
    return words[1] == stop.reason or words[1] == stop.frames[0].function, actual


def _var(context: Context, words: Sequence[str]) -> Found:
    if len(words) < 2:
        raise UsageError("assert var needs NAME=VALUE or NAME", hint="assert var CFLAGS='-O2 -g'")
    name, equal, wanted = " ".join(words[1:]).partition("=")
    found = next((v for v in standing(context)[0].debugger.variables() if v.name == name), None)
    if found is None or found.value is None:
        return False, f"{name} is not set"
    value = found.value if isinstance(found.value, str) else " ".join(item for _, item in found.value)
    return not equal or value == wanted, f"{name}={value}"


_CHECKS: dict[str, Callable[[Context, Sequence[str]], Found]] = {
    "file": _file,
    "output": _output,
    "status": _status,
    "error": _error,
    "stop": _stop,
    "var": _var,
}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "") or "no files"


COMMANDS = (
    Command(
        "assert",
        "check a phase's state, a file, the last command's output, status or error, where a script stands, a variable",
        assert_,
        args=(Arg(("words",), "what is to hold", {"nargs": argparse.REMAINDER, "metavar": "CHECK"}),),
        description="""Check something; a check that does not hold is a failure and tells what is.
  assert [not] PHASE STATE                a phase of the current session is in that state
  assert [not] file PATH [in PLACE]       PLACE: work, host, build, test, session or package; PATH may be a glob
  assert [not] output TEXT | /PATTERN/    the output of the last command (asserts not counted)
  assert [not] status N                   its exit status
  assert [not] error [KIND]               it failed, with an error of that kind
  assert [not] stop [PLACE | REASON]      a script stands: at FILE:LINE, LINE, in a function; for a failure, breakpoint
  assert [not] var NAME[=VALUE]           a variable of the script that stands is set, or has that value""",
        examples=("assert build done", "assert file lib/libfoo.so* in package", "assert output /[0-9]+ passed/"),
        group="prompt",
        faces=frozenset({"repl", "tui"}),
    ),
    Command(
        "fails",
        "run a command that is to fail; that it does counts as no failure",
        fails,
        args=(Arg(("words",), "the command", {"nargs": argparse.REMAINDER, "metavar": "COMMAND"}),),
        description="Run a command that is to fail; `assert error` and the like can look at what it ended with.",
        examples=("fails run test", "fails debug recipes-examples/broken/unsatisfiable"),
        group="prompt",
        faces=frozenset({"repl", "tui"}),
        long=True,
    ),
)
