"""Results as JSON-able data. A dataclass is an object of its fields unless it is said otherwise here.

Forms are found by the name of a type, so that drawing one result does not load the types of all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from cbw_workbench.views import debugger_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cbw_core.errors import CbwError
    from cbw_core.inspect import HashInputs
    from cbw_core.render import Output
    from cbw_core.session import SessionStatus
    from cbw_workbench.commands import results

_Form = Callable[[Any], Any]
_FORMS: dict[str, _Form] = {**debugger_json.FORMS}


def _form(of: str) -> Callable[[_Form], _Form]:
    """Makes a function the form of a type, named "module.Type"."""

    def register(form: _Form) -> _Form:
        _FORMS[of] = form
        return form

    return register


def data_of(value: object) -> Any:
    """`value` as dicts, lists, text, numbers, booleans and None."""
    for kind in type(value).__mro__:
        form = _FORMS.get(f"{kind.__module__}.{kind.__name__}")
        if form:
            return form(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: data_of(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): data_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [data_of(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return str(value)


@_form("cbw_core.errors.CbwError")
def _(value: CbwError) -> Any:
    return value.to_json()


@_form("cbw_core.render.output.Output")
def _(value: Output) -> Any:
    """An output as `cbw render --json` tells of it."""
    requirements = value.requirements
    return {
        "dist": value.dist,
        "name": value.name,
        "version": value.version,
        "build": value.build_string,
        "build_number": value.build_number,
        "subdir": value.subdir,
        "noarch": value.noarch or None,
        "hash_input": data_of(value.hash_input),
        "used_vars": list(value.used_vars),
        "requirements": {
            "build": list(requirements.build),
            "host": list(requirements.host),
            "run": list(requirements.run),
            "run_constrained": list(requirements.run_constrained),
        },
        "test_requires": list(value.test_requires),
        "run_exports": data_of(value.run_exports),
        "variant": {key: data_of(value.variant.get(key)) for key in value.used_vars},
        "type": value.package_type,
    }


@_form("cbw_workbench.commands.results.RenderedRecipe")
def _(value: results.RenderedRecipe) -> Any:
    return {
        "recipe": value.recipe,
        "error": None if value.error is None else value.error.to_json(),
        "outputs": [data_of(output) for output in value.outputs],
        "skipped": data_of(value.skipped),
        "warnings": list(value.warnings),
        **({"explained": [data_of(one) for one in value.explained]} if value.explained else {}),
    }


@_form("cbw_workbench.commands.results.RenderReport")
def _(value: results.RenderReport) -> Any:
    return [data_of(recipe) for recipe in value.recipes]


@_form("cbw_core.inspect.model.HashInputs")
def _(value: HashInputs) -> Any:
    """With the dist, which callers go by."""
    return {"dist": value.dist, **{field.name: data_of(getattr(value, field.name)) for field in fields(value)}}


@_form("cbw_workbench.commands.results.HashReport")
def _(value: results.HashReport) -> Any:
    """One object a line: a comparison, or the hash inputs of an output."""
    if not value.compared:
        return [data_of(inputs) for inputs in value.inputs]
    alone = [{"unmatched": dist} for dist in value.unmatched]
    return [{**_fields(c), "same_hash": c.same_hash} for c in value.comparisons] + alone


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: data_of(getattr(value, field.name)) for field in fields(value)}


@_form("cbw_workbench.commands.results.LinkageReport")
def _(value: results.LinkageReport) -> Any:
    """One object a line: a target with all that was found, or where they were asked for, trees or ways."""
    failed = [{"subject": subject, "error": error.to_json()} for subject, error in value.errors]
    if value.asked:
        return [data_of(way) for way in value.ways] + failed
    if value.trees:
        return [data_of(branch) for branches in value.trees for branch in branches] + failed
    return [{**_fields(one), "count": data_of(one.count())} for one in value.targets] + failed


@_form("cbw_workbench.commands.results.ContentsReport")
def _(value: results.ContentsReport) -> Any:
    """One object a line; symbols of objects only where they were asked for."""
    found = [data_of(one) for one in value.found]
    for one in found:
        for file in () if value.symbols else one.get("files", ()):
            file["binary"]["details"] = {
                k: v for k, v in file["binary"]["details"].items() if k not in ("exports", "imports")
            }
    return found + [{"subject": subject, "error": error.to_json()} for subject, error in value.errors]


@_form("cbw_workbench.commands.results.DiffReport")
def _(value: results.DiffReport) -> Any:
    """One object a line: a pair of packages or channels."""
    return [{**data_of(one), "same": getattr(one, "same", None)} for one in value.found]


@_form("cbw_core.session.model.SessionStatus")
def _(value: SessionStatus) -> Any:
    return {
        "session": value.root,
        "recipe": value.recipe,
        "output": value.output,
        "next": value.next_phase.value if value.next_phase else None,
        "phases": [data_of(phase) for phase in value.phases],
        "paths": data_of(value.paths),
        "channels": list(value.channels),
        "variant": data_of(value.variant),
        "activation": value.activation,
        "env_changes": list(value.env_changes),
        "owed": list(value.owed),
    }


@_form("cbw_workbench.commands.results.EnvironmentReport")
def _(value: results.EnvironmentReport) -> Any:
    """An environment a line."""
    return [data_of(env) for env in value.environments]


@_form("cbw_workbench.commands.results.WhyReport")
def _(value: results.WhyReport) -> Any:
    return [data_of(one) for one in value.found]


@_form("cbw_workbench.commands.results.StatusReport")
def _(value: results.StatusReport) -> Any:
    return {**data_of(value.session), "outputs": [_brief(one) for one in value.group]}


def _brief(status: SessionStatus) -> Any:
    states = {phase.phase.value: phase.state.value for phase in status.phases}
    return {"session": status.root, "output": status.output, "phases": states}


@_form("cbw_workbench.commands.results.PhaseReport")
def _(value: results.PhaseReport) -> Any:
    return {**data_of(value.session), "ran": [phase.phase.value for phase in value.ran], "note": value.note}


@_form("cbw_workbench.commands.results.PatchReport")
def _(value: results.PatchReport) -> Any:
    made = value.patch
    changes = [{"file": path, "change": kind} for path, kind in made.changes]
    place = str(made.place) if made.place else None
    return {"patch": made.file, "written": made.written, "folder": made.folder, "changes": changes, "entered": place}


@_form("cbw_workbench.commands.results.KeptReport")
def _(value: results.KeptReport) -> Any:
    made = value.script
    owed = list(value.session.owed)
    return {"file": made.file, "written": made.written, "diff": made.diff, "ran": made.ran, "owed": owed}


@_form("cbw_workbench.commands.results.Using")
def _(value: results.Using) -> Any:
    return data_of(value.session)


@_form("cbw_workbench.commands.results.SessionList")
def _(value: results.SessionList) -> Any:
    return [{**data_of(info), "session": info.root, "current": info.root == value.current} for info in value.sessions]


@_form("cbw_workbench.commands.results.DebugReady")
def _(value: results.DebugReady) -> Any:
    return {
        **data_of(value.session),
        "mode": value.mode,
        "activation": value.activation,
        "source_tree": value.source_tree,
        "script": value.script,
    }


@_form("cbw_workbench.commands.results.Settings")
def _(value: results.Settings) -> Any:
    return data_of(value.values)


def json_lines(value: object) -> Sequence[str]:
    """The lines `--json` prints: one for each item of a list, else one."""
    import json

    data = data_of(value)
    return [json.dumps(item, ensure_ascii=False) for item in (data if isinstance(data, list) else [data])]
