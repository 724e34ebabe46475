"""From where a script cannot go on elsewhere."""

from __future__ import annotations

from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.trace.model import Stop


def refuse_jump(stop: Stop) -> None:
    """UsageError where the script cannot go on elsewhere."""
    if stop.subshell:
        raise UsageError(
            "the script stands in a subshell, which cannot go on elsewhere",
            kind="not-here",
            why="What a subshell does to variables ends with it.",
            hint="`continue` lets it end; at the stop behind it the script can go on elsewhere.",
        )
    if stop.followed:
        raise UsageError(
            f"the script stands in {Path(stop.script).name}, which it started: it cannot go on elsewhere",
            kind="not-here",
            hint="`finish` goes back to the command that started it.",
        )
    trap = next((frame.function for frame in stop.frames if frame.function.startswith("trap ")), "")
    if trap and trap != "trap EXIT":
        raise UsageError(
            f"the script stands in its {trap}, from where it cannot go on elsewhere",
            kind="not-here",
            hint="`finish` leaves the trap; `break fail on` stops at a failure before its trap runs.",
        )
    if trap or (stop.reason == "exit" and stop.note == "ending"):
        raise UsageError(
            "the script has ended: its shell cannot go back into it",
            kind="not-here",
            hint="Look around; then `continue`, and `rerun build` runs the edited script.",
        )


def not_stopped() -> UsageError:
    return UsageError(
        "no script stands at a stop",
        kind="not-stopped",
        hint="`break LINE` and `run build` stop one; a build that fails stops by itself.",
    )
