"""The debugger's results as JSON: what a face for editors (Debug Adapter Protocol) needs is in each of them.
docs/debugger.md has the fields."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.trace import Breakpoint, Stop, Variable
    from cbw_workbench.commands import stops

_KINDS = {"a": "array", "A": "map", "n": "reference"}


def source_of(file: str, cwd: str = "") -> dict[str, str | None] | None:
    """A file as editors name it; path: None where it is not known where it lies."""
    if not file:
        return None
    path = os.path.normpath(Path(cwd, file)) if cwd or Path(file).is_absolute() else None
    return {"name": Path(file).name, "path": path if path is not None and Path(path).exists() else None}


def breakpoint_form(point: Breakpoint) -> dict[str, Any]:
    return {
        "id": point.number,
        "verified": point.verified,
        "kind": point.kind,
        "spec": point.spec,
        "source": source_of(point.file),
        "line": point.line,
        "condition": point.condition,
        "ignore": point.ignore,
        "once": point.once,
        "enabled": point.enabled,
        "hits": point.hits,
        "text": str(point),
    }


def stop_form(stop: Stop) -> dict[str, Any]:
    frames = [
        {
            "id": number,
            "name": frame.function,
            "source": source_of(frame.file, stop.cwd),
            "line": frame.line,
            "text_line": frame.text_line,
        }
        for number, frame in enumerate(stop.frames)
    ]
    return {
        "reason": stop.reason,
        "phase": stop.phase,
        "source": source_of(stop.file, stop.cwd),
        "line": stop.line,
        "text_line": stop.text_line,
        "command": stop.command,
        "status": stop.status,
        "breakpoint": stop.breakpoint,
        "serial": stop.serial,
        "pid": stop.pid,
        "subshell": stop.subshell,
        "cwd": stop.cwd,
        "flags": stop.flags,
        "note": stop.note,
        "frames": frames,
    }


def variable_form(variable: Variable) -> dict[str, Any]:
    items = variable.value if isinstance(variable.value, tuple) else None
    text = variable.value if isinstance(variable.value, str) else None
    if items is not None:
        text = "(" + " ".join(f"[{key}]={value}" for key, value in items) + ")"
    return {
        "name": variable.name,
        "value": text,
        "type": _KINDS.get(variable.kind, "integer" if variable.integer else "string"),
        **({"items": [{"name": key, "value": value} for key, value in items]} if items is not None else {}),
        "exported": variable.exported,
        "readonly": variable.readonly,
        "changed": variable.changed,
    }


def breakpoints_form(value: stops.BreakpointList) -> dict[str, Any]:
    points = [breakpoint_form(point) for point in value.breakpoints]
    return {"session": value.session or None, "breakpoints": points, "note": value.note}


def changes_form(value: stops.Changes) -> dict[str, Any]:
    files = None if value.files is None else [{"path": f.path, "new": f.made} for f in value.files]
    return {"variables": [variable_form(variable) for variable in value.variables], "files": files}


def _lines(rows: tuple[stops.SourceLine, ...]) -> list[dict[str, Any]]:
    return [{"line": r.number, "text": r.text, "current": r.current, "breakpoint": r.breakpoint} for r in rows]


def stop_report_form(value: stops.StopReport) -> dict[str, Any]:
    pending = value.pending
    return {
        "stop": stop_form(value.stop),
        "lines": _lines(value.source),
        "changes": changes_form(value.changes),
        "pending": None if pending is None else {"line": pending.line, "diff": pending.diff},
    }


def where_form(value: stops.WhereReport) -> dict[str, Any]:
    return {
        "stop": stop_form(value.stop),
        "lines": _lines(value.source),
        "changes": changes_form(value.changes),
        "jobs": list(value.jobs),
        "options": dict(value.options),
    }


FORMS: dict[str, Callable[[Any], Any]] = {
    "cbw_core.trace.model.Breakpoint": breakpoint_form,
    "cbw_core.trace.model.Stop": stop_form,
    "cbw_core.trace.model.Variable": variable_form,
    "cbw_workbench.commands.stops.BreakpointList": breakpoints_form,
    "cbw_workbench.commands.stops.StopReport": stop_report_form,
    "cbw_workbench.commands.stops.WhereReport": where_form,
}
