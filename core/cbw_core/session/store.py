"""Where sessions are: made, found, listed, removed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cbw_core.config import Config
from cbw_core.errors import CbwError, UsageError
from cbw_core.platforms import KNOWN_SUBDIRS
from cbw_core.render.output import Output
from cbw_core.session import ledger as ledgers
from cbw_core.session import making, new_folder, register
from cbw_core.session.disk import aside, locks, trees
from cbw_core.session.model import PHASES, Phase
from cbw_core.session.planning import Plan
from cbw_core.session.session import Session


@dataclass(frozen=True)
class SessionInfo:
    """A line of the list of sessions. `started`: ISO time; `states`: as the ledger has them, not held against disk."""

    root: str
    recipe: str
    output: str
    started: str
    states: Mapping[str, str] = field(default_factory=dict)


def create(
    plan: Plan,
    output: Output,
    config: Config,
    *,
    path: Path | None = None,
    label: str = "debug",
    environ: Mapping[str, str] | None = None,
) -> Session:
    """A new session for one output of a plan, at `path` or under the croot as `<label>_<milliseconds>`.

    `path` used before by a session is emptied first (nothing of an earlier run stays); one that holds anything else
    is refused with UsageError(kind="path").
    """
    root = new_folder.fresh(path, config, label)
    making.for_output(root, plan.recipe, plan.rendering, output, config)
    return Session(root, environ=environ)


def create_for_package(
    package: Path, config: Config, *, path: Path | None = None, environ: Mapping[str, str] | None = None
) -> Session:
    """A new session that tests a package file; every phase but test is skipped. path: as for `create`."""
    return Session(making.for_package(package, config, path), environ=environ)


def open_session(root: Path, *, environ: Mapping[str, str] | None = None) -> Session:
    """The session in a folder. UsageError(kind="session") when it is none."""
    session = Session(Path(os.path.abspath(root)), environ=environ)  # noqa: PTH100 (links stay)
    _ = session.ledger
    if aside.is_aside(session.layout) and not locks.is_held(session.root):  # killed while its tests ran
        with locks.held(session.root):
            aside.bring_back(session.layout)
    return session


def sessions(config: Config) -> tuple[SessionInfo, ...]:
    """Every session known here, the one used last first; those of sibling outputs stand behind their recipe's."""
    found = []
    for root in register.known_roots(config):
        try:
            book = ledgers.read(root / "ledger.json")
        except CbwError:
            continue  # removed meanwhile, or another version's
        if book.parent is not None:
            continue
        dist = str(book[Phase.RENDER].result.get("dist") or book.name)
        states = {p.value: book[p].state.value for p in PHASES}
        found.append(SessionInfo(str(root), book.target, "TOPLEVEL" if book.toplevel else dist, book.started, states))
    return tuple(found)


def last_session(config: Config, recipe: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Session:
    """The session used last (of this recipe or package, where one is given). UsageError when there is none."""
    wanted = None if recipe is None else _target(recipe)
    for root in register.known_roots(config):
        session = Session(root, environ=environ)
        try:
            if wanted is None or _target(Path(session.ledger.target)) == wanted:
                return session
        except CbwError:
            continue
    of = f" of {recipe}" if recipe else ""
    raise UsageError(
        f"there is no session{of}",
        kind="no-session",
        hint=f"`cbw debug {recipe or 'RECIPE'}` makes one; `cbw sessions` lists those there are.",
    )


def _target(path: Path) -> Path:
    path = path.resolve()
    return path.parent if path.name == "meta.yaml" else path


def purge(config: Config, *, everything: bool) -> tuple[Path, ...]:
    """Remove the sessions under the croot; `everything`: the packages built there and the channel's index too.
    Returns what was removed. A session at work is left and refused: UsageError(kind="session-busy")."""
    roots = [ledger.parent for ledger in sorted(config.croot.glob("*/ledger.json"))]
    for root in roots:
        locks.refuse_busy(root)
    removed: list[Path] = []
    for root in roots:
        trees.remove(root)
        register.forget(config, root)
        removed.append(root)
    if everything:
        made = [config.packages / name for name in (*KNOWN_SUBDIRS, "channeldata.json")]
        for folder in (*made, config.croot / "broken"):
            if folder.exists():
                trees.remove(folder)
                removed.append(folder)
    return tuple(removed)
