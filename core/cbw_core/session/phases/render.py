"""render: the recipe and its variants become outputs; this session keeps its own one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.events import Note
from cbw_core.session import digests, rendering
from cbw_core.session.model import Phase

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.render.output import Output
    from cbw_core.session.look import Look
    from cbw_core.session.session import Session

# files whose appearance changes a rendering that did not read them
OPTIONAL_FILES = ("conda_build_config.yaml", "recipe_append.yaml", "recipe_clobber.yaml")


def inputs(session: Session, look: Look) -> dict[str, str]:
    if session.is_package:
        return {}
    kept = session.rendering
    folder = Path(kept.recipe_file).parent
    paths = {*kept.files_read, kept.recipe_file, *(str(folder / name) for name in OPTIONAL_FILES)}
    found = {_name(path, folder): digests.of_file(path) for path in sorted(paths)}
    return {**found, "options": digests.of_data(session.ledger.config)}


def _name(path: str, folder: Path) -> str:
    try:
        return str(Path(path).relative_to(folder))
    except ValueError:
        return path


def run(session: Session, sink: Sink, cancel: Cancel) -> dict[str, Any]:
    parent = session.parent
    if parent is not None:
        had = session.rendering.choosing(None)
        ran = parent.run(Phase.RENDER, sink=sink, cancel=cancel)
        # it has this one already, and is to make it again; who is helped holds the parent, and has seen to it
        if not ran and not session.helping and parent.rendering.choosing(None) == had:
            parent.rerun(Phase.RENDER, sink=sink, cancel=cancel)
        fresh = parent.rendering
    else:
        fresh = rendering.render(session.recipe, session.config, sink=sink, cancel=cancel, environ=session.environ)
    before = session.output
    output = rendering.again(fresh, before)
    _tell_of_another_variant(before, output, sink)
    session.keep_rendering(fresh, output)
    return {"dist": output.dist}


def _tell_of_another_variant(before: Output, now: Output, sink: Sink) -> None:
    """A session whose variant the recipe no longer makes goes on with the nearest one: that must not go unseen."""
    names = sorted(set(before.used_vars) & set(now.used_vars))
    pairs = [(name, before.variant.get(name), now.variant.get(name)) for name in names]
    differ = ", ".join(f"{name} {old} is now {new}" for name, old, new in pairs if old != new)
    if differ:
        sink(Note(f"{now.name} is of another variant: {differ}", level="warning", phase=Phase.RENDER))


def undo(session: Session, sink: Sink, first: Phase) -> None:
    """Rendering changes no file but its own; the last one stays, so that the session still knows its output."""
