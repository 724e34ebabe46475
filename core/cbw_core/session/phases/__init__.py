"""The seven phases. Each file has what its phase takes in (`inputs`), what it does (`run`), how to undo it (`undo`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase
from cbw_core.session.phases import build, env, package, post, render, source, test
from cbw_core.session.phases.work import Work

Inputs: TypeAlias = Callable[[SessionFolder, Look], Mapping[str, str]]
Run: TypeAlias = Callable[[SessionFolder, Work], Mapping[str, Any]]
Undo: TypeAlias = Callable[[SessionFolder, Work, Phase], None]


@dataclass(frozen=True)
class PhaseCode:
    """inputs: name -> digest of what the phase depends on, read from disk now; other outputs as the look has them.
    run: does it and says what it gave out, JSON-able; raises CbwError. undo: files as they were before it; it is told
    the first phase that is undone. stands_on: the phases whose last run it builds on."""

    inputs: Inputs
    run: Run
    undo: Undo
    stands_on: tuple[Phase, ...] = ()


CODE: Mapping[Phase, PhaseCode] = {
    Phase.RENDER: PhaseCode(render.inputs, render.run, render.undo),
    Phase.SOURCE: PhaseCode(source.inputs, source.run, source.undo),
    Phase.ENV: PhaseCode(env.inputs, env.run, env.undo),
    Phase.BUILD: PhaseCode(build.inputs, build.run, build.undo, (Phase.SOURCE, Phase.ENV)),
    Phase.POST: PhaseCode(post.inputs, post.run, post.undo, (Phase.BUILD,)),
    Phase.PACKAGE: PhaseCode(package.inputs, package.run, package.undo, (Phase.POST,)),
    Phase.TEST: PhaseCode(test.inputs, test.run, test.undo, (Phase.PACKAGE,)),
}
