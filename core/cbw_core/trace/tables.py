"""What bash decides by while it runs: breakpoints and the way of going on, as the text of state.sh."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cbw_core.trace.commands import statement_at, top_commands
from cbw_core.trace.filelines import is_meant, to_text
from cbw_core.trace.lines import LineMap
from cbw_core.trace.model import Breakpoint, Target
from cbw_core.trace.placing import stop_line, text_of
from cbw_core.trace.quick import always, loosened, question

_INTERNAL = 10_000_000  # numbers of the stops that are always there
_EXIT = re.compile(r"(?:^|[;&|({!\s])exit\b")
_EXEC = re.compile(r"(?:^|[;&|({!\s])exec\s+[^0-9<>&{\s]")
# what may turn xtrace on: then even the fast expression has to run with stderr away
_XTRACE = re.compile(
    r"(?:^|[;&|({\s])(?:set\s+(?:-\w+\s+)*-\w*x|set\s.*xtrace|source\s|\.\s|eval\b|shopt\s.*xtrace)", re.M
)


@dataclass(frozen=True)
class Going:
    """How the script goes on. mode: "run", "step", "next" or "finish"; depth: bash's count of frames for the last two;
    subshell: how deep in subshells `next` and `finish` stop; after: `next` stops behind this line (bash's) only, or
    where a function has returned."""

    mode: str = "run"
    depth: int = 0
    subshell: int = 0
    after: int = 0


def may_trace_itself(text: str) -> bool:
    """Whether a script could switch `set -x` on, so that it would show what the debugger runs before each command."""
    return _XTRACE.search(text) is not None


def state_text(
    target: Target,
    text: str,
    lines: LineMap,
    points: Iterable[Breakpoint],
    going: Going,
    *,
    serial: int,
    on_fail: bool,
    record: int,
    snapshot: bool = False,
    quiet: bool = False,
    follow: bool = False,
) -> str:
    """state.sh: sets the mode, what is run before each command (`quiet`: quick.py), the lines to look at, and the table
    of breakpoints. record: how many commands are recorded one by one; behind those only what begins at the top level
    is."""
    looked_at: set[int] = set()
    rows: list[str] = []
    everything = going.mode == "step" or follow  # each notes where it stands, for those that it starts
    commands: list[int] = []
    variables: list[tuple[int, str]] = []
    for point in points:
        if not point.enabled:
            continue
        if point.kind == "line":
            spots = _bash_lines(point, target, text, lines)
            looked_at.update(line for line, _ in spots)
            path = "" if is_meant(point.file, target) else another_file(point.file, target)[0]
            for offset, (line, file) in enumerate(spots):
                rows.append(_row(point.number + 1000 * offset, point, "line", line=line, file=file, value=path))
        else:
            value = f"{target.prefix}/{point.spec}" if point.kind == "file" else point.spec
            rows.append(_row(point.number, point, point.kind, value=value))
            if point.kind == "command":
                commands.append(point.number)
                rows.append(f"__cbw_bq{point.number}={shlex.quote(loosened(value))}")
            elif point.kind == "variable":
                variables.append((point.number, value))
            else:
                everything = True
    for pattern in (_EXIT, _EXEC) if on_fail else (_EXEC,):
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.end()) + 1
            looked_at.update(lines.to_bash(line))
    begins = [b for c in top_commands(text) for b in lines.to_bash(c.first)] if snapshot else []
    looked_at.update(begins)
    rows.append(_fixed(_INTERNAL, "exit", "exit") if on_fail else "")
    rows.append(_fixed(_INTERNAL + 1, "exec", "exec"))
    tops = {bash for line in _begins(text) for bash in lines.to_bash(line)} if record else set()
    enough = f"{_more('__cbw_rb', tops, 1)} {_more('__cbw_b', tops - looked_at, 2)}"
    numbers = [row.split("]", 1)[0].removeprefix("__cbw_bk[") for row in rows if row.startswith("__cbw_bk[")]
    few = going.depth - (going.mode == "finish") if going.mode in ("next", "finish") else 0
    asked = [
        shlex.quote(question(commands=commands, variables=variables, depth=few > 0, record=each, quiet=quiet))
        for each in (True, False)
    ]
    return "\n".join(
        [
            f"__cbw_gen={serial} __cbw_mode={going.mode} __cbw_depth={going.depth} __cbw_sub={going.subshell}",
            f"__cbw_after={going.after}",
            f"__cbw_fail={int(on_fail)} __cbw_rec={record}",
            f"__cbw_s={int(everything)} __cbw_all={shlex.quote(always(quiet))}",
            f"if ((__cbw_rn < __cbw_rec)); then __cbw_ask={asked[0]}; else __cbw_ask={asked[1]}; fi",
            "__cbw_dn=(" + " ".join(f"[{n}]=1" for n in range(few)) + ")",
            "__cbw_b=(" + " ".join(f"[{line}]=1" for line in sorted(looked_at)) + ")",
            "__cbw_rb=()",
            f"if ((__cbw_rec && __cbw_rn >= __cbw_rec)); then {enough}; fi" if tops else "",
            "__cbw_sn=(" + " ".join(f"[{line}]=1" for line in sorted(begins)) + ")",
            "__cbw_bk=() __cbw_bv=() __cbw_bf=() __cbw_bl=() __cbw_bc=() __cbw_bo=()",
            *(row for row in rows if row),
            f"__cbw_bn=({' '.join(numbers)})",
            "",
        ]
    )


def _begins(text: str) -> set[int]:
    """The lines that bash may name first of each command at the top level."""
    spans = [(c.first, statement_at(text, c.first)) for c in top_commands(text) if not c.function]
    return {line for first, (a, b) in spans for line in range(min(a, first), min(b, first + 200) + 1)}


def _more(array: str, lines: Iterable[int], value: int) -> str:
    return f"{array}+=(" + " ".join(f"[{line}]={value}" for line in sorted(lines)) + ")"


def _fixed(number: int, kind: str, reason: str) -> str:
    return f"__cbw_bk[{number}]={kind} __cbw_bo[{number}]={reason}"


def _row(number: int, point: Breakpoint, kind: str, *, value: str = "", line: int = 0, file: str = "") -> str:
    n = number
    parts = [
        f"__cbw_bk[{n}]={kind}",
        f"__cbw_bo[{n}]=breakpoint",
        f"__cbw_bv[{n}]={shlex.quote(value)}",
        f"__cbw_bl[{n}]={line}",
        f"__cbw_bf[{n}]={shlex.quote(file)}",
        f"__cbw_bc[{n}]={shlex.quote(point.condition)}",
    ]
    # how often it was passed is kept in a file of that name, for all processes of the script
    parts += [f"__cbw_bi[{n}]={point.ignore}", f"__cbw_bj[{n}]={point.number}.{point.turn}"]
    return "; ".join(parts)


def _bash_lines(point: Breakpoint, target: Target, text: str, lines: LineMap) -> list[tuple[int, str]]:
    """(line, file) as bash counts: every line of the command there, since bash names the last one of some."""
    assert point.line is not None
    if not is_meant(point.file, target):
        if not point.file:
            return []
        text = another_file(point.file, target)[1]
        line = stop_line(text, point.line) or point.line
        first, last = statement_at(text, line)
        return [(line, point.file) for line in range(first, min(last, first + 200) + 1)]
    first, last = statement_at(text, to_text(point.file, point.line, target, text))
    spots = [bash for line in range(first, min(last, first + 200) + 1) for bash in lines.to_bash(line)]
    return [(line, str(target.script)) for line in spots]


def another_file(file: str, target: Target) -> tuple[str, str]:
    """(path, text) of a file that the script may source, as a person named it: below the work folder, or in the
    recipe. What is not there (yet) is taken as it was written, with no text."""
    recipe = Path(target.file).parent if target.file else target.work
    for path in (target.work / file, recipe / file):  # an absolute one stays what it is
        if path.is_file():
            return str(path), text_of(path)
    return file, ""
