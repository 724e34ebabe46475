"""What rendering asks of rooms above it: to solve specs, run_exports, sources. It knows no channel and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from cbw_core.render.output import Resolved


class Resolver(Protocol):
    """Implemented by `cbw_core.env.ChannelResolver`; tests may give a table."""

    def solve(
        self, specs: Sequence[str], platform: str, *, env: str, siblings: Sequence[Resolved] = ()
    ) -> tuple[Resolved, ...]:
        """The packages that satisfy `specs` on `platform`, sorted by name.

        specs:    as a recipe writes them; conda-build's meaning (`numpy 1.16` is `1.16.*`).
        env:      "build", "host", "run" or "test": for messages.
        siblings: outputs of the same recipe, not built yet, to be treated as if a channel had them.
        Raises EnvironmentFailure(kind="solve") with the reason.
        """
        ...

    def run_exports(self, packages: Sequence[Resolved]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """For each package (by dist) its run_exports, kind -> specs; an empty mapping for none."""
        ...


class Sources(Protocol):
    """Sources for templates that read files of them (load_setup_py_data and the like)."""

    def __call__(self, recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Path:
        """The work folder that the entries of a source section make. Raises what the source phase raises."""
        ...

    def variables(self, recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        """GIT_* or HG_* of the repository that the first entry is; none where it is no repository. Raises likewise."""
        ...

    def holds(self, path: Path) -> bool:
        """Whether a path lies in such a folder: it is gone after rendering."""
        ...
