"""Which session a command is about, and which path a person meant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_workbench.commands.command import Context

if TYPE_CHECKING:
    from cbw_core.session import Session

LEDGER = "ledger.json"


def surroundings(context: Context) -> Mapping[str, str]:
    """The environment variables of whoever called."""
    return context.environ or os.environ


def absolute(path: str | Path, context: Context) -> Path:
    """`path` as the user wrote it, made absolute from the context's folder; `~` is the home folder. Links stay."""
    return Path(os.path.normpath(context.cwd / Path(path).expanduser()))


def session_folder(given: str, context: Context) -> Path:
    """A session by its path, or by its name under the croot."""
    path = absolute(given, context)
    if not path.exists() and "/" not in given and (context.config.croot / given).is_dir():
        return context.config.croot / given
    return path


def resolve_session(context: Context, given: str | None, recipe: str | None) -> Session:
    """The session of `--session`, of a recipe (or the session folder itself), the current one, or the last one.
    Raises UsageError(kind="session") when there is none."""
    from cbw_core.session import last_session, open_session

    environ = surroundings(context)
    if given:
        return open_session(session_folder(given, context), environ=environ)
    if recipe:
        path = session_folder(recipe, context)
        if (path / LEDGER).is_file():
            return open_session(path, environ=environ)
        return last_session(context.config, path, environ=environ)
    return context.session or last_session(context.config, environ=environ)
