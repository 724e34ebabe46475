"""Sources for rendering: a recipe whose templates read files of its sources has them made, once, in a folder that goes
away afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.config import Config
from cbw_core.errors import CbwError, Interrupted
from cbw_core.events import Sink
from cbw_core.process import Cancel

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.render.resolver import Sources


class _Made:
    """cbw_core.render.resolver.Sources, over the source room."""

    def __init__(self, folder: Path, config: Config, sink: Sink, cancel: Cancel) -> None:
        self._folder, self._config, self._sink, self._cancel = folder, config, sink, cancel
        self._known: dict[str, Path | CbwError] = {}
        self._variables: dict[Path, Mapping[str, str]] = {}

    def __call__(self, recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Path:
        key = json.dumps([str(recipe_file), list(entries)], sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = self._make(recipe_file, entries)
        known = self._known[key]
        if isinstance(known, CbwError):
            raise known
        return known

    def variables(self, recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        from cbw_core.source.variables import git_variables

        work = self(recipe_file, entries)
        if work not in self._variables:
            self._variables[work] = git_variables(_asked(recipe_file, entries), work)
        return self._variables[work]

    def _make(self, recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Path | CbwError:
        """The work folder, or why there is none: asked again, it is not tried again."""
        from cbw_core import source

        work = self._folder / str(len(self._known)) / "work"
        work.parent.mkdir()
        try:
            source.provide(
                _asked(recipe_file, entries), work, config=self._config, sink=self._sink, cancel=self._cancel
            )
        except Interrupted:
            raise
        except CbwError as error:
            return error
        return work

    def holds(self, path: Path) -> bool:
        return path.is_relative_to(self._folder)


def _asked(recipe_file: Path, entries: Sequence[Mapping[str, Any]]) -> Output:
    """An output with nothing but sources."""
    from cbw_core.render.output import Output

    return Output(
        recipe_dir=str(recipe_file.parent), recipe_file=str(recipe_file), name="", version="", build_string="",
        meta={"source": [dict(entry) for entry in entries]},
    )  # fmt: skip


@contextmanager
def sources(config: Config, *, sink: Sink, cancel: Cancel) -> Iterator[Sources | None]:
    """What rendering may ask for sources; None where the config says not to fetch any."""
    if config.render.no_source:
        yield None
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="cbw-sources-") as folder:
        yield _Made(Path(folder).resolve(), config, sink, cancel)
