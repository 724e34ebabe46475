"""The tests of a package: what there is to run, the environment for it, and running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.test.digests import inputs
    from cbw_core.test.packaged import plan_of_package
    from cbw_core.test.plan import TestPlan, TestStep, plan_for
    from cbw_core.test.preparing import prepare
    from cbw_core.test.running import run
    from cbw_core.test.steps import StepScript, outcomes, step_scripts

__all__ = [
    "StepScript",
    "TestPlan",
    "TestStep",
    "inputs",
    "outcomes",
    "plan_for",
    "plan_of_package",
    "prepare",
    "run",
    "step_scripts",
]

_HOME = {
    "TestPlan": "plan",
    "TestStep": "plan",
    "inputs": "digests",
    "plan_for": "plan",
    "plan_of_package": "packaged",
    "prepare": "preparing",
    "run": "running",
    "StepScript": "steps",
    "outcomes": "steps",
    "step_scripts": "steps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
