"""Patterns that a recipe brings, searched in a child process: a bad one takes for ever, and Python cannot stop it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from cbw_core.errors import RecipeError

# of computing, not of waiting for a busy machine
SECONDS = 0.5
_PATIENCE = 30.0
# its own clock ends it even when nobody waits any more
CHILD = f"""
import json, re, signal, sys
signal.setitimer(signal.ITIMER_PROF, {SECONDS})
pattern, text = json.load(sys.stdin)
try:
    found = re.search(pattern, text)
except (re.error, RecursionError, OverflowError) as error:
    print(json.dumps({{"error": str(error)}}))
else:
    told = found and dict(spans=[found.span(n) for n in range(found.re.groups + 1)], names=found.re.groupindex)
    print(json.dumps({{"found": told}}, default=dict))
"""


@dataclass(frozen=True)
class Found:
    """What a search found: the part of re.Match that templates use. spans: of the whole, then of each group."""

    string: str
    spans: tuple[tuple[int, int], ...]
    names: dict[str, int]

    def __getitem__(self, group: int | str) -> str | None:
        start, end = self.span(group)
        return None if start < 0 else self.string[start:end]

    def group(self, *groups: int | str) -> str | tuple[str | None, ...] | None:
        found = tuple(self[g] for g in groups or (0,))
        return found[0] if len(found) == 1 else found

    def groups(self, default: Any = None) -> tuple[Any, ...]:
        found = (self[g] for g in range(1, len(self.spans)))
        return tuple(default if text is None else text for text in found)

    def groupdict(self, default: Any = None) -> dict[str, Any]:
        return {name: default if self[n] is None else self[n] for name, n in self.names.items()}

    def span(self, group: int | str = 0) -> tuple[int, int]:
        number = self.names.get(group) if isinstance(group, str) else group
        if number is None or not 0 <= number < len(self.spans):
            raise IndexError("no such group")
        return self.spans[number]

    def start(self, group: int | str = 0) -> int:
        return self.span(group)[0]

    def end(self, group: int | str = 0) -> int:
        return self.span(group)[1]

    @property
    def lastindex(self) -> int | None:
        return max((n for n in range(1, len(self.spans)) if self.spans[n][0] >= 0), default=None)

    def __str__(self) -> str:
        return f"<re.Match object; span={self.spans[0]}, match={self[0]!r}>"


def search(pattern: Any, text: str) -> Found | None:
    """re.search in a child, which has half a second. Raises RecipeError for what is no pattern, or takes longer."""
    if not isinstance(pattern, str):
        raise _error(f"{pattern!r} is not a pattern: it should be text", "Write a regular expression in quotes.")
    argv = [sys.executable, "-I", "-S", "-c", CHILD]
    try:
        done = subprocess.run(
            argv,
            input=json.dumps([pattern, text]),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        done = None
    except OSError as error:
        raise _error(
            f"{pattern!r} cannot be searched: {error}", "Search it again when the machine is less busy."
        ) from None
    if done is None or done.returncode:
        raise _error(
            f"the search for {pattern!r} takes more than {SECONDS} seconds",
            hint="Write a pattern without repeats inside of repeats, such as (a+)+.",
        )
    told = json.loads(done.stdout)
    if "error" in told:
        raise _error(f"{pattern!r} is not a pattern: {told['error']}", "Write a regular expression of Python's re.")
    found = told["found"]
    return Found(text, tuple((a, b) for a, b in found["spans"]), found["names"]) if found else None


def _error(message: str, hint: str) -> RecipeError:
    return RecipeError(f"load_file_regex: {message}", kind="jinja", hint=hint)
