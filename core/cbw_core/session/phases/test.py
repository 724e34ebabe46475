"""test: the package, installed into an environment of its own, does what its recipe's test section says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cbw_core import env, test
from cbw_core.session import aside, blame, trees
from cbw_core.session.model import Phase

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.session.look import Look
    from cbw_core.session.session import Session
    from cbw_core.test import TestPlan


def inputs(session: Session, look: Look) -> dict[str, str]:
    return {} if session.is_package else dict(test.inputs(session.output))


def run(session: Session, sink: Sink, cancel: Cancel) -> dict[str, Any]:
    plan = prepare(session, sink, cancel)
    with aside.put_aside(session.layout):
        test.run(
            plan,
            session.layout,
            session.config,
            environ=session.environ,
            sink=sink,
            cancel=cancel,
            log=session.layout.log(Phase.TEST),
        )
    return {"steps": len(plan.steps)}


def prepare(session: Session, sink: Sink, cancel: Cancel) -> TestPlan:
    """The test environment and its scripts, without running them."""
    package = session.package
    plan = test.plan_of_package(package) if session.is_package else test.plan_for(session.output)
    config = session.config
    if session.is_package:  # the packages beside it are found, as they were when it was built
        config = replace(config, channels=(*config.channels, str(package.parent.parent)))
    resolver = env.ChannelResolver(config, sink=sink, cancel=cancel, environ=session.environ)
    recipe = "" if session.is_package else session.output.recipe_file
    with blame.requirement_lines(recipe, [*session.output.test_requires, *session.output.requirements.run]):
        test.prepare(
            plan,
            package,
            session.layout,
            config,
            output=None if session.is_package else session.output,
            resolver=resolver,
            sink=sink,
            cancel=cancel,
            environ=session.environ,
        )
    return plan


def undo(session: Session, sink: Sink, first: Phase) -> None:
    trees.remove(session.layout.test_prefix)
    trees.remove(session.layout.test_dir)
