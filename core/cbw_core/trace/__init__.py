"""The debugger of build scripts: stepping, stops, a look at the living shell, editing and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.trace.debugger import Debugger
    from cbw_core.trace.model import Breakpoint, Evaluated, FileMade, Frame, Reloaded, Stop, Target, Variable
    from cbw_core.trace.postmortem import PythonRun
    from cbw_core.trace.run import Run
    from cbw_core.trace.timeline import Pair, Part, Timeline, compare, slowest

__all__ = [
    "Breakpoint",
    "Debugger",
    "Evaluated",
    "FileMade",
    "Frame",
    "Pair",
    "Part",
    "PythonRun",
    "Reloaded",
    "Run",
    "ScriptEnded",
    "Stop",
    "Target",
    "Timeline",
    "Variable",
    "compare",
    "slowest",
]

__getattr__ = lazily(
    __name__,
    {
        "debugger": ("Debugger",),
        "model": ("Breakpoint", "Evaluated", "FileMade", "Frame", "Reloaded", "Stop", "Target", "Variable"),
        "link": ("ScriptEnded",),
        "postmortem": ("PythonRun",),
        "run": ("Run",),
        "timeline": ("Pair", "Part", "Timeline", "compare", "slowest"),
    },
)
