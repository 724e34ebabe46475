"""The screen. `run_workbench` opens it; Textual is imported then, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_workbench.commands import Context


def run_workbench(context: Context, session: Session) -> int:
    """Open the workbench on a session and stay until the person leaves it. Returns the exit status."""
    from cbw_workbench.tui.start import run

    return run(context, session)


__all__ = ["run_workbench"]
