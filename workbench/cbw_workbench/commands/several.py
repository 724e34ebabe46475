"""Several recipes or packages in one command: each in turn, and one report of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from cbw_core.errors import CbwError, Interrupted
from cbw_workbench.commands.command import Result
from cbw_workbench.commands.results import BuildReport

if TYPE_CHECKING:
    from cbw_core.session import Session

# Work on one argument: the sessions it went through, and a line for each output that was skipped.
Work: TypeAlias = Callable[[str], "tuple[list[Session], list[str]]"]


def each(given: Sequence[str], keep_going: bool, work: Work) -> Result:
    """Every recipe or package in turn. The first failure ends it; with --keep-going the others go on."""
    sessions: list[Session] = []
    skipped: list[str] = []
    errors: list[CbwError] = []
    for item in given:
        try:
            more, less = work(item)
        except Interrupted:
            raise
        except CbwError as error:
            if not keep_going or len(given) == 1:
                raise
            errors.append(error)
            continue
        sessions += more
        skipped += less
    statuses = tuple(session.status() for session in sessions)
    report = BuildReport(
        sessions=statuses,
        packages=tuple(s.paths["package"] for s in statuses if s.paths.get("package")),
        skipped=tuple(skipped),
        errors=tuple(errors),
    )
    return Result(report, max((error.exit_status for error in errors), default=0))
