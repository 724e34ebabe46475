"""What one call of render_recipe shares: the recipe, the configuration, what was found out so far."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import Place
from cbw_core.events import Sink, silent
from cbw_core.process import Cancel
from cbw_core.recipe import Namespace
from cbw_core.render.memory import Memory
from cbw_core.render.others import Key
from cbw_core.render.resolver import Resolver, Sources
from cbw_core.render.values import freeze
from cbw_core.variants import Variant, namespace


@dataclass(eq=False)
class Work:
    """`text` is the recipe's; the dicts are caches and what is reported.

    place_of, output_named: what states ask of the files above them, which render the recipe for it: the place of a path
    of a state's sections (render.places), and the output of a name as the recipe declares it (render.outputs).
    """

    recipe_dir: Path
    recipe_file: Path
    text: str
    config: Config
    environ: Mapping[str, str]
    place_of: Callable[..., Place]
    output_named: Callable[..., dict[str, Any] | None]
    resolver: Resolver | None = None
    sources: Sources | None = None
    sink: Sink = silent
    cancel: Cancel | None = None
    trails: bool = False
    warnings: dict[str, None] = field(default_factory=dict)
    files_read: dict[str, None] = field(default_factory=dict)
    namespaces: dict[Key, Namespace] = field(default_factory=dict)
    base_names: dict[Key, dict[str, Any]] = field(default_factory=dict)
    used: dict[Key, frozenset[str]] = field(default_factory=dict)
    rendered: Memory = field(default_factory=Memory)
    solved: dict[Key, Any] = field(default_factory=dict)
    loaded: dict[Key, Any] = field(default_factory=dict)
    texts: dict[Key, str] = field(default_factory=dict)
    _names: dict[frozenset[str], tuple[str, ...]] = field(default_factory=dict)
    _keys: dict[int, tuple[Variant, Key]] = field(default_factory=dict)

    @cached_property
    def file(self) -> str:
        return str(self.recipe_file)

    def key_of(self, variant: Variant) -> Key:
        """A variant's content as a key. Variants are not changed once they are in a State."""
        known = self._keys.get(id(variant))
        if known is None:
            # holding the variant keeps its id from being used again
            known = self._keys[id(variant)] = (variant, freeze(variant))
        return known[1]

    def names_of(self, variant: Variant) -> tuple[str, ...]:
        """A variant's keys, sorted."""
        keys = frozenset(variant)
        known = self._names.get(keys)
        if known is None:
            known = self._names[keys] = tuple(sorted(keys))
        return known

    def namespace(self, variant: Variant, host_subdir: str) -> Namespace:
        key = (self.key_of(variant), host_subdir)
        names = self.namespaces.get(key)
        if names is None:
            names = self.namespaces[key] = namespace(
                variant, host_subdir=host_subdir, build_subdir=self.config.build_platform, environ=self.environ
            )
        return names

    def warn(self, text: str) -> None:
        self.warnings.setdefault(text)

    def recipe_file_named(self, name: str) -> Path | None:
        """A file of the recipe's folder, None where there is none; asked once, as the same few are looked for in every
        pass."""
        key = ("file", name)
        if key not in self.loaded:
            # most are not there: os.path takes a third of pathlib's time
            there = os.path.isfile(f"{self.recipe_dir}/{name}")  # noqa: PTH113
            self.loaded[key] = self.recipe_dir / name if there else None
        found: Path | None = self.loaded[key]
        return found

    def note_read(self, path: Path) -> None:
        if self.sources is not None and self.sources.holds(path):
            return
        self.files_read.setdefault(str(path))
