"""The tests of a package: what there is to run, the environment for it, and running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

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

__getattr__ = lazily(
    __name__,
    {
        "digests": ("inputs",),
        "packaged": ("plan_of_package",),
        "plan": ("TestPlan", "TestStep", "plan_for"),
        "preparing": ("prepare",),
        "running": ("run",),
        "steps": ("StepScript", "outcomes", "step_scripts"),
    },
)
