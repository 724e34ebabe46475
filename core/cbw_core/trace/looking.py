"""What is known where a script stands: its variables, functions, options and jobs."""

from __future__ import annotations

import shlex

from cbw_core.trace.declared import variables
from cbw_core.trace.filelines import to_file
from cbw_core.trace.model import FunctionAt, Stop, Variable
from cbw_core.trace.run import Run
from cbw_core.trace.shellstate import OF_BASH


def read_variables(run: Run) -> dict[str, Variable]:
    """The script's variables, without those that are bash's own."""
    found = variables(run.evaluate("builtin declare -p").output)
    return {v.name: v for v in found if not v.name.startswith("__cbw_") and v.name not in OF_BASH and not _of_size(v)}


def _of_size(variable: Variable) -> bool:
    """bash itself sets these when a command has ended; exported, they are somebody's."""
    return variable.name in ("COLUMNS", "LINES") and not variable.exported


def functions(run: Run) -> dict[str, str]:
    """The script's functions: name -> text."""
    found: dict[str, str] = {}
    for row in run.evaluate("builtin declare -F").output.splitlines():
        name = row.split()[-1]
        if name == "trap" or name.startswith("__cbw_"):
            continue
        found[name] = run.evaluate(f"builtin declare -f -- {shlex.quote(name)}").output
    return found


def function_places(run: Run) -> tuple[FunctionAt, ...]:
    """Where each function is defined, as a person edits it."""
    rows = run.evaluate(
        "(IFS=$' \\t\\n'; builtin shopt -s extdebug; builtin declare -F $(builtin compgen -A function))"
    ).output
    found = []
    for row in rows.splitlines():
        name, line, file = row.split(" ", 2)
        if name == "trap" or name.startswith("__cbw_"):
            continue
        text_line = run.text_line(int(line)) if file == str(run.target.script) else None
        place = to_file(text_line, run.target, run.text) if text_line is not None else None
        found.append(FunctionAt(name, *(place or (file, int(line)))))
    return tuple(sorted(found, key=lambda one: one.name))


def options(run: Run, stop: Stop) -> dict[str, bool]:
    """The shell's options (`set -o` and `shopt`), without what tracing sets."""
    rows = run.evaluate("builtin set -o; builtin shopt").output.split("\n")
    pairs = (row.split() for row in rows if row.strip())
    ours = ("errtrace", "functrace", "extdebug")
    found = {p[0]: p[1] == "on" for p in pairs if len(p) == 2 and p[0] not in ours}
    # evaluating switches these off for itself
    return {**found, "nounset": "u" in stop.flags, "xtrace": "x" in stop.flags}
