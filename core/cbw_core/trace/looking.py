"""What is known where a script stands: its variables, functions, options and jobs."""

from __future__ import annotations

import shlex

from cbw_core.trace.filelines import to_file
from cbw_core.trace.model import FunctionAt, Stop
from cbw_core.trace.run import Run


def functions(run: Run) -> dict[str, str]:
    """The script's functions: name -> text."""
    run.shell_only("functions")
    found: dict[str, str] = {}
    for row in run.evaluate("builtin declare -F").output.splitlines():
        name = row.split()[-1]
        if name == "trap" or name.startswith("__cbw_"):
            continue
        found[name] = run.evaluate(f"builtin declare -f -- {shlex.quote(name)}").output
    return found


def function_places(run: Run) -> tuple[FunctionAt, ...]:
    """Where each function is defined, as a person edits it."""
    run.shell_only("functions")
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
    """The shell's options (`set -o` and `shopt`), without what tracing sets; none where no shell stands."""
    if run.post_mortem:
        return {}
    rows = run.evaluate("builtin set -o; builtin shopt").output.split("\n")
    pairs = (row.split() for row in rows if row.strip())
    ours = ("errtrace", "functrace", "extdebug")
    found = {p[0]: p[1] == "on" for p in pairs if len(p) == 2 and p[0] not in ours}
    # evaluating switches these off for itself
    return {**found, "nounset": "u" in stop.flags, "xtrace": "x" in stop.flags}


def jobs(run: Run) -> tuple[str, ...]:
    """The script's background jobs, a line each, as `jobs -l` shows them; none where no shell stands."""
    return () if run.post_mortem else tuple(run.evaluate("builtin jobs -l").output.splitlines())
