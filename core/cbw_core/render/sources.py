"""What rendering may know of a recipe's sources: a local path, what the source room makes of others, and what a
repository tells of itself (GIT_*, HG_*: conda_build.environ.meta_vars)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from cbw_core.errors import CbwError, Interrupted
from cbw_core.recipe import sections
from cbw_core.render.resolver import Sources
from cbw_core.render.state import State
from cbw_core.variants import as_list

T = TypeVar("T")

_REMOTE = re.compile(r"^[\w+.-]+://|^[\w.-]+@[\w.-]+:")
# <tag>-<commits since>-g<hash>, the tag with or without a leading v
_DESCRIBED = re.compile(r"(?:[_-a-zA-Z]*)(?P<version>[a-zA-Z0-9.]+)(?:-(?P<post>\d+)-g(?P<hash>[0-9a-f]{7,}))$")


def local_source(state: State) -> Path | None:
    """The folder of the first source, where it is given by `path` and exists."""
    path = _first(state).get("path")
    if not isinstance(path, str) or not path:
        return None
    folder = (state.work.recipe_dir / Path(path).expanduser()).resolve()
    return folder if folder.is_dir() else None


def provided_source(state: State) -> Path | None:
    """The folder with the sources of the recipe as the source phase makes it, where rendering may have them made."""
    entries = _entries(state)
    work = _had(state, lambda sources: sources(state.work.recipe_file, entries)) if entries else None
    return work / str(entries[0].get("folder") or "") if work else None


def _entries(state: State) -> list[dict[str, Any]]:
    return [entry for entry in state.section("source") if isinstance(entry, dict) and entry]


def _had(state: State, ask: Callable[[Sources], T]) -> T | None:
    """What the sources give, where rendering may have them made and they can be."""
    if state.work.sources is None:
        return None
    try:
        return ask(state.work.sources)
    except Interrupted:
        raise
    except CbwError as error:
        # conda-build renders on without the source (render.try_download), and the source phase tells what is wrong
        why = f" ({error.why})" if error.why else ""
        state.work.warn(f"the source cannot be had while rendering: {error.message}{why}")
        return None


def needs_download(state: State) -> bool:
    """Whether the recipe's first source comes over the network."""
    source = _first(state)
    urls = [u for key in ("url", "git_url", "hg_url", "svn_url") for u in as_list(source.get(key))]
    return any(_REMOTE.match(str(u)) and not str(u).startswith("file:") for u in urls)


def _first(state: State) -> dict[str, Any]:
    source = state.section("source")
    return source[0] if source and isinstance(source[0], dict) else {}


def vcs_variables(state: State) -> Mapping[str, str]:
    """GIT_* or HG_* of a first source that is a repository, where the recipe's text names any of the kind.

    A git repository on this machine is asked as it is; any other is made by the source room, where it may be.
    """
    used = sections.vcs_used(state.work.text)
    if "git" not in used and "hg" not in used:
        return {}
    found = _repository(state)
    if found is not None:
        key = ("git", *map(str, found))
        loaded = state.work.loaded
        if key not in loaded:
            loaded[key] = git_variables(*found, state.work.environ.get("PATH", os.defpath))
        values: dict[str, str] = loaded[key]
        return values
    entries = _entries(state)
    folder = local_source(state)
    here = folder is not None and any((folder / name).exists() for name in (".git", ".hg"))
    if not entries or not (here or entries[0].get("git_url") or entries[0].get("hg_url")):
        return {}
    return _had(state, lambda sources: sources.variables(state.work.recipe_file, entries)) or {}


def _repository(state: State) -> tuple[Path, str] | None:
    """(folder, revision) of the repository the first source is, where it is on this machine."""
    source = _first(state)
    if as_list(source.get("patches")):
        return None  # they may become commits
    url = source.get("git_url")
    if isinstance(url, str) and url:
        bare = url.removeprefix("file://")
        if _REMOTE.match(bare):
            return None
        folder = (state.work.recipe_dir / Path(bare).expanduser()).resolve()
        return (folder, str(source.get("git_rev") or "HEAD")) if folder.is_dir() else None
    folder_of_path = local_source(state)
    if folder_of_path and (folder_of_path / ".git").exists():
        return folder_of_path, "HEAD"
    return None


def git_variables(folder: Path, revision: str, path: str) -> dict[str, str]:
    """GIT_DESCRIBE_TAG, _NUMBER, _HASH, GIT_FULL_HASH, GIT_BUILD_STR of a revision; what git does not tell is left out.

    git runs without the user's configuration, hooks and transports: it only describes.
    """
    values: dict[str, str] = {}
    described = _git(folder, path, "describe", "--tags", "--long", revision)
    parts = described.rsplit("-", 2) if described else []
    if len(parts) == 3:
        values |= dict(zip(("GIT_DESCRIBE_TAG", "GIT_DESCRIBE_NUMBER", "GIT_DESCRIBE_HASH"), parts, strict=True))
        values["GIT_DESCRIBE_TAG_PEP440"] = str(_pep440(described))
    else:
        parts = _git(folder, path, "describe", "--all", "--long", revision).rsplit("-", 2)
        if len(parts) == 3:
            values["GIT_DESCRIBE_HASH"] = parts[2]
    full = _git(folder, path, "rev-parse", revision)
    if full:
        values["GIT_FULL_HASH"] = full
    if "GIT_DESCRIBE_NUMBER" in values:
        values["GIT_BUILD_STR"] = f"{values['GIT_DESCRIBE_NUMBER']}_{values['GIT_DESCRIBE_HASH']}"
    return values


def _pep440(described: str) -> str | None:
    match = _DESCRIBED.match(described)
    if not match:
        return None
    version, post, digest = match["version"], match["post"], match["hash"]
    return version if post == "0" else f"{version}.post{post}+{digest}"


def _git(folder: Path, path: str, *arguments: str) -> str:
    import subprocess

    # a repository that lacks objects would fetch them, by a program that its own configuration names
    env = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "PATH": path}
    env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull, "LC_ALL": "C"}
    argv = ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else ""
