"""Which source gave a key its values, and on which line. For explaining a matrix that is loaded already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.config import RenderOptions
from cbw_core.errors import CbwError, Place
from cbw_core.recipe import Position, positions, read_text, select, selectors_of
from cbw_core.variants.combine import as_list, combine, zip_groups
from cbw_core.variants.files import ARGUMENT, DEFAULTS, FLAGS, Matrix, flag_variant, names_in_files

_FLAGS = {
    "python": ("--python", "CONDA_PY"),
    "numpy": ("--numpy", "CONDA_NPY"),
    "perl": ("--perl", "CONDA_PERL"),
    "lua": ("--lua", "CONDA_LUA"),
    "r_base": ("--R", "CONDA_R"),
}
_OPTIONS = {"r_base": "r"}


@dataclass(frozen=True)
class Given:
    """What one source gives a key.

    kind:   "file", "command line", "environment" or "default".
    label:  the option ("--python", "-m", "-e", "--variants", "--subdir"), the variable ("CONDA_PY"); "" for a file
            found by itself and for defaults.
    place:  of the key in a file, or of the value that was asked for. values: all of them, in order.
    """

    kind: str
    label: str
    place: Place | None
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Chosen:
    """Where a value comes from. by: the source whose values are the choices. narrowed: later sources that only leave
    some of those. overridden: earlier sources that `by` replaces. zipped: the keys that go with it."""

    by: Given
    narrowed: tuple[Given, ...] = ()
    overridden: tuple[Given, ...] = ()
    zipped: tuple[str, ...] = ()


class Origins:
    """The origins of a matrix's values. options, environ, build_subdir: those that the matrix was loaded with."""

    def __init__(
        self, matrix: Matrix, options: RenderOptions, environ: Mapping[str, str], build_subdir: str, recipe_dir: str
    ) -> None:
        self._matrix, self._options, self._recipe_dir = matrix, options, recipe_dir
        self._names = names_in_files(flag_variant(options, environ), build_subdir, environ)
        self._positions: dict[str, tuple[str, dict[tuple[str | int, ...], Position]]] = {}
        self.combined: Mapping[str, Any] = combine(matrix.sources)
        self.zipped = zip_groups(self.combined)

    def chosen(self, key: str, value: Any = None) -> Chosen | None:
        """Where a key's value comes from; None where no source gives the key. value: to point at its own line."""
        sources = [name for name, spec in self._matrix.sources.items() if key in spec]
        if not sources:
            return None
        values = as_list(self.combined.get(key))
        same = [n for n in sources if as_list(self._matrix.sources[n][key]) == values]
        # where sources were put together (extend_keys) the last that has the value counts
        holding = [n for n in sources if value in as_list(self._matrix.sources[n][key])]
        by = (same or holding or sources)[-1]
        at = sources.index(by)
        return Chosen(
            self._given(by, key, value),
            tuple(self._given(n, key, value) for n in sources[at + 1 :]),
            tuple(self._given(n, key, value) for n in sources[:at]),
            next((tuple(k for k in g if k != key) for g in self.zipped if key in g), ()),
        )

    def rule(self, key: str, item: str) -> Given | None:
        """The last source that gives an item of a mapping: ("pin_run_as_build", "numpy")."""
        for name, spec in reversed(list(self._matrix.sources.items())):
            value = spec.get(key)
            if isinstance(value, dict) and item in value:
                return self._made(name, key, (key, item), (value[item],))
        return None

    def lost(self) -> tuple[Place, ...]:
        """Lists in brackets in the variant files, which conda-build takes for selectors: the list is lost, and often
        the line with it. `text` of each is the whole line."""
        found: list[Place] = []
        for file in self._matrix.files:
            text, _ = self._read(file)
            lines = text.splitlines()
            for number, selector in selectors_of(text):
                line = lines[number - 1]
                at = line.rfind(f"[{selector}]")
                if line[:at].rstrip().endswith((":", "-")):
                    found.append(Place(file, number, at + 1, line.strip()))
        return tuple(found)

    def _given(self, source: str, key: str, value: Any) -> Given:
        given = self._matrix.sources[source][key]
        values = as_list(given, mappings=False)
        path: tuple[str | int, ...] = (key,)
        if isinstance(given, list) and value in values:
            path = (key, values.index(value))
        return self._made(source, key, path, tuple(values))

    def _made(self, source: str, key: str, path: tuple[str | int, ...], values: tuple[Any, ...]) -> Given:
        if source == DEFAULTS:
            return Given("default", "", None, values)
        if source == ARGUMENT:
            return Given("command line", "--variants", None, values)
        if source == FLAGS:
            if key == "target_platform":
                return Given("command line", "--subdir", None, values)
            flag, variable = _FLAGS[key]
            by_flag = bool(getattr(self._options, _OPTIONS.get(key, key)))
            return Given("command line" if by_flag else "environment", flag if by_flag else variable, None, values)
        return Given("file", self._option(source), self._place(source, path), values)

    def _option(self, file: str) -> str:
        """The option that named a file. A recipe's own file counts as found, however often it is named."""
        files = self._matrix.files
        last = len(files) - len(self._options.variant_config_files)
        if Path(file).parent == Path(self._recipe_dir):
            return ""
        if file in files[last:]:
            return "-m"
        return "-e" if file in files[: len(self._options.exclusive_config_files)] else ""

    def _place(self, file: str, path: tuple[str | int, ...]) -> Place:
        text, found = self._read(file)
        at = found.get(path) or found.get(path[:1])
        if at is None:
            return Place(file)
        lines = text.splitlines()
        return Place(file, at.line, at.column, lines[at.line - 1].strip() if at.line <= len(lines) else None)

    def _read(self, file: str) -> tuple[str, dict[tuple[str | int, ...], Position]]:
        """The file's text and its places, lines counted in the file whatever its selectors drop."""
        if file not in self._positions:
            text, found = "", {}
            try:
                text = read_text(Path(file))
                selected = select(text, self._names, file)
                found = {
                    path: Position(selected.original(at.line), at.column)
                    for path, at in positions(selected.text).items()
                }
            except CbwError:
                pass  # the file was read when the matrix was loaded; gone or changed since, it has no lines to show
            self._positions[file] = (text, found)
        return self._positions[file]
