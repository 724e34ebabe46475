"""git sources: a bare mirror in the cache, a clone of it, submodules likewise."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from cbw_core.errors import CbwError, EnvironmentFailure, RecipeError
from cbw_core.events import Note
from cbw_core.source.entries import SourceEntry
from cbw_core.source.locks import locked
from cbw_core.source.secrets import redact
from cbw_core.source.tools import Ran, Tools

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DEEPEST = 20


@dataclass(frozen=True)
class _Where:
    """What a checkout needs to know: the entry to blame, the folder of mirrors, whether to stay off the network."""

    entry: SourceEntry
    mirrors: Path
    offline: bool
    tools: Tools


def checkout(entry: SourceEntry, folder: Path, cache: Path, *, offline: bool, tools: Tools) -> tuple[str, str]:
    """Clone a git entry into `folder`, which must be empty or not there (conda_build.source.git_source).

    The clone's origin is the mirror in the cache, as with conda-build. Returns the url, without secrets, and commit.
    Raises RecipeError(kind="source"), EnvironmentFailure(kind="network" or "missing-tool"), Interrupted.
    """
    where = _Where(entry, cache / "git", offline, tools)
    url = git_url(entry)
    rev = revision(entry)
    if folder.exists() and any(folder.iterdir()):
        raise entry.error(
            f"git cannot clone {redact(url)} into a folder that is not empty",
            "git_url",
            why="Another entry of the source section put something there.",
            hint="Give this entry a folder of its own.",
        )
    mirror = _mirror(where, url, rev, _depth(entry))
    folder.parent.mkdir(parents=True, exist_ok=True)
    cloned = tools.git("clone", "--no-checkout", "--", str(mirror), str(folder), cwd=folder.parent, quiet=True)
    if not cloned.ok:
        raise _git_failed(entry, f"the clone of {redact(url)} in the cache cannot be cloned", cloned)
    out = tools.git("checkout", rev, "--", cwd=folder, quiet=True)
    if not out.ok:
        raise _no_revision(entry, url, rev, out)
    commit = tools.git("rev-parse", "HEAD", cwd=folder, quiet=True).last
    _submodules(where, folder, url, 0)
    return redact(url), commit


def git_url(entry: SourceEntry) -> str:
    """The entry's url: local paths absolute (relative ones are relative to the recipe)."""
    url = entry.text("git_url")
    if not url or url.startswith("-"):
        raise entry.error(f"{url!r} is no git url", "git_url")
    if url.startswith("~"):
        return str(Path(url).expanduser())
    here = entry.recipe_dir / url
    if url.startswith(".") or (not re.search(r"://|^[^/]+:", url) and here.exists()):
        return str(here.resolve())
    return url


def revision(entry: SourceEntry) -> str:
    """git_rev, or what it was called formerly; HEAD when none is given."""
    rev = next((entry.text(key) for key in ("git_rev", "git_tag", "git_branch") if entry.text(key)), "HEAD")
    if rev.startswith("-"):
        raise entry.error(f"{rev!r} is no git revision", "git_rev", value=rev)
    return rev


def _depth(entry: SourceEntry) -> int:
    text = entry.text("git_depth") or "-1"
    try:
        return int(text)
    except ValueError as error:
        raise entry.error(f"git_depth is {text!r}, not a number", "git_depth") from error


def _mirror(where: _Where, url: str, rev: str, depth: int = -1) -> Path:
    """The bare mirror of `url`, brought up to date unless it has the commit `rev` already."""
    digest = hashlib.sha256(f"{url}\n{depth if depth > 0 else 'all'}".encode()).hexdigest()[:12]
    last = re.sub(r"[^\w.-]", "_", url.rstrip("/").rpartition("/")[2].removesuffix(".git"))[:60]
    mirror = where.mirrors / f"{last or 'repository'}-{digest}.git"
    where.mirrors.mkdir(parents=True, exist_ok=True)
    where.mirrors.chmod(0o700)  # the settings of a mirror hold the url with its password
    tools = where.tools
    with locked(mirror.with_suffix(".lock"), tools.sink, tools.cancel):
        if not mirror.is_dir():
            _clone(where, url, mirror, depth)
            _fetch_lfs(where, mirror, rev)
        elif not (_COMMIT.fullmatch(rev) and _has(tools, mirror, rev)):
            _update(where, url, mirror, depth)
            _fetch_lfs(where, mirror, rev)
        if _COMMIT.fullmatch(rev) and not _has(tools, mirror, rev) and not where.offline:
            # no branch or tag has it: a server may give it when asked by name
            tools.git("fetch", "origin", f"+{rev}:refs/cbw/{rev}", cwd=mirror, quiet=True)
    return mirror


def _has(tools: Tools, mirror: Path, commit: str) -> bool:
    return tools.git("cat-file", "-e", f"{commit}^{{commit}}", cwd=mirror, quiet=True).ok


def _clone(where: _Where, url: str, mirror: Path, depth: int) -> None:
    entry, is_local = where.entry, Path(url).is_absolute()
    if is_local and not Path(url).exists():
        raise entry.error(f"there is no git repository at {url}", "git_url", hint="Relative paths begin at the recipe.")
    if where.offline and not is_local:
        raise EnvironmentFailure(
            f"{redact(url)} is not in the cache, and cbw is offline",
            kind="network",
            place=entry.place("git_url"),
            hint="Run it once without --offline.",
        )
    fresh = mirror.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shallow = ("--depth", str(depth)) if depth > 0 else ()
    cloned = where.tools.git("clone", "--mirror", *shallow, "--", url, str(fresh), cwd=where.mirrors)
    if not cloned.ok:
        shutil.rmtree(fresh, ignore_errors=True)
        if is_local:
            raise _git_failed(entry, f"{url} cannot be cloned", cloned)
        raise EnvironmentFailure(
            f"{redact(url)} cannot be cloned",
            kind="network",
            place=entry.place("git_url"),
            why=cloned.last or None,
            hint="Look whether the url is right and git allowed in: cbw never asks for a password.",
            details=cloned.text,
        )
    if mirror.is_dir():
        shutil.rmtree(mirror)
    fresh.rename(mirror)


def _update(where: _Where, url: str, mirror: Path, depth: int) -> None:
    """Fetch what is new. A mirror that cannot be brought up to date is made anew."""
    tools = where.tools
    if where.offline and not Path(url).is_absolute():
        tools.sink(Note(f"offline: {redact(url)} as it was fetched last", "info", "source"))
        return
    fetched = tools.git("fetch", "--prune", "--force", "origin", cwd=mirror)
    if not fetched.ok:
        _clone(where, url, mirror, depth)
        return
    # fetch leaves HEAD alone: it is set to what the origin has checked out now
    for line in tools.git("ls-remote", "--symref", "origin", "HEAD", cwd=mirror, quiet=True).lines:
        told, _, name = line.partition("\t")
        if name == "HEAD" and told.startswith("ref: "):
            tools.git("symbolic-ref", "HEAD", told.removeprefix("ref: "), cwd=mirror, quiet=True)
            return
        if name == "HEAD" and _COMMIT.fullmatch(told):
            tools.git("update-ref", "--no-deref", "HEAD", told, cwd=mirror, quiet=True)


def _fetch_lfs(where: _Where, mirror: Path, rev: str) -> None:
    """Files that git LFS keeps elsewhere, into the mirror."""
    tools = where.tools
    uses = tools.git("grep", "-q", "-e", "filter=lfs", rev, "--", "*.gitattributes", cwd=mirror, quiet=True)
    if not uses.ok:
        return
    if not tools.git("lfs", "version", cwd=mirror, quiet=True).ok:
        text = (
            f"{redact(git_url(where.entry))} keeps files in git LFS, and git-lfs is not installed: they stay pointers"
        )
        tools.sink(Note(text, "warning", "source"))
        return
    fetched = tools.git("lfs", "fetch", "origin", rev, cwd=mirror)
    if not fetched.ok:
        raise _git_failed(where.entry, f"files of {redact(git_url(where.entry))} in git LFS cannot be fetched", fetched)


def _submodules(where: _Where, folder: Path, url: str, deep: int) -> None:
    """Check out the submodules of a clone of `url`, each from a mirror of its own."""
    if not (folder / ".gitmodules").is_file():
        return
    # their urls are the repository's words, not the recipe's: no helpers that run programs
    tools = replace(where.tools, environ={**where.tools.environ, "GIT_PROTOCOL_FROM_USER": "0"})
    where = replace(where, tools=tools)
    if deep > _DEEPEST:
        raise where.entry.error(f"the submodules of {redact(url)} are nested more than {_DEEPEST} deep", "git_url")
    pattern = r"^submodule\..*\.(path|url)$"
    told = tools.git("config", "--file", ".gitmodules", "--get-regexp", pattern, cwd=folder, quiet=True)
    found: dict[str, dict[str, str]] = {}
    for line in told.lines:
        key, _, value = line.partition(" ")
        name, _, what = key.removeprefix("submodule.").rpartition(".")
        found.setdefault(name, {})[what] = value
    for name, told_of in found.items():
        path, origin = told_of.get("path", ""), told_of.get("url", "")
        listed = tools.git("ls-files", "--stage", "--", path, cwd=folder, quiet=True).last.split()
        if not path or not origin or len(listed) < 4 or listed[0] != "160000":
            continue  # left behind in .gitmodules
        origin = relative_url(url, origin)
        mirror = _mirror(where, origin, listed[1])
        tools.git("config", f"submodule.{name}.url", str(mirror), cwd=folder, quiet=True)
        out = tools.git("submodule", "update", "--init", "--", path, cwd=folder, quiet=True)
        if not out.ok:
            raise _git_failed(where.entry, f"the submodule {name} of {redact(url)} cannot be checked out", out)
        if (folder / path / ".git").exists():
            _submodules(where, folder / path, origin, deep + 1)


def relative_url(base: str, url: str) -> str:
    """A submodule's url: "./" and "../" begin at the url of the repository that has it (git-submodule(1))."""
    if not url.startswith(("./", "../")):
        return url
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            cut = max(base.rfind("/"), base.rfind(":"))
            base = base[: max(cut, 0)] if base[cut : cut + 1] == "/" else base[: cut + 1].rstrip(":")
        url = url.removeprefix("../") if url.startswith("../") else url[2:]
    return f"{base}/{url}"


def _no_revision(entry: SourceEntry, url: str, rev: str, ran: Ran) -> CbwError:
    shallow = _depth(entry) > 0
    return entry.error(
        f"{redact(url)} has no revision {rev}",
        next((key for key in ("git_rev", "git_tag", "git_branch") if entry.text(key)), "git_url"),
        why=ran.last or None,
        hint="git_depth leaves out all but the latest history: raise it, or take it away."
        if shallow
        else "Name a commit, a tag or a branch that is there.",
        details=ran.text,
    )


def _git_failed(entry: SourceEntry, message: str, ran: Ran) -> RecipeError:
    return entry.error(message, "git_url", why=ran.last or None, details=ran.text)
