"""Where variants come from: conda_build_config.yaml files, flags and CONDA_* variables, in conda-build's order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.config import RenderOptions
from cbw_core.errors import Place, RecipeError
from cbw_core.recipe import Namespace, load, positions, read_recipe, select
from cbw_core.variants.combine import Spec, Variant, combine, matrix, problems, trim_empty
from cbw_core.variants.defaults import default_variant
from cbw_core.variants.namespaces import namespace

DEFAULTS = "defaults"
FLAGS = "flags and environment"
ARGUMENT = "--variants"
_LANGUAGES = (
    ("perl", "CONDA_PERL"),
    ("lua", "CONDA_LUA"),
    ("python", "CONDA_PY"),
    ("numpy", "CONDA_NPY"),
    ("r_base", "CONDA_R"),
)


@dataclass(frozen=True)
class Matrix:
    """Every variant, and what each source gave, in order: "defaults", files by path, flags, --variants.

    looped: the keys that variants may differ in.
    """

    variants: tuple[Variant, ...]
    sources: Mapping[str, Spec]
    files: tuple[str, ...]
    looped: frozenset[str]

    def source_of(self, key: str) -> str | None:
        """The last source that gives a value to a key."""
        return next((name for name, spec in reversed(list(self.sources.items())) if key in spec), None)


def variant_files(recipe_dir: Path, options: RenderOptions, environ: Mapping[str, str], cwd: Path) -> tuple[Path, ...]:
    """The conda_build_config.yaml files that count, weakest first (conda_build.variants.find_config_files).

    Exclusive files (-e) stand in for ~/conda_build_config.yaml and the one in the current folder. Then come the
    recipe's own and those given with -m.
    """
    name = "conda_build_config.yaml"
    files = [_resolve(f, environ, cwd) for f in options.exclusive_config_files]
    if not files:
        files = _there(environ.get("HOME"), name) + _there(cwd, name)
    files += _there(recipe_dir, name)
    files += [_resolve(f, environ, cwd) for f in options.variant_config_files]
    return tuple(files)


def _there(folder: Path | str | None, name: str) -> list[Path]:
    there = folder and os.path.isfile(f"{folder}/{name}")  # noqa: PTH113 (it is quicker)
    return [Path(folder) / name] if folder and there else []


def _resolve(file: str, environ: Mapping[str, str], cwd: Path) -> Path:
    for key in sorted(environ, key=len, reverse=True):
        file = file.replace(f"${{{key}}}", environ[key])
    if file.startswith("~") and environ.get("HOME"):
        file = environ["HOME"] + file[1:]
    return Path(os.path.normpath(cwd / file))


def flag_variant(options: RenderOptions, environ: Mapping[str, str]) -> Spec:
    """What --python, --numpy, ... or else CONDA_PY, CONDA_NPY, ... and the host platform say (Config.set_keys)."""
    given = {"python": options.python, "numpy": options.numpy, "perl": options.perl, "r_base": options.r}
    given["lua"] = options.lua
    spec: Spec = {}
    for language, variable in _LANGUAGES:
        flags = list(given[language])
        value: Any = flags[0] if len(flags) == 1 else flags or environ.get(variable)
        if value:
            if isinstance(value, str) and "." not in value:
                value = f"{value[0]}.{value[1:]}"
            spec[language] = value
    if options.host_platform:
        spec["target_platform"] = options.host_platform
    return spec


def read_variant_file(path: Path, names: Namespace) -> Spec:
    """One conda_build_config.yaml: selectors applied, all values text, empty ones dropped.

    Raises RecipeError with the place for bad selectors, YAML, and for keys and zip_keys that cannot be.
    """
    file = str(path)
    text = read_recipe(path)
    selected = select(text, names, file)
    try:
        spec = load(selected.text, "plain", file)
    except RecipeError as error:
        if error.place and error.place.line:
            place = error.place
            error.place = Place(file, selected.original(place.line or 1), place.column, place.text)
        raise
    if spec is None or spec == "":
        spec = {}
    if not isinstance(spec, dict):
        raise RecipeError(
            f"{path.name} should be a mapping of keys to values",
            kind="variant",
            place=Place(file, 1),
            hint="Write a key, and its values below it, each after a dash.",
        )
    trim_empty(spec)
    _check(spec, file, text)
    return spec


def _check(spec: Spec, source: str, text: str | None = None) -> None:
    found = problems(spec)
    if not found:
        return
    key, message = found[0]
    at = positions(text).get((key,)) if text else None
    place = Place(source, at.line, at.column, key) if at else (Place(source) if text is not None else None)
    more = "\n".join(m for _, m in found[1:]) or None
    raise RecipeError(
        f"in {source.rsplit('/', 1)[-1]}: {message}",
        kind="variant",
        place=place,
        details=more,
        hint="Correct the variant configuration.",
    )


def load_variants(
    recipe_dir: Path,
    options: RenderOptions,
    *,
    build_subdir: str,
    environ: Mapping[str, str],
    cwd: Path | None = None,
    on_read: Callable[[Path], None] | None = None,
) -> Matrix:
    """The matrix of a recipe (conda_build.variants.get_package_variants). Raises RecipeError."""
    flags = flag_variant(options, environ)
    sources: dict[str, Spec] = {DEFAULTS: default_variant(build_subdir, _single(flags))}
    files = variant_files(recipe_dir, options, environ, cwd or Path.cwd())
    if files:
        names = names_in_files(flags, build_subdir, environ)
        for path in files:
            if on_read:
                on_read(path)
            sources[str(path)] = read_variant_file(path, names)
    if flags:
        sources[FLAGS] = flags
    if options.variants:
        sources[ARGUMENT] = {str(k): _as_text(v) for k, v in options.variants.items()}
        _check(sources[ARGUMENT], ARGUMENT)
    combined = combine(sources)
    variants, looped = matrix(combined, [s for name, s in sources.items() if name != DEFAULTS])
    return Matrix(tuple(variants), sources, tuple(str(f) for f in files), looped)


def names_in_files(flags: Spec, build_subdir: str, environ: Mapping[str, str]) -> Namespace:
    """What selectors of the files themselves see."""
    os_name = flags.get("target_platform", build_subdir)
    return namespace(_single(flags), host_subdir=str(os_name), build_subdir=build_subdir, environ=environ)


def _single(flags: Spec) -> Spec:
    """Flags with one value each, for selectors of the files themselves."""
    return {k: (v[0] if isinstance(v, list) else v) for k, v in flags.items()}


def _as_text(value: Any) -> Any:
    """Values given as data are text, as if read from a file."""
    if isinstance(value, Mapping):
        return {str(k): _as_text(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_as_text(v) for v in value]
    return str(value)
