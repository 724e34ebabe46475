"""Errors a user reads: what happened, where, why, and what to do next.

Every error that reaches a face is a `CbwError`; anything else is a bug. The exit status of a program that ends with
one is its `exit_status`: 1 the build or test failed, 2 the recipe or the arguments are wrong, 3 the environment
(solve, network, disk) failed, 130 interrupted.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Place:
    """A place in a file. `line` and `column` count from 1; None where not known. `text` is the offending text."""

    file: str
    line: int | None = None
    column: int | None = None
    text: str | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class CbwError(Exception):
    """An error made for a person.

    message: what happened, one line, naming the thing (file, package, variable) to blame.
    kind:    a stable word for scripts ("yaml", "jinja", "selector", "schema", "variant", "usage", "source", "patch",
             "solve", "network", "disk", "build", "post", "package", "test", "session", "interrupted", ...).
    place:   where, when a file is to blame.
    why:     the reason, where the message alone does not tell it.
    hint:    the next step, as an instruction.
    details: longer text to show below (a solver's tree, the last lines of a log).
    phase:   the phase it happened in, filled in by the session.
    """

    exit_status: ClassVar[int] = 1
    default_kind: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        kind: str | None = None,
        place: Place | None = None,
        why: str | None = None,
        hint: str | None = None,
        details: str | None = None,
        phase: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind or self.default_kind
        self.place = place
        self.why = why
        self.hint = hint
        self.details = details
        self.phase = phase

    def to_json(self) -> dict[str, Any]:
        """The error as an object: kind, message, file, line, column, text, why, hint, details, phase, exit_status."""
        place = self.place
        return {
            "kind": self.kind,
            "message": self.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "text": place.text if place else None,
            "why": self.why,
            "hint": self.hint,
            "details": self.details,
            "phase": self.phase,
            "exit_status": self.exit_status,
        }


class RecipeError(CbwError):
    """The recipe, a variant file or their combination is wrong. Exit status 2."""

    exit_status = 2
    default_kind = "recipe"


class UsageError(CbwError):
    """The arguments or the order of commands are wrong. Exit status 2."""

    exit_status = 2
    default_kind = "usage"


class EnvironmentFailure(CbwError):
    """What surrounds the build failed: solve, network, disk, a missing tool. Exit status 3."""

    exit_status = 3
    default_kind = "environment"


class Unsatisfiable(EnvironmentFailure):
    """The requirements of an environment have no solution. requirements: those to blame, the first one first, as
    (section, spec): "build", "host", "run", "run_constrained" or "test", and the text as rendered. output: the
    render.Output whose environment it is, as far as it was rendered, where rendering itself needed the solution."""

    default_kind = "solve"
    output: Any = None

    def __init__(self, message: str, *, requirements: Sequence[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(message, **more)
        self.requirements = tuple(requirements)


class MissingPackage(Unsatisfiable):
    """A solve found no candidate for a package: no channel has it, or none in that version. `package`: its name."""

    def __init__(self, message: str, *, package: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.package = package


class BuildError(CbwError):
    """A phase of the build or a test failed. Exit status 1."""

    exit_status = 1
    default_kind = "build"


class Interrupted(CbwError):
    """The user (or a signal) ended the work. Exit status 130."""

    exit_status = 130
    default_kind = "interrupted"


def error_from_json(data: dict[str, Any]) -> CbwError:
    """The error that `CbwError.to_json` wrote; its class follows from exit_status."""
    classes: dict[int, type[CbwError]] = {1: BuildError, 2: RecipeError, 3: EnvironmentFailure, 130: Interrupted}
    place = Place(data["file"], data.get("line"), data.get("column"), data.get("text")) if data.get("file") else None
    return classes.get(data.get("exit_status", 1), CbwError)(
        data["message"],
        kind=data.get("kind"),
        place=place,
        why=data.get("why"),
        hint=data.get("hint"),
        details=data.get("details"),
        phase=data.get("phase"),
    )


_OTHER_FOLDERS = "or choose other folders: --croot or CBW_CROOT (sessions), CBW_CACHE (cache), XDG_STATE_HOME (state)."
_OS_HINTS: tuple[tuple[tuple[int, ...], str], ...] = (
    ((errno.ENOSPC, errno.EDQUOT), "Free some space and run the same command again."),
    ((errno.EACCES, errno.EPERM), f"Give yourself the right to write there, {_OTHER_FOLDERS}"),
    ((errno.EROFS,), f"It cannot be written to: mount it for writing, {_OTHER_FOLDERS}"),
    ((errno.ENAMETOOLONG,), "Choose a shorter folder (--croot, or -p)."),
    ((errno.EMFILE, errno.ENFILE), "Raise the limit of open files (ulimit -n) and run the same command again."),
    ((errno.EIO,), "The disk failed: look at the system's log (dmesg)."),
    ((errno.ENOTDIR,), "A file stands where a folder must be: move it away, or name another folder."),
)


def is_of_the_system(error: OSError) -> bool:
    """Whether an OSError tells of the machine's state (disk, rights, limits), so that nobody need look for a bug."""
    return any(error.errno in numbers for numbers, _ in _OS_HINTS)


def from_os_error(error: OSError, doing: str) -> CbwError:
    """An OSError as a CbwError: `doing` says what was being done ("writing the ledger")."""
    name = error.filename if isinstance(error.filename, (str, Path)) else None
    hint = next((hint for numbers, hint in _OS_HINTS if error.errno in numbers), None)
    return EnvironmentFailure(
        f"{doing} failed: {error.strerror or error}",
        kind="disk",
        place=Place(str(name)) if name else None,
        hint=hint,
    )
