"""The debugger of build scripts: stepping, stops, a look at the living shell, editing and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.trace.debugger import Debugger
    from cbw_core.trace.model import Breakpoint, Evaluated, FileMade, Frame, Reloaded, Stop, Target, Variable
    from cbw_core.trace.run import Run

__all__ = [
    "Breakpoint",
    "Debugger",
    "Evaluated",
    "FileMade",
    "Frame",
    "Reloaded",
    "Run",
    "Stop",
    "Target",
    "Variable",
]

_HOME = {"Debugger": "debugger", "Run": "run"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'model')}"), name)
