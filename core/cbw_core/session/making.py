"""A session made: its folder, with the ledger and the rendering it starts from."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cbw_core import channel
from cbw_core.config import Config
from cbw_core.render.output import Output
from cbw_core.session import ledger as ledgers
from cbw_core.session import new_folder, register, rendering
from cbw_core.session.disk import locks
from cbw_core.session.folder import SessionFolder
from cbw_core.session.ledger import Ledger, PhaseRecord
from cbw_core.session.look import Members
from cbw_core.session.model import PHASES, Phase, State
from cbw_core.session.rendering import Rendering

S = TypeVar("S", bound=SessionFolder)


def for_output(
    root: Path,
    recipe: Path,
    kept: Rendering,
    output: Output,
    config: Config,
    *,
    parent: Path | None = None,
) -> None:
    """Make a session in `root` whose render phase is done: its plan was rendered to make it. parent: the session of
    whose recipe it is another output."""
    book = _book("recipe", recipe, config, output, parent=parent)
    done = PhaseRecord(state=State.DONE, seconds=0.0, started=book.started, serial=1, result={"dist": output.dist})
    phases = {Phase.RENDER.value: done}
    if output.is_toplevel:  # nothing is packaged of it: its outputs are
        phases |= {p.value: PhaseRecord(state=State.SKIPPED) for p in (Phase.POST, Phase.PACKAGE, Phase.TEST)}
    elif output.package_type == "wheel":  # a wheel is as pip made it, and conda installs none
        phases |= {p.value: PhaseRecord(state=State.SKIPPED) for p in (Phase.POST, Phase.TEST)}
    elif not config.test:
        phases[Phase.TEST.value] = PhaseRecord(state=State.SKIPPED)
    _write(root, replace(book, phases=phases), kept.choosing(output), config)
    session = SessionFolder(root)
    session.record(Phase.RENDER, inputs=rendering.inputs(session.rendering, session.ledger.config))


def for_package(package: Path, config: Config, path: Path | None) -> Path:
    """Make a session that tests a package file, at `path` or under the croot; every phase but test is skipped. Returns
    its folder."""
    index = channel.read_index_json(package)
    output = Output(
        recipe_dir="",
        recipe_file="",
        name=index["name"],
        version=str(index["version"]),
        build_string=str(index["build"]),
        build_number=int(index.get("build_number", 0)),
        subdir=str(index.get("subdir", "")),
        host_subdir=config.build_platform,
        build_subdir=config.build_platform,
        noarch=str(index.get("noarch") or ""),
        final=True,
    )
    root = new_folder.fresh(path, config, "debug")
    alone = Rendering(str(package), (output,), (), (), (), (), chosen=0)
    book = _book("package", package, config, output, parent=None)
    skipped = {p.value: PhaseRecord(state=State.SKIPPED) for p in PHASES if p is not Phase.TEST}
    _write(root, replace(book, phases=skipped), alone, config)
    return root


def _write(root: Path, book: Ledger, kept: Rendering, config: Config) -> None:
    rendering.write(root / ".cbw" / "rendering.json", kept)
    ledgers.write(root / "ledger.json", book)
    if book.parent is None:
        register.remember(config, root, Path(book.target))


def _book(kind: str, target: Path, config: Config, output: Output, *, parent: Path | None) -> Ledger:
    return Ledger(
        kind=kind,
        target=os.path.abspath(target),  # noqa: PTH100 (links stay)
        config=config.to_json(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        name=output.name,
        toplevel=output.is_toplevel,
        parent=None if parent is None else str(parent),
    )


def sibling(head: S, output: Output) -> S:
    """The session of another output of the recipe `head` works on: below its folder, made when absent."""
    found = Members(head).session_of(output)
    if found is not None:
        return found
    with locks.making_siblings(head.root):
        return Members(head).session_of(output) or _make_sibling(head, output)


def _make_sibling(head: S, output: Output) -> S:
    folder = head.root / "outputs"
    name = "TOPLEVEL" if output.is_toplevel else output.name
    taken = {path.name.partition("-")[0] for path in folder.glob("*")}
    number = next(n for n in itertools.count(1) if f"{n:02d}" not in taken)
    root = folder / f"{number:02d}-{name}"
    for_output(root, head.recipe, head.rendering, output, head.config, parent=head.root)
    return type(head)(root, environ=head.environ)


def helper(session: S, output: Output) -> S:
    """The session of an output that this one needs, made when absent; it does not become the last one used."""
    found = sibling(session.head, output)
    found.helping = True
    found.debugger = session.debugger
    return found
