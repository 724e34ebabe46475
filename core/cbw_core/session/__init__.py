"""Sessions: the phases of one output on disk, the ledger, fingerprints, rewinding; the outputs of a recipe together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.session.across import check, in_order, neighbour
    from cbw_core.session.blame import while_rendering
    from cbw_core.session.changes.live import Change
    from cbw_core.session.changes.patches import PatchWritten, new_patch, refresh_patch
    from cbw_core.session.changes.saving import check_saving, save_change
    from cbw_core.session.changes.script_edit import ScriptKept, keep_script
    from cbw_core.session.environments import change_environment, environment_of, reset_environments
    from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
    from cbw_core.session.package_files import Packaged, packaged
    from cbw_core.session.planning import Plan, choose, matching, plan
    from cbw_core.session.recipe_build import build_recipe
    from cbw_core.session.session import Session
    from cbw_core.session.solving import Solution, solve_all, solve_first
    from cbw_core.session.store import (
        SessionInfo,
        create,
        create_for_package,
        last_session,
        open_session,
        purge,
        sessions,
    )
    from cbw_core.session.timelines import timeline_of

__all__ = [
    "PHASES",
    "Change",
    "Packaged",
    "PatchWritten",
    "Phase",
    "PhaseStatus",
    "Plan",
    "ScriptKept",
    "Session",
    "SessionInfo",
    "SessionStatus",
    "Solution",
    "State",
    "build_recipe",
    "change_environment",
    "check",
    "check_saving",
    "choose",
    "create",
    "create_for_package",
    "environment_of",
    "in_order",
    "keep_script",
    "last_session",
    "matching",
    "neighbour",
    "new_patch",
    "open_session",
    "packaged",
    "plan",
    "purge",
    "refresh_patch",
    "reset_environments",
    "save_change",
    "sessions",
    "solve_all",
    "solve_first",
    "timeline_of",
    "while_rendering",
]

__getattr__ = lazily(
    __name__,
    {
        "across": ("check", "in_order", "neighbour"),
        "blame": ("while_rendering",),
        "environments": ("change_environment", "environment_of", "reset_environments"),
        "model": ("PHASES", "Phase", "PhaseStatus", "SessionStatus", "State"),
        "package_files": ("Packaged", "packaged"),
        "changes.live": ("Change",),
        "changes.patches": ("PatchWritten", "new_patch", "refresh_patch"),
        "planning": ("Plan", "choose", "matching", "plan"),
        "recipe_build": ("build_recipe",),
        "changes.saving": ("check_saving", "save_change"),
        "changes.script_edit": ("ScriptKept", "keep_script"),
        "session": ("Session",),
        "solving": ("Solution", "solve_all", "solve_first"),
        "store": ("SessionInfo", "create", "create_for_package", "last_session", "open_session", "purge", "sessions"),
        "timelines": ("timeline_of",),
    },
)
