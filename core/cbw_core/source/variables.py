"""The variables that a repository in the work folder sets: GIT_* and HG_* (conda_build.environ.meta_vars)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.source.entries import entries_of
from cbw_core.source.tools import Tools

# conda_build.environ.GIT_DESCRIBE_REGEX; in its class "_-a" is a range: from "_" to "a"
_DESCRIBED = re.compile(r"(?:[_-a-zA-Z]*)(?P<version>[a-zA-Z0-9.]+)(?:-(?P<post>\d+)-g(?P<hash>[0-9a-f]{7,}))$")


def git_variables(output: Output, work: Path) -> dict[str, str]:
    """GIT_* of the first source entry's repository when it comes from git_url or path, else HG_* of one of hg; {} when
    it has none, or the tool is missing. Commits that patches made count, as with conda-build."""
    entries = entries_of(output)
    if not entries:
        return {}
    first = entries[0]
    folder = work / first.folder
    tools = Tools(silent, Cancel())
    if (folder / ".git").exists() and shutil.which("git"):
        return git_info(folder, tools) if first.kind in ("git", "path") else {}
    # unlike conda-build not for one that came in an archive: its hgrc may name programs to run
    if first.kind in ("hg", "path") and (folder / ".hg").exists() and shutil.which("hg"):
        return _hg_info(folder, tools)
    return {}


def git_info(folder: Path, tools: Tools) -> dict[str, str]:
    """What git tells of the commit in `folder` (conda_build.environ.get_git_info)."""
    found: dict[str, str] = {}
    place = ("--git-dir", str(folder / ".git"))  # named, so that git does not ask whose folder it is
    tagged = tools.git(*place, "describe", "--tags", "--long", "HEAD", cwd=folder, quiet=True)
    if tagged.ok:
        parts = tagged.last.rsplit("-", 2)
        if len(parts) == 3:
            found.update(zip(("GIT_DESCRIBE_TAG", "GIT_DESCRIBE_NUMBER", "GIT_DESCRIBE_HASH"), parts, strict=True))
        found["GIT_DESCRIBE_TAG_PEP440"] = str(_version(tagged.last))
    if "GIT_DESCRIBE_HASH" not in found:
        described = tools.git(*place, "describe", "--all", "--long", "HEAD", cwd=folder, quiet=True)
        parts = described.last.rsplit("-", 2)
        if described.ok and len(parts) == 3:
            found["GIT_DESCRIBE_HASH"] = parts[-1]
    head = tools.git(*place, "rev-parse", "HEAD", cwd=folder, quiet=True)
    if head.ok:
        found["GIT_FULL_HASH"] = head.last
    if "GIT_DESCRIBE_NUMBER" in found and "GIT_DESCRIBE_HASH" in found:
        found["GIT_BUILD_STR"] = f"{found['GIT_DESCRIBE_NUMBER']}_{found['GIT_DESCRIBE_HASH']}"
    return found


def _version(described: str) -> str | None:
    """A PEP 440 version of what git describe says (conda_build.environ.get_version_from_git_tag)."""
    match = _DESCRIBED.match(described)
    if match is None:
        return None
    version, post, commit = match["version"], match["post"], match["hash"]
    return version if post == "0" else f"{version}.post{post}+{commit}"


def _hg_info(folder: Path, tools: Tools) -> dict[str, str]:
    """conda_build.environ.get_hg_build_info"""
    template = "{rev}|{node|short}|{latesttag}|{latesttagdistance}|{branch}"
    ran = tools.tool("hg", "log", "--template", template, "--rev", ".", cwd=folder, quiet=True)
    if not ran.ok or ran.last.count("|") != 4:
        return {}
    revision, short, tag, distance, branch = ran.last.split("|")
    found = {"HG_LATEST_TAG": tag} if tag != "null" else {}
    return {
        **found,
        "HG_BRANCH": branch or "default",
        "HG_NUM_ID": revision,
        "HG_LATEST_TAG_DISTANCE": distance,
        "HG_SHORT_ID": short,
        "HG_BUILD_STR": f"{revision}_{short}",
    }
