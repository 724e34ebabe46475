"""The work folder, made from nothing: every entry of the source section fetched, unpacked and patched."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cbw_core.archive import extract
from cbw_core.config import Config
from cbw_core.errors import RecipeError, from_os_error
from cbw_core.events import LogLine, Note, Progress, Sink, silent
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.source import git, vcs
from cbw_core.source.download import Patience
from cbw_core.source.entries import SourceEntry, entries_of
from cbw_core.source.fetch import Fetched, fetch
from cbw_core.source.model import Entry, Provided
from cbw_core.source.patches import PatchFailed, apply_all
from cbw_core.source.tools import Tools
from cbw_core.source.tree import content_hash, copy_tree

# conda_build.utils.decompressible_exts: by their names, whatever is in them; all else is copied as it is
UNPACKED = (
    ".7z", ".tar", ".tar.bz2", ".tar.gz", ".tar.lzma", ".tar.xz", ".tar.z", ".tar.zst", ".tgz", ".whl", ".zip", ".rpm",
    ".deb",
)  # fmt: skip
_CONTENT_HASHES = ("content_sha256", "content_sha384", "content_sha512")


@dataclass(frozen=True)
class _Job:
    """What every entry needs. root: the folder being made, which becomes the work folder; cache: of downloads."""

    root: Path
    work: Path
    config: Config
    tools: Tools
    patience: Patience

    @property
    def sink(self) -> Sink:
        return self.tools.sink

    @property
    def cancel(self) -> Cancel:
        return self.tools.cancel


def _staging(root: Path) -> Path:
    """Where an archive is unpacked, before its files are moved to their folder."""
    return root.with_name(f"{root.name}.unpacked")


def failed_folder(work: Path) -> Path:
    """Where the tree is left when a patch does not fit (conda-build's name for it)."""
    return work.with_name(work.name + "_failed_provide")


def provide(
    output: Output,
    work: Path,
    *,
    config: Config,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    patience: Patience | None = None,
) -> Provided:
    """Make the work folder from the output's source section (conda_build.source.provide). Without one it is empty.

    `work` is removed first. It is made under another name beside, `.NAME.partial`, and renamed at the end: after a
    failure, or a kill at any moment, there is none. Downloads and clones are kept in `config.cache`/src, git, hg, svn.
    A patch that does not fit leaves the tree, with what fits and the rejects (*.rej), in NAME_failed_provide.
    Raises RecipeError (kind "source", "hash", "archive", "patch"), EnvironmentFailure (kind "network", "disk",
    "missing-tool"), Interrupted.
    """
    cancel = cancel or Cancel()
    root = work.with_name(f".{work.name}.partial")
    job = _Job(root, work, config, Tools(sink, cancel), patience or Patience())
    try:
        for folder in (work, root, _staging(root), failed_folder(work)):
            remove(folder)
        root.mkdir(parents=True)
        provided = _provide_all(output, job)
        cancel.check()
        root.rename(work)
    except PatchFailed as failed:
        root.rename(failed_folder(work))
        failed.error.hint = (
            f"Look at {failed_folder(work)}: it has the hunks that fit, and the others beside their files as *.rej. "
            "Correct the patch and run source again."
        )
        raise failed.error from None
    except OSError as error:
        raise from_os_error(error, "preparing the source") from error
    finally:
        with suppress(OSError):
            remove(root)
    return provided


def _provide_all(output: Output, job: _Job) -> Provided:
    found = []
    after_git = False
    for entry in entries_of(output):
        job.cancel.check()
        after_git = after_git or entry.kind == "git"
        found.append(_provide_one(entry, after_git, job))
    return Provided(str(job.work), tuple(found))


def _provide_one(entry: SourceEntry, after_git: bool, job: _Job) -> Entry:
    folder = job.root / entry.folder
    _refuse_links(entry, job.root)
    url = file = sha256 = commit = ""
    cache, offline = job.config.cache, job.config.offline
    if entry.kind == "url":
        fetched = fetch(entry, cache / "src", offline=offline, sink=job.sink, cancel=job.cancel, patience=job.patience)
        _unpack(entry, fetched, folder, job)
        url, file, sha256 = fetched.url, str(fetched.path), fetched.sha256
    elif entry.kind == "git":
        url, commit = git.checkout(entry, folder, cache, offline=offline, tools=job.tools)
    elif entry.kind == "hg":
        url, commit = vcs.checkout_hg(entry, folder, cache, offline=offline, tools=job.tools)
    elif entry.kind == "svn":
        url, commit = vcs.checkout_svn(entry, folder, cache, offline=offline, tools=job.tools)
    elif entry.kind == "path":
        url = str(_copy_path(entry, folder, job))
    else:
        folder.mkdir(parents=True, exist_ok=True)
    _check_content(entry, folder)
    patches = apply_all(entry, folder, after_git=after_git, tools=job.tools)
    return Entry(entry.kind, entry.folder, url, file, sha256, commit, patches)


def _refuse_links(entry: SourceEntry, root: Path) -> None:
    """A folder of an earlier entry may be a link: nothing is put behind it."""
    path = root
    for part in Path(entry.folder).parts:
        path = path / part
        if path.is_symlink():
            raise entry.error(
                f"source folder {entry.folder!r} is behind a link that an earlier entry put there", "folder"
            )


def _unpack(entry: SourceEntry, fetched: Fetched, folder: Path, job: _Job) -> None:
    """Unpack a file, or copy what is no archive by its name (conda_build.source.unpack)."""
    name = fetched.name.lower()
    staging = _staging(job.root)
    try:
        staging.mkdir()
        new = staging / "new"
        if name.endswith(UNPACKED):
            job.sink(LogLine(f"unpacking {fetched.name}", "source"))
            # a wheel is kept beside what is in it, so it has no single top folder
            strip = "no_hoist" not in entry.data and not name.endswith(".whl")
            extract(fetched.path, new, strip_top=strip, on_progress=_Unpacking(job.sink).tell, cancel=job.cancel)
            size = fetched.path.stat().st_size
            job.sink(Progress("unpack", size, size, "bytes", fetched.name, finished=True))
        else:
            new.mkdir()
            note = f"{fetched.name} is no archive by its name: copied as it is"
            job.sink(Note(note, "info", "source"))
        if not name.endswith(UNPACKED) or name.endswith(".whl"):
            shutil.copyfile(fetched.path, new / fetched.name)
        if not any(new.iterdir()):
            job.sink(Note(f"{fetched.name} is empty", "warning", "source"))
            return
        _merge(entry, new, folder, job.sink)
    except RecipeError as error:
        if error.kind == "archive":
            raise entry.error(
                error.message, "url", value=entry.texts("url")[0], kind="archive", why=error.why, hint=error.hint
            ) from error
        raise
    finally:
        remove(staging)


class _Unpacking:
    """Progress of unpacking, some hundred events of it."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._next = sink, 0

    def tell(self, done: int, total: int, item: str) -> None:
        if done >= self._next:
            self._next = done + max(total // 200, 1 << 16)
            self._sink(Progress("unpack", done, total, "bytes", item))


def _merge(entry: SourceEntry, new: Path, folder: Path, sink: Sink) -> None:
    """Move the top names of `new` into `folder`, as shutil.move does it for conda-build: a folder that is there already
    gets the new one inside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(new.iterdir()):
        target = folder / path.name
        if target.is_dir() and not target.is_symlink():
            sink(Note(f"{path.name} is there already: put inside it, as conda-build does", "warning", "source"))
            target = target / path.name
            if os.path.lexists(target):
                raise entry.error(
                    f"{path.name} is in the source twice already",
                    "url",
                    value=entry.texts("url")[0],
                    why="Earlier entries put folders of that name there, one inside the other.",
                    hint="Give this entry a folder of its own.",
                )
        path.rename(target)


def _copy_path(entry: SourceEntry, folder: Path, job: _Job) -> Path:
    """Copy a path entry, uncommitted changes and all; with path_via_symlink link to it."""
    source = Path(os.path.normpath(entry.recipe_dir / Path(entry.text("path")).expanduser()))
    if not entry.text("path") or not source.exists():
        raise entry.error(f"there is nothing at {source}", "path", hint="Relative paths begin at the recipe.")
    if "path_via_symlink" in entry.data:
        if not entry.folder:
            raise entry.error(
                "path_via_symlink needs a folder", "path_via_symlink", why="The work folder itself cannot be a link."
            )
        if entry.patches:
            raise entry.error(
                "path_via_symlink and patches do not go together", "patches", why="They would change your own files."
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(source)
        return source
    inside, real = Path(os.path.realpath(job.root)), Path(os.path.realpath(source))
    if source.is_dir() and (real == inside or real in inside.parents):
        raise entry.error(
            f"{source} cannot be copied into a folder inside itself",
            "path",
            why=f"The work folder is {job.work}.",
            hint="Work elsewhere: set another croot, or name a smaller path.",
        )
    job.sink(LogLine(f"copying {source}", "source"))
    if source.is_dir():
        copy_tree(source, folder, job.cancel, _Copying(job.sink, source.name).tell)
    elif folder.is_dir():
        shutil.copy2(source, folder / source.name)
    else:  # conda_build.utils.copy_into: the file takes the folder's name
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, folder)
    return source


class _Copying:
    def __init__(self, sink: Sink, item: str) -> None:
        self._sink, self._item = sink, item

    def tell(self, count: int) -> None:
        if count % 500 == 0:
            self._sink(Progress("copy", count, None, "files", self._item))


def _check_content(entry: SourceEntry, folder: Path) -> None:
    """The hashes of the folder's content that the recipe gives."""
    for key in _CONTENT_HASHES:
        if key not in entry.data:
            continue
        expected = entry.text(key)
        if not expected:
            raise entry.error(f"{key} is empty", key, kind="hash")
        actual = content_hash(folder, key.removeprefix("content_"), entry.texts("content_hash_skip"))
        if actual != expected:
            raise entry.error(
                f"the source is not what the recipe says: its {key} is {actual}, expected {expected}",
                key,
                kind="hash",
                hint="If what was fetched can be trusted, put its hash into the recipe.",
            )


def remove(path: Path) -> None:
    """Remove a file or folder, also one whose folders may not be written to. Fine when it is not there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        try:
            shutil.rmtree(path)
        except PermissionError:
            for folder, folders, _ in os.walk(path):
                Path(folder).chmod(0o700)
                for name in folders:
                    if not Path(folder, name).is_symlink():
                        Path(folder, name).chmod(0o700)
            shutil.rmtree(path)
