"""Bash scripts: each construct that the debugger has to go through, and the habits of build scripts.

name -> text. All run as `bash -o errexit SCRIPT` in an empty folder with PREFIX set, unless NO_ERREXIT has them.
"""

from __future__ import annotations

from pathlib import Path


def _read() -> dict[str, str]:
    """The scripts of traced_scripts.txt: each begins with a line `### NAME`."""
    found: dict[str, str] = {}
    for part in Path(__file__).with_suffix(".txt").read_text().split("### ")[1:]:
        name, _, text = part.partition("\n")
        found[name] = text
    return {**found, "no newline at the end": "echo one\necho two"}


SCRIPTS = _read()
NO_ERREXIT = frozenset({"trap ERR without errexit"})
