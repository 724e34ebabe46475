"""render: the recipe and its variants become outputs; this session keeps its own one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.session import digests, rendering
from cbw_core.session.model import Phase

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.session.session import Session

# files whose appearance changes a rendering that did not read them
OPTIONAL_FILES = ("conda_build_config.yaml", "recipe_append.yaml", "recipe_clobber.yaml")


def inputs(session: Session) -> dict[str, str]:
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
        parent.run(Phase.RENDER, sink=sink, cancel=cancel)
        fresh = parent.rendering
    else:
        fresh = rendering.render(session.recipe, session.config, sink=sink, cancel=cancel, environ=session.environ)
    output = rendering.again(fresh, session.output)
    session.keep_rendering(fresh, output)
    return {"dist": output.dist}


def undo(session: Session, sink: Sink, first: Phase) -> None:
    """Rendering changes no file but its own; the last one stays, so that the session still knows its output."""
