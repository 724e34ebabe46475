"""What the source phase depends on, as named digests. Nothing is fetched and no program run: it must be quick."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from cbw_core.errors import CbwError
from cbw_core.render.output import Output
from cbw_core.source.entries import SourceEntry, entries_of
from cbw_core.source.fetch import local_path
from cbw_core.source.patches import patch_path
from cbw_core.source.secrets import redact
from cbw_core.source.tree import file_digest, tree_digest

_MISSING = "missing"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def inputs(output: Output) -> dict[str, str]:
    """Name -> digest of all that the work folder is made from; a change changes exactly its entry.

    "source section":  the section as rendered (urls, hashes, revisions, names of patches).
    "patch NAME":      a patch's content.
    "file URL":        a local file: content, or size and time when it is large.
    "path PATH":       a local folder (`tree_digest`) or file.
    "git URL":         a local repository: the commit that the revision names now. What a remote one has is not asked.
    """
    section = json.dumps([dict(entry.data) for entry in entries_of(output)], sort_keys=True, default=str)
    found = {"source section": hashlib.sha256(section.encode()).hexdigest()}
    for entry in entries_of(output):
        for name in entry.patches:
            found[f"patch {name}"] = _digest(patch_path(entry, name), by_content=True)
        if entry.kind == "url":
            for url in entry.texts("url"):
                path = local_path(url, entry.recipe_dir)
                if path is not None:
                    found[f"file {redact(url)}"] = _digest(path)
        elif entry.kind == "path":
            path = Path(os.path.normpath(entry.recipe_dir / Path(entry.text("path")).expanduser()))
            if "path_via_symlink" not in entry.data:  # a link shows every change by itself
                found[f"path {entry.text('path')}"] = _digest(path)
        elif entry.kind == "git" and (commit := _local_commit(entry)):
            found[f"git {redact(entry.text('git_url'))}"] = commit
    return found


def _digest(path: Path, by_content: bool = False) -> str:
    try:
        if path.is_dir():
            return tree_digest(path)
        return hashlib.sha256(path.read_bytes()).hexdigest() if by_content else file_digest(path)
    except OSError:
        return _MISSING


def _local_commit(entry: SourceEntry) -> str:
    """The commit that the revision of a local repository names, read from its files; a digest of all its branches and
    tags when it names one in another way ("main~2"); "" for a remote one."""
    from cbw_core.source.git import git_url, revision

    try:
        path, rev = Path(git_url(entry).removeprefix("file://")), revision(entry)
    except CbwError:  # told when it is fetched
        return _MISSING
    if not path.is_absolute():
        return ""
    folder = path / ".git" if (path / ".git").exists() else path
    try:
        if folder.is_file():  # a worktree: its .git names the folder
            folder = path / folder.read_text().removeprefix("gitdir:").strip()
        return _MISSING if not (folder / "HEAD").is_file() else _resolve(folder, rev)
    except OSError:
        return _MISSING


def _resolve(folder: Path, rev: str) -> str:
    if _COMMIT.fullmatch(rev):
        return rev
    common = folder / "commondir"
    shared = folder / common.read_text().strip() if common.is_file() else folder
    packed = _packed(shared)
    for name in ("HEAD",) if rev == "HEAD" else (f"refs/tags/{rev}", f"refs/heads/{rev}", rev):
        for _ in range(5):
            file = next((place / name for place in (folder, shared) if (place / name).is_file()), None)
            value = file.read_text().strip() if file else packed.get(name, "")
            if not value.startswith("ref: "):
                break
            name = value.removeprefix("ref: ")
        if _COMMIT.fullmatch(value):
            return value
    refs = sorted(path for path in (shared / "refs").rglob("*") if path.is_file())
    everything = "\n".join(
        [*(f"{path} {path.read_text()}" for path in refs), str(packed), (folder / "HEAD").read_text()]
    )
    return hashlib.sha256(everything.encode()).hexdigest()


def _packed(folder: Path) -> dict[str, str]:
    file = folder / "packed-refs"
    if not file.is_file():
        return {}
    lines = (line.split() for line in file.read_text().splitlines() if line and line[0] not in "#^")
    return {parts[1]: parts[0] for parts in lines if len(parts) == 2}
