"""A url entry to a file on disk whose content is the one the recipe names: cache, mirrors, hashes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cbw_core.errors import CbwError, EnvironmentFailure, from_os_error
from cbw_core.events import LogLine, Note, Progress, Sink
from cbw_core.process import Cancel
from cbw_core.source.download import DownloadFailed, Patience, download
from cbw_core.source.entries import HASHES, SourceEntry
from cbw_core.source.locks import locked
from cbw_core.source.secrets import redact

_EXTENSION = re.compile(r"^(.+?)(\.(?:tar\.)?[^.]+)$")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Fetched:
    """A verified file. name: what the recipe calls it (fn); url: the one that served, without secrets."""

    path: Path
    name: str
    url: str
    sha256: str


class _WrongHash(Exception):
    def __init__(self, algorithm: str, actual: str, url: str) -> None:
        super().__init__(algorithm, actual, url)
        self.algorithm, self.actual, self.url = algorithm, actual, url


def fetch(
    entry: SourceEntry, cache: Path, *, offline: bool, sink: Sink, cancel: Cancel, patience: Patience | None = None
) -> Fetched:
    """The file of a url entry: from `cache`, from a local path, or downloaded from the first mirror that serves.

    With a hash in the recipe a cached file is used; without one it is fetched again each time, as conda-build does
    (conda_build.source.download_to_cache). Downloads are kept under NAME_<first ten digits of the hash>.EXT.
    Raises RecipeError(kind="hash") for wrong content, RecipeError(kind="source") for what the recipe got wrong,
    EnvironmentFailure(kind="network"), Interrupted.
    """
    urls = entry.texts("url")
    if not urls:
        raise entry.error("the source has no url", "fn" if "fn" in entry.data else "url", hint="Give it one.")
    name = _file_name(entry, urls[0])
    hashes = _hashes(entry, name)
    kept = cache / _with_hash(name, min(hashes.items())[1]) if hashes else None
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{name}.lock", sink, cancel):
            if kept is not None and (sha256 := _from_cache(kept, hashes, name, sink, cancel)):
                return Fetched(kept, name, redact(urls[0]), sha256)
            return _from_urls(entry, urls, name, hashes, cache, offline, sink, cancel, patience or Patience())
    except OSError as error:
        raise from_os_error(error, f"fetching {name}") from error


def local_path(url: str, recipe_dir: Path) -> Path | None:
    """The file that a url without scheme, or with file://, names; None for any other."""
    if "://" not in url:
        return Path(os.path.normpath(recipe_dir / Path(url).expanduser()))
    if url.startswith("file://"):
        path = unquote(urlsplit(url).path)
        return Path(path[1:]).expanduser() if path.startswith("/~") else Path(os.path.normpath(path))
    return None


def digests(path: Path, algorithms: set[str], cancel: Cancel | None = None) -> dict[str, str]:
    """Hex digests of a file, read once. Raises OSError."""
    found = {name: hashlib.new(name) for name in algorithms}
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if cancel is not None:
                cancel.check()
            for digest in found.values():
                digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in found.items()}


def _file_name(entry: SourceEntry, url: str) -> str:
    key = "fn" if entry.text("fn") else "url"
    name = redact(entry.text("fn") or url.rpartition("/")[2])  # a "?token=..." is part of it
    if name in ("", ".", "..") or "/" in name or "\0" in name or len(os.fsencode(name)) > 200:
        raise entry.error(
            f"{redact(name or url)!r} gives the source no usable file name",
            key,
            hint="Give the entry an fn: a file name without folders, of at most 200 characters.",
        )
    return name


def _hashes(entry: SourceEntry, name: str) -> dict[str, str]:
    """algorithm -> expected digest, as written."""
    found: dict[str, str] = {}
    for algorithm in HASHES:
        if algorithm not in entry.data:
            continue
        value = entry.text(algorithm)
        if not re.fullmatch(rf"[0-9a-fA-F]{{{hashlib.new(algorithm).digest_size * 2}}}", value):
            what = f"{value!r} is no {algorithm} hash" if value else f"the {algorithm} hash is empty"
            digits = hashlib.new(algorithm).digest_size * 2
            raise entry.error(
                f"{name}: {what}",
                algorithm,
                kind="hash",
                hint=f"Write its {digits} hexadecimal digits, or leave it out.",
            )
        found[algorithm] = value
    return found


def _with_hash(name: str, digest: str) -> str:
    match = _EXTENSION.match(name)
    return f"{match[1]}_{digest[:10]}{match[2]}" if match else f"{name}_{digest[:10]}"


def _from_cache(kept: Path, hashes: Mapping[str, str], name: str, sink: Sink, cancel: Cancel) -> str | None:
    """The sha256 of the kept file; None when there is none, or it is damaged (then it is removed)."""
    if not kept.is_file():
        return None
    found = digests(kept, {*hashes, "sha256"}, cancel)
    if all(found[algorithm] == expected for algorithm, expected in hashes.items()):
        sink(LogLine(f"{name}: found in the cache", "source"))
        return found["sha256"]
    kept.unlink()
    sink(Note(f"{name} in the cache is damaged: removed, to be fetched again", "warning", "source"))
    return None


def _from_urls(
    entry: SourceEntry,
    urls: list[str],
    name: str,
    hashes: Mapping[str, str],
    cache: Path,
    offline: bool,
    sink: Sink,
    cancel: Cancel,
    patience: Patience,
) -> Fetched:
    """Try the urls in order."""
    reasons: list[tuple[str, str]] = []
    wrong: _WrongHash | None = None
    remote = False
    for url in urls:
        shown = redact(url)
        path = local_path(url, entry.recipe_dir)
        try:
            if path is not None:
                found = _from_disk(path, name, shown, hashes, cancel)
            else:
                remote = True
                _refuse_scheme(entry, url)
                if offline:
                    raise DownloadFailed("not asked: offline", final=True)
                found = _from_net(url, name, hashes, cache, sink, cancel, patience)
        except DownloadFailed as error:
            reasons.append((shown, str(error)))
            sink(LogLine(f"{shown}: {error}", "source"))
        except _WrongHash as error:
            wrong = wrong or error
            reasons.append((shown, f"its {error.algorithm} is {error.actual}"))
            sink(LogLine(f"{shown}: wrong content", "source"))
        else:
            if wrong is not None:
                text = f"{wrong.url} has other content than the recipe's {wrong.algorithm} says: {shown} was used"
                sink(Note(f"{text}. conda-build would stop here.", "warning", "source"))
            return found
    raise _failure(entry, name, hashes, reasons, wrong, remote, offline)


def _refuse_scheme(entry: SourceEntry, url: str) -> None:
    scheme = url.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        raise entry.error(
            f"a url of {scheme}:// is not supported",
            "url",
            value=url,
            hint="Use an http, https or file url, or a path relative to the recipe.",
        )


def _from_disk(path: Path, name: str, shown: str, hashes: Mapping[str, str], cancel: Cancel) -> Fetched:
    """A local file, used where it is."""
    if not path.is_file():
        raise DownloadFailed(f"{path} is a folder" if path.is_dir() else f"there is no file {path}", final=True)
    found = digests(path, {*hashes, "sha256"}, cancel)
    _check(found, hashes, shown)
    return Fetched(path, name, shown, found["sha256"])


def _from_net(
    url: str, name: str, hashes: Mapping[str, str], cache: Path, sink: Sink, cancel: Cancel, patience: Patience
) -> Fetched:
    shown = redact(url)
    fresh = cache / f".{name}.{hashlib.sha256(url.encode()).hexdigest()[:10]}.new"
    fresh.unlink(missing_ok=True)  # whole but not looked at: a run that was killed
    sink(LogLine(f"downloading {shown}", "source"))
    resumed = fresh.with_name(fresh.name + ".part").exists()
    for again in (resumed, False):
        download(
            url,
            fresh,
            on_bytes=_Teller(sink, name).tell,
            cancel=cancel,
            patience=patience,
            resumable=bool(hashes),
        )
        size = fresh.stat().st_size
        sink(Progress("download", size, size, "bytes", name, finished=True))
        try:
            found = digests(fresh, {*hashes, "sha256"}, cancel)
            _check(found, hashes, shown)
        except _WrongHash:
            fresh.unlink()
            if not again:  # the beginning, of an earlier run, may have been of another file
                raise
        else:
            break
    kept = cache / _with_hash(name, min(hashes.items())[1] if hashes else found["sha256"])
    fresh.replace(kept)
    return Fetched(kept, name, shown, found["sha256"])


def _check(found: Mapping[str, str], hashes: Mapping[str, str], shown: str) -> None:
    for algorithm, expected in hashes.items():
        if found[algorithm] != expected:
            raise _WrongHash(algorithm, found[algorithm], shown)


class _Teller:
    """Progress of a download, some hundred events of it."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink, self._name, self._next = sink, name, 0

    def tell(self, done: int, total: int | None) -> None:
        if done >= self._next or done < self._next - (1 << 22):
            self._next = done + max((total or 0) // 200, 1 << 18)
            self._sink(Progress("download", done, total, "bytes", self._name))


def _failure(
    entry: SourceEntry,
    name: str,
    hashes: Mapping[str, str],
    reasons: list[tuple[str, str]],
    wrong: _WrongHash | None,
    remote: bool,
    offline: bool,
) -> CbwError:
    """The error for urls none of which served."""
    details = "\n".join(f"{url}: {reason}" for url, reason in reasons)
    if wrong is not None:
        expected = hashes[wrong.algorithm]
        only_case = expected.lower() == wrong.actual
        return entry.error(
            f"{name} is not what the recipe says: its {wrong.algorithm} is {wrong.actual}, expected {expected}",
            wrong.algorithm,
            kind="hash",
            why="Hashes are compared letter by letter." if only_case else f"{wrong.url} gave other content.",
            hint="Write the hash in small letters."
            if only_case
            else "Look why the file changed. If the new one can be trusted, put its hash into the recipe.",
            details=details,
        )
    url, reason = reasons[0]
    if not remote:
        return entry.error(
            f"the source {name} is not there: {reason}", "url", value=entry.texts("url")[0], details=details
        )
    if offline:
        return EnvironmentFailure(
            f"{name} is not in the cache, and cbw is offline",
            kind="network",
            place=entry.place("url", entry.texts("url")[0]),
            why=None if hashes else "A source without a hash is fetched each time.",
            hint="Run it once without --offline." if hashes else "Give it a sha256, and run it once without --offline.",
            details=details,
        )
    count = f" from any of {len(reasons)} urls" if len(reasons) > 1 else ""
    return EnvironmentFailure(
        f"{name} could not be downloaded{count}",
        kind="network",
        place=entry.place("url", entry.texts("url")[0]),
        why=f"{url}: {reason}",
        hint="Look whether the url is right and the network there. What came is kept: run it again to go on.",
        details=details,
    )
