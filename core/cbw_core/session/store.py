"""Where sessions are: made, found, listed, removed."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import CbwError, UsageError, from_os_error
from cbw_core.render.output import Output
from cbw_core.session import aside, jsonfile, locks, rendering, trees
from cbw_core.session import ledger as ledgers
from cbw_core.session.ledger import Ledger, PhaseRecord
from cbw_core.session.look import Look
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_core.session.plan import Plan
from cbw_core.session.rendering import Rendering
from cbw_core.session.session import Session
from cbw_core.session.status import current_inputs

_OURS = (".cbw", "ledger.json")


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
    root = _fresh_folder(path, config, label)
    return _write_new(root, plan.recipe, plan.rendering, output, config, environ=environ)


def create_for_package(
    package: Path, config: Config, *, path: Path | None = None, environ: Mapping[str, str] | None = None
) -> Session:
    """A new session that tests a package file; every phase but test is skipped."""
    from cbw_core import channel

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
    root = _fresh_folder(path, config, "debug")
    alone = Rendering(str(package), (output,), (), (), (), (), chosen=0)
    book = _book("package", package, config, output, parent=None)
    skipped = {p.value: PhaseRecord(state=State.SKIPPED) for p in PHASES if p is not Phase.TEST}
    return _write(root, replace(book, phases=skipped), alone, config, environ)


def sibling(head: Session, output: Output) -> Session:
    """The session of another output of the recipe `head` works on: below its folder, made when absent."""
    found = Look(head).session_of(output)
    if found is not None:
        return found
    with locks.making_siblings(head.root):
        return Look(head).session_of(output) or _make_sibling(head, output)


def _make_sibling(head: Session, output: Output) -> Session:
    folder = head.root / "outputs"
    name = "TOPLEVEL" if output.is_toplevel else output.name
    taken = {path.name.partition("-")[0] for path in folder.glob("*")}
    number = next(n for n in itertools.count(1) if f"{n:02d}" not in taken)
    root = folder / f"{number:02d}-{name}"
    return _write_new(root, head.recipe, head.rendering, output, head.config, parent=head.root, environ=head.environ)


def not_made(head: Session, output: Output) -> SessionStatus:
    """How an output stands that has no session yet."""
    phases = tuple(PhaseStatus(p, State.DONE if p is Phase.RENDER else State.PENDING) for p in PHASES)
    variant = {k: output.variant.get(k) for k in output.used_vars}
    return SessionStatus("", str(head.recipe), output.dist, phases, {}, head.config.channels, variant)


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
    for root in _known_roots(config):
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
    for root in _known_roots(config):
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


def remember(config: Config, root: Path, recipe: Path) -> None:
    """Note that a session was used now. One file a session, so that parallel ones do not meet."""
    data = {"root": str(root), "recipe": str(recipe), "used": time.time_ns()}
    jsonfile.write(_remembered(config, root), data)


def _forget(config: Config, root: Path) -> None:
    _remembered(config, root).unlink(missing_ok=True)


def _remembered(config: Config, root: Path) -> Path:
    return config.state / "sessions" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:20]}.json"


def _known_roots(config: Config) -> list[Path]:
    used: dict[Path, int] = {}
    for file in (config.state / "sessions").glob("*.json"):
        try:
            row: dict[str, Any] = json.loads(file.read_text())
            used[Path(row["root"])] = int(row["used"])
        except (OSError, ValueError, KeyError):
            continue
    for ledger in config.croot.glob("*/ledger.json"):
        with suppress(OSError):  # purged this moment
            used.setdefault(ledger.parent, ledger.stat().st_mtime_ns)
    there = [root for root in used if (root / "ledger.json").exists()]
    return sorted(there, key=lambda root: used[root], reverse=True)


def purge(config: Config, *, everything: bool) -> tuple[Path, ...]:
    """Remove the sessions under the croot; `everything`: the packages built there and the channel's index too.
    Returns what was removed. A session at work is left and refused: UsageError(kind="session-busy")."""
    roots = [ledger.parent for ledger in sorted(config.croot.glob("*/ledger.json"))]
    for root in roots:
        _refuse_busy(root)
    removed: list[Path] = []
    for root in roots:
        trees.remove(root)
        _forget(config, root)
        removed.append(root)
    if everything:
        from cbw_core.platforms import KNOWN_SUBDIRS

        made = [config.packages / name for name in (*KNOWN_SUBDIRS, "channeldata.json")]
        for folder in (*made, config.croot / "broken"):
            if folder.exists():
                trees.remove(folder)
                removed.append(folder)
    return tuple(removed)


def _fresh_folder(path: Path | None, config: Config, label: str) -> Path:
    try:
        str(path or config.croot).encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{str(path or config.croot)!r} cannot be the folder of a session: its name is not UTF-8",
            kind="path",
            why="packages, and the scripts made for the build, name it as text",
            hint="Choose another folder (--croot, or -p).",
        ) from None
    try:
        return _new_folder(config.croot, label) if path is None else _emptied(path)
    except OSError as error:
        raise from_os_error(error, f"making a session in {config.croot if path is None else path}") from error


def _new_folder(croot: Path, label: str) -> Path:
    while True:
        root = croot / f"{label}_{time.time_ns() // 1_000_000}"
        try:
            root.mkdir(parents=True)
            return root
        except FileExistsError:
            if not croot.is_dir():
                raise UsageError(f"{croot} is a file", kind="path", hint="Name a folder with --croot.") from None
            # else another session of this millisecond


def _emptied(path: Path) -> Path:
    """The folder, with nothing in it: what a session left there goes, the folder itself (or the link to it) stays."""
    root = Path(os.path.abspath(path))  # noqa: PTH100 (links stay)
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file", kind="path", hint="Name a folder with -p, or leave it out.")
    root.mkdir(parents=True, exist_ok=True)
    # what says that a session made the rest goes last: this may be killed on the way, as the making of a session may
    entries = sorted(root.iterdir(), key=lambda entry: (entry.name in _OURS, entry.name))
    if (root / "ledger.json").exists():
        _refuse_busy(root)
    elif entries and not (root / ".cbw").is_dir():
        raise UsageError(
            f"{root} holds files that no session of cbw made",
            kind="path",
            why=f"for example {entries[0].name}",
            hint="Name a new or empty folder with -p; a session's folder is emptied before it is used again.",
        )
    for entry in entries:
        trees.remove(entry)
    return root


def _refuse_busy(root: Path) -> None:
    """UsageError(kind="session-busy") when somebody works in a session or in one of its siblings."""
    for ledger in (root / "ledger.json", *root.glob("outputs/*/ledger.json")):
        with locks.held(ledger.parent):
            pass


def _book(kind: str, target: Path, config: Config, output: Output, *, parent: Path | None) -> Ledger:
    from datetime import UTC, datetime

    return Ledger(
        kind=kind,
        target=os.path.abspath(target),  # noqa: PTH100 (links stay)
        config=config.to_json(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        name=output.name,
        toplevel=output.is_toplevel,
        parent=None if parent is None else str(parent),
    )


def _write_new(
    root: Path,
    recipe: Path,
    kept: Rendering,
    output: Output,
    config: Config,
    *,
    parent: Path | None = None,
    environ: Mapping[str, str] | None,
) -> Session:
    """A session whose render phase is done: its plan was rendered to make it."""
    book = _book("recipe", recipe, config, output, parent=parent)
    done = PhaseRecord(state=State.DONE, seconds=0.0, started=book.started, serial=1, result={"dist": output.dist})
    phases = {Phase.RENDER.value: done}
    if output.is_toplevel:  # nothing is packaged of it: its outputs are
        phases |= {p.value: PhaseRecord(state=State.SKIPPED) for p in (Phase.POST, Phase.PACKAGE, Phase.TEST)}
    elif output.package_type == "wheel":  # a wheel is as pip made it, and conda installs none
        phases |= {p.value: PhaseRecord(state=State.SKIPPED) for p in (Phase.POST, Phase.TEST)}
    elif not config.test:
        phases[Phase.TEST.value] = PhaseRecord(state=State.SKIPPED)
    session = _write(root, replace(book, phases=phases), kept.choosing(output), config, environ)
    inputs = current_inputs(session, Look(session.head), session.ledger, Phase.RENDER)
    ledgers.write(session.layout.ledger, session.ledger.with_phase(Phase.RENDER, inputs=inputs))
    return session


def _write(root: Path, book: Ledger, kept: Rendering, config: Config, environ: Mapping[str, str] | None) -> Session:
    session = Session(root, environ=environ)
    rendering.write(root / ".cbw" / "rendering.json", kept)
    ledgers.write(root / "ledger.json", book)
    if book.parent is None:
        remember(config, root, Path(book.target))
    return session
