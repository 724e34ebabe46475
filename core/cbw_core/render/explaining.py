"""The trail of an output: what rendering noted down, with the places in the recipe. For explaining."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, Place
from cbw_core.recipe import load, place_in
from cbw_core.render.places import exact_place, mapped_text
from cbw_core.render.state import State
from cbw_core.render.texts import build_is_host
from cbw_core.render.trail import Exported, Record, Trail, Written
from cbw_core.render.uses import unused_of, uses_of
from cbw_core.variants import as_list

_FIELDS = ("package/version", "build/number", "build/string", "build/noarch", "build/noarch_python", "build/skip")
_INDEPENDENT = ("build/python_version_independent", "build/noarch_python")
_SECTIONS = ("run", "run_constrained")


def trail_of(state: State) -> Trail:
    """Why a state of render_recipe's result is as it is. Raises nothing: a place that is not found is None."""
    record = state.record or _as_written(state)
    data = _data(state)
    written: list[Written] = []
    for section in _SECTIONS:
        written += _written(state, data, section, getattr(record, section))
    return Trail(
        uses=uses_of(state),
        unused=unused_of(state),
        written=tuple(written),
        exported=tuple(_exported(state, data, e) for e in record.exported),
        pinned=tuple(record.pinned),
        added=tuple(record.added),
        places={path: place for path in _FIELDS if (place := _field(state, data, tuple(path.split("/"))))},
    )


def _as_written(state: State) -> Record:
    """Of an output that was not finalized: its requirements are those of the recipe."""
    reqs = state.meta.get("requirements") or {}
    run, constrained = ([str(r) for r in as_list(reqs.get(section)) if r] for section in _SECTIONS)
    return Record(run=run, run_constrained=constrained)


def _data(state: State) -> Mapping[str, Any]:
    try:
        data = load(mapped_text(state), "recipe", state.work.file)
    except CbwError:
        return {}
    return data if isinstance(data, dict) else {}


def _roots(state: State, data: Mapping[str, Any]) -> list[tuple[str | int, ...]]:
    """Where an output's sections may stand: in its item of `outputs`, and at the top where it is the recipe itself."""
    listed = data.get("outputs")
    outputs = listed if isinstance(listed, list) else []
    name = state.name()
    roots: list[tuple[str | int, ...]] = [
        ("outputs", index) for index, o in enumerate(outputs) if isinstance(o, dict) and o.get("name") == name
    ]
    return roots if state.is_output else [*roots, ()]


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return None
    return data


def _field(state: State, data: Mapping[str, Any], path: tuple[str, ...]) -> Place | None:
    """The place of a field; of an output's number, the recipe's own where the output gives none."""
    for root in [*_roots(state, data), ()]:
        for at in (path, path[1:]) if root else (path,):  # an output has version, number and string of its own
            place = exact_place(state, (*root, *at))
            if place and _at(data, (*root, *at)) is not None:
                return place
    return None


def _written(state: State, data: Mapping[str, Any], section: str, specs: list[str]) -> list[Written]:
    """Each spec with the line it was written on: of its name's items in the recipe, those alike first."""
    items: list[tuple[str, tuple[str | int, ...]]] = []
    for root in _roots(state, data):
        for path in ((*root, "requirements", section), (*root, "requirements")):
            listed = _at(data, path)
            if isinstance(listed, (list, str)):
                texts = [listed] if isinstance(listed, str) else listed
                items += [(str(text), (*path, n) if texts is listed else path) for n, text in enumerate(texts) if text]
    found: list[Written] = []
    for spec in specs:
        name = _name(spec)
        match = next((i for i in items if i[0] == spec), None) or next((i for i in items if _name(i[0]) == name), None)
        if not match and len(items) == len(specs) - len(found):
            match = items[0]  # its name is only known to a full rendering; as many are left, in the same order
        if match:
            items.remove(match)
        found.append(Written(section, spec, exact_place(state, match[1]) if match else _elsewhere(state)))
    return found


def _name(spec: str) -> str:
    parts = spec.split()
    return parts[0] if parts else ""


def _elsewhere(state: State) -> Place | None:
    """Where a requirement is from that the recipe's text does not name: resolved_packages(), or recipe_append.yaml or
    recipe_clobber.yaml where there is one."""
    for number, line in enumerate(state.work.text.splitlines(), 1):
        at = line.find("resolved_packages(")
        if at >= 0 and not line.lstrip().startswith("#"):
            return place_in(state.work.file, state.work.text, (number, at + 1))
    render, folder = state.work.config.render, state.work.recipe_dir
    for given, name in ((render.append_file, "recipe_append.yaml"), (render.clobber_file, "recipe_clobber.yaml")):
        path = Path(given) if given else folder / name
        if path.is_file():
            return Place(str(path))
    return None


def _exported(state: State, data: Mapping[str, Any], export: Exported) -> Exported:
    """An export with the sections it joined (run_exports.add_run_exports), or the line that says to ignore it."""
    if not export.ignored:
        noarch = bool(state.noarch or state.noarch_python)
        joined = sections_joined(export.env, export.kind, noarch, state.is_cross, build_is_host(state))
        return replace(export, joined=joined)
    for root in _roots(state, data):
        path = (*root, "build", export.ignored)
        listed = _at(data, path)
        texts = listed if isinstance(listed, list) else [listed]
        for index, text in enumerate(texts):
            if text and (_name(str(text)) if export.ignored.endswith("_from") else str(text)) == export.by:
                place = exact_place(state, (*path, index) if texts is listed else path)
                return replace(export, place=place)
    # python's, of packages for any python (run_exports._exported)
    field = next((f for f in _INDEPENDENT if state.value(f)), "")
    return replace(export, ignored=field.rpartition("/")[2], place=_field(state, data, tuple(field.split("/"))))


def sections_joined(env: str, kind: str, noarch: bool, cross: bool, merged: bool) -> tuple[str, ...]:
    """The requirement sections that exports of a kind join. cross: there is a host section; merged: build and host are
    one environment (conda_build.render.add_upstream_pins)."""
    base, constrains = kind.removesuffix("_constrains"), kind.endswith("_constrains")
    run = "run_constrained" if constrains else "run"
    if noarch:
        wanted = env == "host" if cross else merged
        joined = [run] if wanted and kind == "noarch" else []
        return (*(["host"] if cross and env == "build" and kind == "strong" else []), *joined)
    if cross:
        if env == "host":
            return (run,) if base in ("strong", "weak") else ()
        if base == "strong":
            return (run,) if constrains else ("host", run)
        return ()
    if base == "strong":
        return (run,) if constrains or merged else ("host", run)
    return (run,) if base == "weak" and merged else ()
