"""The debugger of build scripts: stepping, stops, a look at the living shell, editing and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.trace.debugger import Debugger
    from cbw_core.trace.model import Breakpoint, Evaluated, FileMade, Frame, Reloaded, Stop, Target, Variable
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
    "Reloaded",
    "Run",
    "Stop",
    "Target",
    "Timeline",
    "Variable",
    "compare",
    "slowest",
]

_HOME = {
    "Debugger": "debugger",
    "Run": "run",
    **dict.fromkeys(("Pair", "Part", "Timeline", "compare", "slowest"), "timeline"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'model')}"), name)
