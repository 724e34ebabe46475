"""test: the package, installed into an environment of its own, does what its recipe's test section says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core import env, post, test
from cbw_core.errors import CbwError
from cbw_core.layout import Layout
from cbw_core.session import blame
from cbw_core.session.changes import edited_runs, live
from cbw_core.session.disk import aside, jsonfile, trees
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase
from cbw_core.session.phases import broken, downstreams, render
from cbw_core.session.phases.work import Work

if TYPE_CHECKING:
    from cbw_core.test import TestPlan

# what says that the package is at fault: it fails its tests, or cannot be installed
_BROKEN = ("test", "solve")


def inputs(session: SessionFolder, look: Look | None) -> dict[str, str]:
    found = {} if session.is_package else dict(test.inputs(session.output))
    changes = live.read(session).digest("test")
    return {**found, "changes made to the environment": changes} if changes else found


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    try:
        plan = prepare(session, work)
        _run(session, plan, (), work)
        tested = [] if session.is_package else downstreams.check(session, work)
    except CbwError as error:
        if not session.is_package and error.kind in _BROKEN:
            broken.put(session, work.sink)
        raise
    if not session.is_package:
        broken.bring_back(session, work.sink)
    return {"steps": len(plan.steps), **({"downstreams": tested} if tested else {})}


def _run(session: SessionFolder, plan: TestPlan, only: Sequence[int], work: Work) -> None:
    edited_runs.begins(session, Phase.TEST)
    with aside.put_aside(session.layout):
        try:
            _run_files(session, plan, only, work)
        finally:
            edited_runs.ended(session, Phase.TEST)
    if edited_runs.took_from_recipe(session, Phase.TEST):
        render.take_in(session, work)


def _run_files(session: SessionFolder, plan: TestPlan, only: Sequence[int], work: Work) -> None:
    test.run(
        plan,
        session.layout,
        environ=session.environ,
        sink=work.sink,
        cancel=work.cancel,
        log=session.layout.log(Phase.TEST),
        only=only,
        debugger=session.debugger,
        render_again=None if session.is_package else lambda: render.now(session, work.sink),
    )


def plan_of(session: SessionFolder) -> TestPlan:
    """The tests there are: the package's own in a session of a package, else those of the recipe."""
    return test.plan_of_package(session.package) if session.is_package else test.plan_for(session.output)


def prepare(session: SessionFolder, work: Work) -> TestPlan:
    """The test environment and its scripts, without running them."""
    package, plan = session.package, plan_of(session)
    session.kept.tested.unlink(missing_ok=True)
    config = session.config
    if session.is_package:  # the packages beside it are found, as they were when it was built
        config = replace(config, channels=(*config.channels, str(package.parent.parent)))
    resolver = env.ChannelResolver(config, sink=work.sink, cancel=work.cancel, environ=session.environ)
    output = None if session.is_package else session.output
    with blame.requirement_lines(output, "test", resolver=resolver):
        test.prepare(
            plan,
            package,
            session.layout,
            config,
            output=output,
            resolver=live.WithChanges(resolver, session, "test", work.sink, work.cancel),
            sink=work.sink,
            cancel=work.cancel,
            environ=session.environ,
        )
    if config.test_run_post and plan.steps and not session.is_package:
        _post_again(session, work)
    jsonfile.write(session.kept.tested, _prepared_for(session))
    return plan


class _Installed(Layout):
    """The layout of a session in which the test prefix is what is post-processed."""

    @property
    def host_prefix(self) -> Path:
        return self.test_prefix


def _post_again(session: SessionFolder, work: Work) -> None:
    """--test-run-post: what is installed to be tested, post-processed as a build is."""
    layout = session.layout
    owners = env.installed_files(layout.test_prefix)
    mine = [path for path, dist in owners.items() if dist == session.output.dist]
    others = {path: dist for path, dist in owners.items() if dist != session.output.dist}
    installed = _Installed(layout.root, layout.prefix_length, layout.long_test_prefix)
    post.process(
        session.output,
        installed,
        session.config,
        new_files=sorted(mine),
        owned=others,
        sink=work.sink,
        cancel=work.cancel,
    )


def run_steps(session: SessionFolder, numbers: Sequence[int], work: Work) -> None:
    """Single tests, in the test environment that is there, made where there is none for this package and recipe."""
    plan = plan_of(session) if is_prepared(session) else prepare(session, work)
    _run(session, plan, numbers, work)


def is_prepared(session: SessionFolder) -> bool:
    """Whether the test environment is that of the package as it is now, and of the tests as they are written now."""
    known = jsonfile.read(session.kept.tested)
    return known is not None and session.layout.test_env_file.is_file() and known == _prepared_for(session)


def _prepared_for(session: SessionFolder) -> dict[str, Any]:
    info = session.package.stat()
    found = inputs(session, None)
    return {"package": str(session.package), "size": info.st_size, "mtime_ns": info.st_mtime_ns, "inputs": found}


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    session.kept.tested.unlink(missing_ok=True)
    trees.remove(session.layout.test_prefix)
    trees.remove(session.layout.test_dir)
