"""Values as rendering takes them: frozen to compare, requirements as lists, platforms by their names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.variants import as_list

# An output's type where the recipe gives none
PLAIN = ".conda"
_ALIASES = {
    "linux-cos5-x86_64": "linux-64", "linux-cos6-x86_64": "linux-64", "linux-cos5-x86": "linux-32",
    "linux-cos6-x86": "linux-32", "osx-109-x86_64": "osx-64", "win-x86_64": "win-64", "win-x86": "win-32",
}  # fmt: skip


class ForgivenError(RecipeError):
    """An error that conda-build forgives while it does not know all variables yet (SystemExit, CondaBuildUserError)."""


def freeze(value: Any) -> Any:
    """A hashable stand-in for plain data."""
    if type(value) is str:
        return value
    if isinstance(value, dict):
        return tuple(sorted([(k, v if type(v) is str else freeze(v)) for k, v in value.items()]))
    if isinstance(value, (list, tuple)):
        return tuple(freeze(v) for v in value)
    return tuple(sorted(map(str, value))) if isinstance(value, (set, frozenset)) else value


@lru_cache(maxsize=256)
def subdir_of(target: str, os_name: str | None) -> str:
    """The subdir of a target_platform; os_name: what stands in place of its system ("noarch")."""
    name, _, arch = target.partition("-")
    name = os_name or name
    if name == "noarch":
        return "noarch"
    subdir = f"{name}-{arch or 64}"
    return _ALIASES.get(subdir, subdir)


def expand_requirements(reqs: Any) -> dict[str, list[Any]]:
    """Requirements as a mapping of lists; a plain list stands for host and run (conda_build.utils.expand_reqs).

    A mapping is changed in place, as callers share it.
    """
    if not isinstance(reqs, dict):
        listed = as_list(reqs)
        return {"host": list(listed), "run": list(listed)} if listed else {}
    for kind in reqs:
        reqs[kind] = as_list(reqs[kind])
    return reqs
