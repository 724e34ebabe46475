"""Which files of the host prefix go into the package."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cbw_core.errors import Place
from cbw_core.events import Note, Sink
from cbw_core.post import globs
from cbw_core.post.python import opened
from cbw_core.post.recipe import as_list, build_field, place_of, texts
from cbw_core.render.output import Output

# conda_build.utils.filter_files: version control, Finder's files, libtool archives, conda's own
_NEVER = re.compile(r"(.*/)?\.git(/.*)?$|.*\.DS_Store.*|.*\.la$|conda-meta.*|.*\.conda_trash(_\d+)*$", re.DOTALL)
_PYC = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<name>[^/]+?)\.[^/.]+(?:\.opt-[^/.]+)?\.pyc$")


def select(output: Output, prefix: Path, *, new_files: Sequence[str], owned: Mapping[str, str], sink: Sink) -> set[str]:
    """The files `output` packages, before anything is added or removed by post-processing.

    That is what the build made (`new_files`), or what `outputs/files` names, and `build/always_include_files`
    (conda_build.build.bundle_conda). A pattern of `outputs/files` that matches nothing is told, with its line.
    Raises RecipeError for one that leads out of the prefix.
    """
    places = (path if os.path.lexists(prefix / path) else opened(path) for path in new_files)
    new = {path for path in places if path and os.path.lexists(prefix / path)}
    if output.files:
        chosen = _named(output, prefix, new, sink)
    elif _is_bare(output):
        chosen = set()
    else:
        chosen = new
    chosen |= _always(output, prefix, sink)
    return {path for path in chosen if packageable(path) and not _bytecode_of_others(path, owned, chosen)}


def packageable(path: str) -> bool:
    """Whether a path may be in a package at all (conda_build.utils.filter_files)."""
    return not _NEVER.match(path)


def _named(output: Output, prefix: Path, new: set[str], sink: Sink) -> set[str]:
    """`outputs/files`: a list takes anything in the prefix, include and exclude only what the build made."""
    if isinstance(output.files, Mapping):
        include, exclude = (texts(output.files.get(key)) for key in ("include", "exclude"))
        named = {path for pattern in include for path in _matches(output, pattern, prefix, sink, among=new)}
        return named - {path for pattern in exclude for path in globs.expand(pattern, prefix, _place(output, pattern))}
    return {path for pattern in as_list(output.files) for path in _matches(output, str(pattern), prefix, sink)}


def _matches(output: Output, pattern: str, prefix: Path, sink: Sink, *, among: set[str] | None = None) -> list[str]:
    place = _place(output, pattern)
    found = globs.expand(pattern, prefix, place)
    files = [path for path in found if not _is_folder(prefix / path) and (among is None or path in among)]
    if files:
        return files
    if found and among is not None and not all(_is_folder(prefix / path) for path in found):
        why = "what it matches was there before the build, and include takes only what the build made"
    elif found:
        why = f"it matches folders only; {pattern.rstrip('/')}/** reaches into them"
    else:
        why = "nothing in the host prefix has that name"
    text = f"outputs/files of {output.name}: {pattern} matches no file ({Path(place.file).name}:{place.line}): {why}"
    sink(Note(text, "warning", "post"))
    return []


def _place(output: Output, pattern: str) -> Place:
    return place_of(output, "files", pattern)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_bare(output: Output) -> bool:
    """An output with neither script nor files that is not the recipe's own package takes nothing from the build."""
    if not output.is_output or output.script or build_field(output, "script"):
        return False
    return output.name != (output.top.get("package") or {}).get("name")


def _always(output: Output, prefix: Path, sink: Sink) -> set[str]:
    found: set[str] = set()
    for pattern in texts(build_field(output, "always_include_files")):
        matched = [path for path in globs.expand(pattern, prefix) if not _is_folder(prefix / path)]
        if not matched:
            sink(Note(f"always_include_files: {pattern} matches nothing in the host prefix", "warning", "post"))
        found.update(matched)
    return found


def _bytecode_of_others(path: str, owned: Mapping[str, str], chosen: set[str]) -> bool:
    """Bytecode that came to be because the build imported a dependency belongs to nobody."""
    match = _PYC.match(path)
    if match is None:
        return False
    source = f"{match['folder']}{match['name']}.py"
    return source in owned and source not in chosen
