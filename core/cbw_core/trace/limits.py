"""What a script does that ends or narrows its tracing: found in its text, to be said before it runs."""

from __future__ import annotations

import re

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


def limits(text: str) -> tuple[tuple[int, str], ...]:
    """(line, what is to be said of it), in order."""
    found = []
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
