"""hg and svn sources, through the tools of those names (conda_build.source.hg_source and svn_source)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cbw_core.errors import EnvironmentFailure
from cbw_core.source.entries import SourceEntry
from cbw_core.source.locks import locked
from cbw_core.source.secrets import redact
from cbw_core.source.tools import Ran, Tools
from cbw_core.source.tree import copy_tree


def checkout_hg(entry: SourceEntry, folder: Path, cache: Path, *, offline: bool, tools: Tools) -> tuple[str, str]:
    """Clone an hg entry into `folder` by way of a clone in the cache. Returns url and commit."""
    url = _url(entry, "hg_url")
    kept = cache / "hg" / _name(url)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with locked(kept.with_suffix(".lock"), tools.sink, tools.cancel):
        if not kept.is_dir():
            _refuse_offline(entry, "hg_url", url, offline)
            fresh = kept.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            ran = tools.tool("hg", "--noninteractive", "clone", "--noupdate", "--", url, str(fresh), cwd=kept.parent)
            _check(entry, "hg_url", url, ran)
            fresh.rename(kept)
        elif not offline:
            _check(entry, "hg_url", url, tools.tool("hg", "--noninteractive", "pull", cwd=kept))
    cloned = tools.tool("hg", "clone", "--noupdate", "--", str(kept), str(folder), cwd=kept.parent, quiet=True)
    _check(entry, "hg_url", url, cloned)
    tag = entry.text("hg_tag") or "tip"
    updated = tools.tool("hg", "update", "--clean", "--rev", tag, cwd=folder, quiet=True)
    if not updated.ok:
        raise entry.error(f"{redact(url)} has no revision {tag}", "hg_tag", why=updated.last, details=updated.text)
    commit = tools.tool("hg", "log", "--rev", ".", "--template", "{node}", cwd=folder, quiet=True).last
    return redact(url), commit


def checkout_svn(entry: SourceEntry, folder: Path, cache: Path, *, offline: bool, tools: Tools) -> tuple[str, str]:
    """Copy a checkout of an svn entry, kept in the cache, into `folder`. Returns url and revision."""
    url = _url(entry, "svn_url")
    revision = entry.text("svn_rev") or "head"
    options = ["--non-interactive"]
    if entry.text("svn_ignore_externals").lower() in ("yes", "true", "1", "on"):
        options.append("--ignore-externals")
    if "svn_username" in entry.data and "svn_password" in entry.data:
        options += ["--no-auth-cache", "--username", entry.text("svn_username")]
        options += ["--password", entry.text("svn_password")]
    kept = cache / "svn" / _name(url)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with locked(kept.with_suffix(".lock"), tools.sink, tools.cancel):
        if not kept.is_dir():
            _refuse_offline(entry, "svn_url", url, offline)
            fresh = kept.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            ran = tools.tool("svn", "checkout", "-r", revision, *options, "--", url, str(fresh), cwd=kept.parent)
            _check(entry, "svn_url", url, ran)
            fresh.rename(kept)
        elif not offline:
            _check(entry, "svn_url", url, tools.tool("svn", "update", "-r", revision, *options, cwd=kept))
        found = tools.tool("svn", "info", "--show-item", "revision", cwd=kept, quiet=True)
        copy_tree(kept, folder, tools.cancel, lambda count: None)
    return redact(url), found.last.strip()


def _url(entry: SourceEntry, key: str) -> str:
    url = entry.text(key)
    if not url or url.startswith("-"):
        raise entry.error(f"{url!r} is no url", key)
    if url.startswith("~"):
        return str(Path(url).expanduser())
    return str((entry.recipe_dir / url).resolve()) if url.startswith(".") else url


def _name(url: str) -> str:
    import hashlib

    last = re.sub(r"[^\w-]", "_", url.rstrip("/").rpartition("/")[2])[:60]
    return f"{last or 'repository'}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"


def _refuse_offline(entry: SourceEntry, key: str, url: str, offline: bool) -> None:
    if offline and not Path(url).is_absolute():
        raise EnvironmentFailure(
            f"{redact(url)} is not in the cache, and cbw is offline",
            kind="network",
            place=entry.place(key),
            hint="Run it once without --offline.",
        )


def _check(entry: SourceEntry, key: str, url: str, ran: Ran) -> None:
    if not ran.ok:
        raise EnvironmentFailure(
            f"{redact(url)} cannot be fetched",
            kind="network",
            place=entry.place(key),
            why=ran.last or None,
            details=ran.text,
        )
