"""What a run says beside its stops, as notes of its phase."""

from __future__ import annotations

from cbw_core.errors import CbwError
from cbw_core.events import Note
from cbw_core.trace.model import Stop, Target


def replaced(target: Target, command: str) -> Note:
    return _note(target, f"`{command}` replaces the script's shell: what it runs cannot be stepped")


def not_copied(target: Target, error: OSError) -> Note:
    return _note(target, f"{target.script.name} cannot be copied ({error.strerror}): do not edit it while it runs")


def not_kept(target: Target, line: int | None, error: CbwError | OSError) -> Note:
    why = error.message if isinstance(error, CbwError) else error.strerror or str(error)
    return _note(target, f"no snapshot was kept of line {line}: {why}")


def lost_track(target: Target) -> Note:
    return _note(target, "the script has changed the debugger's own variables (__cbw_...): it cannot be stopped here")


def passed_by(target: Target, error: Exception) -> Note:
    return _note(target, f"the debugger failed at a stop, and the script went on: {type(error).__name__}: {error}")


def gone(target: Target, stop: Stop) -> Note:
    which = "subshell" if stop.subshell else "shell"
    return _note(target, f"the script's {which} that stood at {stop.file}:{stop.line} is gone")


def _note(target: Target, text: str) -> Note:
    return Note(text, level="warning", phase=target.phase)
