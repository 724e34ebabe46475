"""What a script does that ends or narrows its tracing: found in its text, to be said before it runs."""

from __future__ import annotations

import re
from pathlib import Path

from cbw_core.trace.commands import nodes, span_of

_OPTIONS = re.compile(r"set\s+(?:\S+\s+)*(?:\+[a-zA-Z]*T|\+o\s+functrace)")
_RULES = (
    (
        re.compile(r"(?:builtin|command)\s+trap\b.*\b(?:SIG)?DEBUG\b", re.S),
        "sets the DEBUG trap past the debugger: from there on nothing stops and nothing is recorded",
    ),
    (
        re.compile(r"(?:builtin|command)\s+trap\b.*\b(?:SIG)?(?:ERR|EXIT)\b", re.S),
        "sets a trap past the debugger: what fails behind it may not stop",
    ),
    (
        re.compile(r"unset\s+-f\s+(?:\S+\s+)*trap\b"),
        "removes the function by which the debugger keeps the script's traps beside its own: behind the next `trap`, "
        "nothing may stop",
    ),
    (_OPTIONS, "switches functrace off: functions and subshells are not stepped from there on"),
)
# what a text must have for any of them to be there; most have none, and are not parsed
_NEEDED = re.compile(r"\btrap\b|\+[a-zA-Z]*T|\bfunctrace\b")


def limits(text: str, followed: Path | None = None) -> tuple[tuple[int, str], ...]:
    """(line, what is to be said of it), in order. followed: where scripts that it starts are, the folder it runs in."""
    found = [] if followed is None else list(_not_followed(text, followed))
    if _NEEDED.search(text) is None:
        return tuple(sorted(found))
    for node in nodes(text):
        if node.type == "function_definition" and (name := node.child_by_field_name("name")) is not None:
            if name.text == b"trap":
                found.append((span_of(node)[0], "defines `trap` anew: the script's own traps replace the debugger's"))
        elif node.type in ("command", "unset_command"):
            command = node.text.decode(errors="replace")
            said = next((said for pattern, said in _RULES if pattern.match(command)), None)
            if said is not None:
                found.append((span_of(node)[0], f"`{command.splitlines()[0]}` {said}"))
    return tuple(sorted(found))


_SHELLS = re.compile(r"(?:\S*/)?(sh|dash|zsh|ksh|mksh|ash|busybox)\s+(?!-c\b)\S")
_CLEARED = re.compile(r"(?:\S*/)?env\s+(?:-\S+\s+)*(?:-i\b|--ignore-environment|-u\s*BASH_ENV|BASH_ENV=)|BASH_ENV=")
_UNREAD = re.compile(r"(?:\S*/)?bash\s+(?:-\S+\s+)*(?:--posix|-p\b|-o\s+(?:posix|privileged))")
_GONE = re.compile(r"unset\s+(?:-\S+\s+)*(?:\S+\s+)*BASH_ENV\b|(?:export\s+)?BASH_ENV=\S*$|export\s+-n\s+BASH_ENV")


def _not_followed(text: str, work: Path) -> tuple[tuple[int, str], ...]:
    """(line, what is to be said of it) of commands that start scripts which cannot be followed. work: the folder that
    paths begin at."""
    found = []
    for node in nodes(text):
        if node.type not in ("command", "unset_command", "declaration_command", "variable_assignment"):
            continue
        if node.type == "variable_assignment" and node.parent.type in ("command", "declaration_command"):
            continue  # told with its command
        command = node.text.decode(errors="replace").strip()
        if (why := _unfollowed(command, work)) is not None:
            found.append((span_of(node)[0], f"`{command.splitlines()[0]}`{why}"))
    return tuple(sorted(found))


def _unfollowed(command: str, work: Path) -> str | None:
    if _GONE.match(command):
        return ": what the script starts behind it is not followed"
    if _CLEARED.match(command):
        return " is not followed: it takes BASH_ENV away"
    if _UNREAD.match(command):
        return " is not followed: bash does not read BASH_ENV then"
    if (shell := _SHELLS.match(command)) is not None:
        return f" is not followed: {shell[1]} is no bash"
    path = command.split()[0].strip("\"'")
    if "/" in path and (runs := _interpreter(work / path)) is not None:
        return f" is not followed: it is a script for {runs}"
    return None


def _interpreter(path: Path) -> str | None:
    """The shell that runs a script, as its first line has it, where it is another one than bash."""
    try:
        with path.open("rb") as stream:
            head = stream.readline(200).decode(errors="replace")
    except OSError:  # not there (yet), or nothing to read
        return None
    found = re.match(r"#!\s*(\S+)(?:\s+(\S+))?", head)
    runs = "" if found is None else found[2] or found[1] if found[1].endswith("/env") else found[1]
    return runs if re.fullmatch(r"(?:\S*/)?(?:sh|dash|zsh|ksh|ash)", runs) else None
