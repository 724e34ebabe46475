"""Functions of templates that read files and texts: load_file_regex, load_file_data, load_str_data,
load_setup_py_data, load_npm (conda_build.jinja_context). What is read stays in the recipe's folder or its sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, RecipeError
from cbw_core.recipe import load, read_text
from cbw_core.render.matching import Found, search
from cbw_core.render.sources import local_source, needs_download, provided_source
from cbw_core.render.state import State

NAMES = (
    "load_file_regex",
    "load_file_data",
    "load_str_data",
    "load_setup_py_data",
    "load_setuptools",
    "load_npm",
)
# what stands for a file's name where there is none
TEXT = "the text given to load_str_data"
_FORMATS = ("json", "yaml", "yml", "toml")


def functions(state: State, *, permissive: bool) -> dict[str, Any]:
    """The functions by name, bound to a state. permissive: what is not there yet is None or empty."""

    def load_file_regex(
        load_file: str, regex_pattern: Any, from_recipe_dir: bool = False, recipe_dir: str | None = None
    ) -> Found | None:
        path = _find(state, load_file, from_recipe_dir, recipe_dir, "load_file_regex", permissive)
        return _searched(state, regex_pattern, path) if path else None

    def load_file_data(
        filename: str,
        fmt: str | None = None,
        *args: Any,
        from_recipe_dir: bool = False,
        recipe_dir: str | None = None,
        **kwargs: Any,
    ) -> Any:
        path = _find(state, filename, from_recipe_dir, recipe_dir, "load_file_data", permissive)
        if not path:
            return {}
        return _parse(_text(state, path), fmt or path.suffix.lstrip("."), str(path))

    def load_str_data(string: str, fmt: str, *args: Any, **kwargs: Any) -> Any:
        return _parse(str(string), fmt, TEXT)

    def load_setup_py_data(
        setup_file: str = "setup.py", from_recipe_dir: bool = False, recipe_dir: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        from cbw_core.render.setup_py import load_setup_py_data as run

        lenient = permissive or state.work.resolver is None or not needs_download(state)
        fetch = not permissive
        if fetch and not from_recipe_dir and local_source(state) is None and provided_source(state) is not None:
            lenient = False  # the source is there: a file it lacks is a mistake
        path = _find(state, setup_file, from_recipe_dir, recipe_dir, "load_setup_py_data", lenient, fetch=fetch)
        if path:
            return run(state, path)
        if not permissive:
            state.work.warn(f"load_setup_py_data({setup_file!r}) found no file and gives nothing")
        return {}

    def load_npm() -> Any:
        path = _find(state, "package.json", False, None, "load_npm", permissive)
        return _parse(_text(state, path), "json", str(path)) if path else {}

    return {
        "load_file_regex": load_file_regex,
        "load_file_data": load_file_data,
        "load_str_data": load_str_data,
        "load_setup_py_data": load_setup_py_data,
        "load_setuptools": load_setup_py_data,
        "load_npm": load_npm,
    }


def _find(
    state: State,
    name: str,
    from_recipe_dir: bool,
    recipe_dir: str | None,
    function: str,
    permissive: bool,
    *,
    fetch: bool | None = None,
) -> Path | None:
    """The file that a function means; None where it is not there (yet) and that is allowed (`permissive`).

    fetch: the sources may be made for it; None: where the file must be there.
    """
    fetch = not permissive if fetch is None else fetch
    work = state.work
    base = local_source(state)
    if base is None and fetch and not (from_recipe_dir or Path(name).is_absolute()):
        base = provided_source(state)
    if Path(name).is_absolute():
        path = Path(name)
    elif from_recipe_dir:
        path = Path(recipe_dir or work.recipe_dir) / name
    elif base is not None:
        path = base / name
    else:
        if permissive or not needs_download(state):
            return None
        raise RecipeError(
            f"{function}({name!r}) needs the source, which is not there while rendering",
            kind="unsupported",
            place=state.place(("source",)),
            why="sources are not downloaded to render with --no-source",
            hint="Leave --no-source out, or keep the file in the recipe's folder and add from_recipe_dir=True.",
        )
    path = path.resolve()
    allowed = [work.recipe_dir.resolve(), *([base.resolve()] if base else [])]
    if not path.is_file():
        if permissive:
            return None
        raise RecipeError(f"{function}: there is no file {name!r}", kind="jinja", hint=f"Looked at {path}.")
    if not any(path.is_relative_to(folder) or path.is_relative_to(folder.parent) for folder in allowed):
        raise RecipeError(
            f"{function} may not read {path}",
            kind="trust",
            why="it lies outside the recipe's folder, the folder above it and the source",
            hint="Move the file into the recipe's folder.",
        )
    return path


def _text(state: State, path: Path) -> str:
    key = ("text", str(path))
    if key not in state.work.loaded:
        state.work.note_read(path)
        state.work.loaded[key] = read_text(path)
    text: str = state.work.loaded[key]
    return text


def _searched(state: State, pattern: Any, path: Path) -> Found | None:
    key = ("search", str(pattern), str(path))
    if key not in state.work.loaded:
        state.work.loaded[key] = search(pattern, _text(state, path))
    found: Found | None = state.work.loaded[key]
    return found


def _parse(text: str, format_: str, file: str) -> Any:
    loader = _LOADERS.get(format_.lower())
    if loader is None:
        raise RecipeError(
            f"data of the format {format_!r} cannot be loaded", kind="jinja", hint=f"Use one of {', '.join(_FORMATS)}."
        )
    try:
        return loader(text, file)
    except CbwError as error:
        if file == TEXT:  # it has no lines in a file
            raise RecipeError(error.message, kind="jinja", hint="Check the text that load_str_data is given.") from None
        raise
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        what = file if file == TEXT else Path(file).name
        raise RecipeError(
            f"{what} is not valid {format_}: {why}", kind="jinja", hint=f"Check it with a tool for {format_}."
        ) from None


def _toml(text: str, file: str) -> Any:
    import tomllib

    return tomllib.loads(text)


_LOADERS: dict[str, Callable[[str, str], Any]] = {
    "json": lambda text, file: json.loads(text),
    "yaml": lambda text, file: load(text, "safe", file),
    "yml": lambda text, file: load(text, "safe", file),
    "toml": _toml,
}
